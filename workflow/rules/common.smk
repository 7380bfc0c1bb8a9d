"""The plan that the rules look things up in: made from the config, before anything runs."""

import sys
from pathlib import Path

try:
    import infoplane.config
    import infoplane.plan
    from infoplane.figures.base import GROUPS
except ModuleNotFoundError as error:
    sys.exit(
        f"{error.name} is not installed; `pip install -e .` in infoplane's folder does it"
    )

RESULTS = Path("results")


def checked(config):
    """The config as models; one that cannot be used ends the run with a line for each problem."""
    try:
        return infoplane.config.load(config)
    except infoplane.config.ConfigError as error:
        sys.exit(str(error))


def chapter(group):
    """A chapter of the report with its number: the report's menu sorts them by name."""
    return f"{GROUPS.index(group) + 1}. {group}"


def read_by(artifact, stage):
    """The folder of the artifact of one stage that an artifact reads (`ancient` there: ids decide, not times)."""
    return next(
        (RESULTS / read.place for read in artifact.inputs if read.stage == stage), []
    )


CONFIG = checked(config)
FIGURES = infoplane.plan.figures(CONFIG)
CAPTIONS = {
    kind: Path(workflow.source_path(f"../report/{kind}.rst")).read_text()
    for kind in {figure.kind for figure in FIGURES.values()}
}
PLAN = infoplane.plan.make(CONFIG, CAPTIONS)


wildcard_constraints:
    id="[0-9a-f]{12}",
