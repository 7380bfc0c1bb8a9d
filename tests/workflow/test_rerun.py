"""A change re-runs the stages it affects, and no others."""

import pytest

from .conftest import BINNED, EVERYTHING, FIGURES


def test_the_first_run_makes_everything_and_shares_what_conditions_share(finished):
    # two conditions of two parts; `main` is the 85 % of `fraction`; binned on both, gradients on main
    assert finished.first_run == EVERYTHING
    for name in ("information_plane", "fractions", "gradient_snr", "learning_curves"):
        for suffix in ("pdf", "png", "csv"):
            assert (finished.folder / f"results/figures/{name}.{suffix}").stat().st_size > 0


def test_a_second_run_does_nothing(finished):
    assert finished.would_run() == {}


@pytest.mark.parametrize(
    ("change", "rerun"),
    [
        ({"estimators__binned__bins": 20}, {"measurement": 4, "analysis": 2, **dict.fromkeys(BINNED, 1)}),
        ({"defaults__epochs": 7}, {"training": 4, "measurement": 6, "analysis": 4, **dict.fromkeys(FIGURES, 1)}),
        ({"defaults__seed": 1}, EVERYTHING),
        ({"defaults__replicates_per_job": 4}, {"training": 2, "measurement": 3, "analysis": 4, **dict.fromkeys(FIGURES, 1)}),
        ({"figures__information_plane__estimator": "binned", "figures__more": {"kind": "learning_curves"}}, {"figure_more": 1}),
        ({"estimators__unused": {"kind": "binned", "bins": 9}}, {}),
    ],
    ids=lambda value: "-".join(sorted(value)) or "nothing",
)  # fmt: skip
def test_a_changed_key_reruns_the_stages_that_use_it(project, change, rerun):
    project.set(**change)
    assert project.would_run() == rerun


MEASURED = {"measurement": 6, "analysis": 4, **dict.fromkeys(FIGURES, 1)}
CURVES = {"figure_learning_curves": 1}
OF_LAYERS = {"measurement": 6, "analysis": 3, **dict.fromkeys(FIGURES - CURVES.keys(), 1)}
# An edit that could change a number, and what it re-runs.
EDITS = {
    "kernel": (
        "src/infoplane/measures/gradients.py",
        "1e6",
        "1e7",
        {"measurement": 2, "analysis": 1, "figure_gradient_snr": 1},
    ),
    "helper of the measures": (
        "src/infoplane/measures/base.py",
        "@dataclass(frozen=True)",
        "ADDED = 1\n@dataclass(frozen=True)",
        OF_LAYERS,
    ),
    "training": ("src/infoplane/training/turns.py", "PIECE = 64", "PIECE = 32", {"training": 4, **MEASURED}),
    "analysis": (
        "src/infoplane/analyses/learning_curves.py",
        "def analyse",
        "x: ClassVar = 1\n\n    def analyse",
        {"analysis": 1, **CURVES},
    ),
    "figure": ("src/infoplane/figures/learning_curves.py", "cross-entropy [nats]", "loss [nats]", CURVES),
    "style": ("src/infoplane/figures/style.py", "PER_ROW = 4", "PER_ROW = 5", dict.fromkeys(FIGURES, 1)),
    "caption": ("workflow/report/learning_curves.rst", " ", "  ", CURVES),
    "script": ("workflow/scripts/figure.py", "return render", "1 + 1\n    return render", dict.fromkeys(FIGURES, 1)),
    "default": (
        "src/infoplane/condition.py",
        "l2: Annotated[NonNegative, Field(le=LARGE)] = Field(0.0",
        "l2: Annotated[NonNegative, Field(le=LARGE)] = Field(0.1",
        {"training": 4, **MEASURED},
    ),
}
# Edits that cannot.
IDLE = [
    ("workflow/scripts/figure.py", "return render", "print()\n    return render"),
    ("src/infoplane/measures/binned.py", "from __future__", "# a comment\nfrom __future__"),
    ("src/infoplane/training/trainer.py", '"""', '"""Reworded. '),
    ("workflow/scripts/training.py", "from pathlib", "# a comment\nfrom pathlib"),
    (
        "src/infoplane/condition.py",
        "    @model_validator",
        "    added: Annotated[Int, Neutral(3)] = Field(3, description='New.')\n\n    @model_validator",
    ),
    ("src/infoplane/condition.py", "Count, Float, Int,", "Count, Float, Int, Neutral,"),
    ("src/infoplane/training/trainer.py", "exists already", "is there already"),
    ("src/infoplane/measures/binned.py", "Bins of each unit (edges", "Number of bins (edges"),
    ("src/infoplane/training/trainer.py", "replicates: range,", "replicates: object,"),
    ("src/infoplane/training/trainer.py", "goes on from epoch", "continues at epoch"),
    ("src/infoplane/training/trainer.py", "def _restore", "def _recover"),
    ("src/infoplane/training/trainer.py", "= _restore", "= _recover"),
    ("src/infoplane/section.py", "did you mean", "perhaps"),
    ("src/infoplane/artifacts.py", "STAGES = ", "ADDED = 1\nSTAGES = "),
]


@pytest.mark.parametrize("edit", EDITS)
def test_changed_code_reruns_the_stages_that_run_it(project, edit):
    path, old, new, rerun = EDITS[edit]
    project.edit(path, old, new)
    assert project.would_run() == rerun


def test_what_cannot_change_a_number_reruns_nothing(project):
    """A comment, a docstring, a new key of a condition, an error's text, a description, a type hint, a log line, a
    private name, the check of the config, the keeping of manifests."""
    for edit in IDLE:
        project.edit(*edit)
    assert project.would_run() == {}


def test_touched_files_rerun_nothing(project):
    for path in (project.folder / "workflow").rglob("*"):
        path.touch()
    for path in (project.folder / "results").rglob("*"):
        path.touch()
    assert project.would_run() == {}


def test_reformatting_every_file_reruns_nothing(project):
    source = project.folder / "src/infoplane/measures/binned.py"
    before = source.read_text()
    done = project.run("ruff", "format", "--isolated", "--line-length", "60", "src", "workflow/scripts")
    assert done.returncode == 0, done.stderr
    assert source.read_text() != before
    assert project.would_run() == {}
