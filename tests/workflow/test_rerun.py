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
    ids=lambda value: "-".join(value) or "nothing",
)  # fmt: skip
def test_a_changed_key_reruns_the_stages_that_use_it(project, change, rerun):
    project.set(**change)
    assert project.would_run() == rerun


MEASURED = {"measurement": 6, "analysis": 4, **dict.fromkeys(FIGURES, 1)}
CURVES = {"figure_learning_curves": 1}
OF_LAYERS = {"measurement": 6, "analysis": 3, **dict.fromkeys(FIGURES - CURVES.keys(), 1)}
# An edit, and what it re-runs: what could change a number runs again, what could not does not.
EDITS = {
    "kernel": (
        "src/infoplane/measures/gradients.py",
        "1e6",
        "1e7",
        {"measurement": 2, "analysis": 1, "figure_gradient_snr": 1},
    ),
    "helper of the measures": ("src/infoplane/measures/base.py", "LIMITS = {", "ADDED = 1\nLIMITS = {", OF_LAYERS),
    "training": ("src/infoplane/training/engine.py", "PIECE = 64", "PIECE = 32", {"training": 4, **MEASURED}),
    "analysis": (
        "src/infoplane/analyses/learning_curves.py",
        "def analyse",
        "x: ClassVar = 1\n\n    def analyse",
        {"analysis": 1, **CURVES},
    ),
    "figure": ("src/infoplane/figures/learning_curves.py", "cross-entropy [nats]", "loss [nats]", CURVES),
    "style": ("src/infoplane/figures/style.py", "PER_ROW = 4", "PER_ROW = 5", dict.fromkeys(FIGURES, 1)),
    "caption": ("workflow/report/learning_curves.rst", " ", "  ", CURVES),
    "script": ("workflow/scripts/figure.py", "return render", "print()\n    return render", {}),
    "script that computes": (
        "workflow/scripts/figure.py",
        "return render",
        "1 + 1\n    return render",
        dict.fromkeys(FIGURES, 1),
    ),
    "comment": ("src/infoplane/measures/binned.py", "from __future__", "# a comment\nfrom __future__", {}),
    "docstring": ("src/infoplane/training/trainer.py", '"""', '"""Reworded. ', {}),
    "script's comment": ("workflow/scripts/training.py", "from pathlib", "# a comment\nfrom pathlib", {}),
    "new key of a condition": (
        "src/infoplane/condition.py",
        "    @model_validator",
        "    added: Annotated[Int, Neutral(3)] = Field(3, description='New.')\n\n    @model_validator",
        {},
    ),
    "error text": ("src/infoplane/training/trainer.py", "exists already", "is there already", {}),
    "description": ("src/infoplane/measures/binned.py", "Bins of each unit (edges", "Number of bins (edges", {}),
    "type hint": ("src/infoplane/training/trainer.py", "replicates: range,", "replicates: object,", {}),
    "log line": ("src/infoplane/training/trainer.py", "goes on from epoch", "continues at epoch", {}),
    "private rename": ("src/infoplane/training/trainer.py", "_restore", "_recover", {}),
    "section": ("src/infoplane/section.py", "did you mean", "perhaps", {}),
    "manifest": ("src/infoplane/artifacts.py", "STAGES = ", "ADDED = 1\nSTAGES = ", {}),
}


@pytest.mark.parametrize("edit", EDITS)
def test_changed_code_reruns_the_stages_that_run_it(project, edit):
    path, old, new, rerun = EDITS[edit]
    file = project.folder / path
    assert old in file.read_text(), f"{path} no longer holds {old!r}"
    file.write_text(file.read_text().replace(old, new) if "rename" in edit else file.read_text().replace(old, new, 1))
    if "Neutral" in new:
        project.edit(path, "Count, Float, Int,", "Count, Float, Int, Neutral,")
    assert project.would_run() == rerun


def test_a_default_that_changes_reruns_what_uses_it(project):
    path = "src/infoplane/condition.py"
    project.edit(path, "l2: NonNegative = Field(0.0", "l2: NonNegative = Field(0.1")
    assert project.would_run() == {"training": 4, **MEASURED}


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
