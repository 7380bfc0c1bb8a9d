"""A change re-runs the stages it affects, and no others."""

import pytest

FIGURES = {"figure_information_plane", "figure_fractions", "figure_gradient_snr", "figure_learning_curves"}
BINNED = {"figure_information_plane", "figure_fractions"}
EVERYTHING = {"dataset": 1, "training": 4, "measurement": 6, **dict.fromkeys(FIGURES, 1)}


def test_the_first_run_makes_everything_and_shares_what_conditions_share(finished):
    # two conditions of two parts; `main` is the 85 % of `fraction`; binned on both, gradients on main
    assert finished.first_run == EVERYTHING
    for name in ("information_plane", "fractions", "gradient_snr", "learning_curves"):
        for suffix in ("pdf", "png", "json", "rst"):
            assert (finished.folder / f"results/figures/{name}.{suffix}").stat().st_size > 0


def test_a_second_run_does_nothing(finished):
    assert finished.would_run() == {}


@pytest.mark.parametrize(
    ("change", "rerun"),
    [
        ({"estimators__binned__bins": 20}, {"measurement": 4, **dict.fromkeys(BINNED, 1)}),
        ({"defaults__epochs": 7}, {"training": 4, "measurement": 6, **dict.fromkeys(FIGURES, 1)}),
        ({"defaults__seed": 1}, EVERYTHING),
        ({"defaults__replicates_per_job": 4}, {"training": 2, "measurement": 3, **dict.fromkeys(FIGURES, 1)}),
        ({"figures__information_plane__estimator": "binned", "figures__more": {"kind": "learning_curves"}}, {"figure_more": 1}),
        ({"estimators__unused": {"kind": "binned", "bins": 9}}, {}),
    ],
    ids=lambda value: "-".join(value) or "nothing",
)  # fmt: skip
def test_a_changed_key_reruns_the_stages_that_use_it(project, change, rerun):
    project.set(**change)
    assert project.would_run() == rerun


def test_changing_back_renders_figures_from_stored_versions(project):
    project.set(estimators__binned__bins=20)
    assert project.make() == {"measurement": 4, **dict.fromkeys(BINNED, 1)}
    project.set()
    assert project.would_run() == dict.fromkeys(BINNED, 1)


@pytest.mark.parametrize(
    ("path", "old", "new", "rerun"),
    [
        ("src/infoplane/measures/gradients.py", "1e6", "1e7", {"measurement": 2, "figure_gradient_snr": 1}),
        ("src/infoplane/measures/binned.py", "from __future__", "# a comment\nfrom __future__", {}),
        ("src/infoplane/training/trainer.py", '"""', '"""Reworded. ', {}),
        (
            "src/infoplane/figures/learning_curves.py",
            "def draw",
            "x: ClassVar = 1\n\n    def draw",
            {"figure_learning_curves": 1},
        ),
        ("workflow/report/learning_curves.rst", " ", "  ", {"figure_learning_curves": 1}),
        ("workflow/scripts/training.py", "from pathlib", "# a comment\nfrom pathlib", {}),
    ],
    ids=lambda value: value.rsplit("/", 1)[-1] if isinstance(value, str) and "/" in value else "",
)
def test_changed_code_reruns_the_stages_that_run_it(project, path, old, new, rerun):
    project.edit(path, old, new)
    assert project.would_run() == rerun


def test_a_helper_of_the_measures_alone(project):
    measures = project.folder / "src/infoplane/measures/base.py"
    measures.write_text(measures.read_text() + "\n\nADDED = 1\n")
    assert project.would_run() == {"measurement": 6, **dict.fromkeys(BINNED | {"figure_gradient_snr"}, 1)}


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
