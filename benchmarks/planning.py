"""What a plan and Snakemake's start cost as conditions grow: seconds of processor time, and memory.

python benchmarks/planning.py [--conditions 100 1000 5000] [--against FOLDER]: a sweep over seeds, each condition with
two measurements; `infoplane plan` and `snakemake -n` before anything is made, and `snakemake -n` when all is, of this
clone and of another in turn. Nothing is trained: what is made is folders with a manifest and nothing else.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import yaml

HERE = Path(__file__).parents[1]
PLANE = {"kind": "information_plane", "experiment": "sweep", "estimator": "binned"}
# In the project's folder, with the clone's own code.
MAKE = """
import json
from pathlib import Path
from infoplane import loading, plan
for stage in plan.make(loading.load(loading.read(Path("config/config.yaml")))).stages.values():
    for artifact in stage.values():
        folder = Path("results") / artifact.place
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text(json.dumps({**artifact.recipe.to_json(), "files": {}}))
"""


def config(conditions: int) -> dict:
    return {
        "defaults": {"epochs": 300, "replicates": 10},
        "experiments": {"sweep": {"vary": {"seed": list(range(conditions))}}},
        "datasets": {"spherical": {}},
        "estimators": {"binned": {"bins": 30}},
        "figures": {"plane": PLANE, "snr": {"kind": "gradient_snr", "experiment": "sweep"}},
    }


def measured(clone: Path, folder: Path, *command: str) -> str:
    """Processor seconds and MB (peak) of a command of a clone, in a folder with a config."""
    environment = {**os.environ, "PYTHONPATH": str(clone / "src")}
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as run:
        errors = run.stderr.read()
        _, status, used = os.wait4(run.pid, 0)
    if os.waitstatus_to_exitcode(status):
        return f"failed ({errors.decode().strip().splitlines()[-1]})"
    return f"{used.ru_utime + used.ru_stime:.1f} s {used.ru_maxrss / 1024:.0f} MB"


def program(clone: Path) -> list[str]:
    """The clone's own `infoplane`, whichever is installed."""
    module, _, name = tomllib.loads((clone / "pyproject.toml").read_text())["project"]["scripts"][
        "infoplane"
    ].partition(":")
    return [sys.executable, "-c", f"from {module} import {name}; {name}()"]


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--conditions", type=int, nargs="+", default=[100, 1000, 5000])
parser.add_argument("--against", type=Path, nargs="*", default=[])
options = parser.parse_args()
for conditions in options.conditions:
    for clone in (HERE, *options.against):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "config").mkdir()
            (Path(folder) / "config/config.yaml").write_text(yaml.safe_dump(config(conditions)))
            snakemake = [
                str(Path(sys.executable).with_name("snakemake")),
                "-s",
                str(clone / "Snakefile"),
                "-n",
                "-q",
                "all",
            ]
            plan, first = measured(clone, folder, *program(clone), "plan"), measured(clone, folder, *snakemake)
            made = measured(clone, folder, sys.executable, "-c", MAKE)
            again = f"not known, making it {made}" if "failed" in made else measured(clone, folder, *snakemake)
        print(f"{conditions:>6} conditions, {clone.name}: plan {plan}; snakemake -n {first}; when all is made {again}")
