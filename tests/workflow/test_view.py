"""Nothing that is shown is stale or of damaged bytes, whatever Snakemake remembers: the names that people open are those
of today's config and code, or they are not there."""

import base64
import json
import os
import re
import shutil
import subprocess

import pytest

from infoplane import embed

from .conftest import SMALL

AHEAD = 2**32  # seconds: the year 2106
CLAIMS = {"data_processing": {"figure": "learning_curves", "bits": 12}}


@pytest.fixture(scope="module")
def judged(finished, tmp_path_factory):
    """A finished project with a claim; tests that change it copy it first."""
    project = finished.copy(tmp_path_factory.mktemp("judged") / "a project")
    project.set(claims=CLAIMS)
    project.make()
    return project


@pytest.fixture
def project(judged, tmp_path):
    return judged.copy(tmp_path / "a project")


def shown(project):
    """The id of the artifact that each name in the view shows, from the manifest inside the file."""
    results = project.folder / "results"
    names = [*results.glob("figures/*.*"), *results.glob("claims.*")]
    return {path.relative_to(results).as_posix(): _id(path) for path in names}


def _id(path):
    if path.suffix == ".tex":  # text that LaTeX reads has its version as a macro
        return re.search(r"infoplaneVersion\}\{(\w+)\}", path.read_text())[1]
    return embed.read(path).manifest["id"]


def planned(project):
    """The ids that the project's config and code ask for, by the same names."""
    listed = json.loads(project.run("infoplane", "plan", "--json").stdout)
    ids = {f"figures/{f['what']}.{s}": f["id"] for f in listed["figures"] for s in ("pdf", "png", "csv")}
    suffixes = {"verdict": ("json", "tex"), "page": ("html",)}
    return ids | {f"claims.{s}": entry["id"] for entry in listed["claims"] for s in suffixes[entry["stage"]]}


def assert_current(project):
    assert shown(project) == planned(project)


def commit(project):
    for command in (
        ["init", "-q"],
        ["add", "-A", "src"],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"],
    ):
        subprocess.run(["git", *command], cwd=project.folder, check=True)


def restyle(project):
    """A change that costs little to make."""
    project.edit("src/infoplane/figures/learning_curves.py", "cross-entropy [nats]", "loss")


RESTYLED = {"figure_learning_curves": 1, "page": 1}


@pytest.mark.parametrize(
    ("change", "runs"),
    [
        (lambda p: p.set(claims=CLAIMS, estimators__binned__bins=20), {"measurement": 4}),
        (lambda p: p.set(claims=CLAIMS, defaults__epochs=7), {"training": 4}),
        (restyle, RESTYLED),
        (commit, {}),
    ],
    ids=["bins", "epochs", "figure", "commit"],
)
def test_without_snakemakes_memory(project, change, runs):
    shutil.rmtree(project.folder / ".snakemake")
    change(project)
    assert runs.items() <= project.would_run().items()
    if runs == RESTYLED:
        assert project.make() == RESTYLED
        assert_current(project)


def test_changing_back_runs_nothing_and_changes_the_view(project):
    before = shown(project)
    project.set(claims=CLAIMS, estimators__binned__bins=20)
    assert project.make()["measurement"] == 4
    assert_current(project)
    project.set(claims=CLAIMS)
    assert project.would_run() == {}
    assert project.make() == {}
    assert shown(project) == before


def test_results_copied_to_another_folder_from_a_machine_whose_clock_is_ahead(judged, tmp_path):
    twin = judged.copy(tmp_path / "twin")
    shutil.rmtree(twin.folder / ".snakemake")
    for path in twin.folder.glob("results/**/*"):
        os.utime(path, (AHEAD, AHEAD))
    twin.set(claims={"data_processing": {"figure": "learning_curves", "bits": 11}})
    assert twin.make() == {"verdict": 1, "figure_claims": 1, "page": 1}
    assert_current(twin)


@pytest.mark.parametrize(
    "option", [("--touch",), ("--rerun-triggers", "mtime"), ("--rerun-triggers", "code", "params")]
)
def test_options_of_snakemake_that_once_hid_a_change(project, option):
    restyle(project)
    project.snakemake(*option)
    project.make()
    assert_current(project)


def test_a_failing_measurement_leaves_no_old_figure_in_its_place(project):
    project.set(claims=CLAIMS, estimators__binned__bins=20)
    store = max((project.folder / "results/trainings").rglob("*.zip"), key=lambda path: path.stat().st_mtime)
    data = bytearray(store.read_bytes())
    data[len(data) // 2] ^= 1
    store.write_bytes(data)
    done = project.snakemake("--keep-going")
    assert done.returncode != 0
    assert [line for line in done.stderr.splitlines() if f"{store.name}: changed" in line], done.stderr
    assert "backup" not in done.stderr
    names = shown(project)
    assert "figures/fractions.pdf" not in names
    assert names == {name: id_ for name, id_ in planned(project).items() if name in names}


def test_a_single_target_with_an_override(project):
    override = ["--config", "estimators__binned__bins=20"]
    assert project.make("results/figures/information_plane.pdf", *override)["measurement"] == 2
    names = shown(project)
    listed = json.loads(project.run("infoplane", "plan", "--json", *override).stdout)
    ids = {f["what"]: f["id"] for f in listed["figures"]}
    assert names["figures/information_plane.pdf"] == ids["information_plane"]
    assert "figures/fractions.pdf" not in names  # that of another version would stand beside it
    assert names["figures/learning_curves.pdf"] == ids["learning_curves"]
    assert project.make() == {}
    assert_current(project)


def test_a_dry_run_tells_what_a_name_takes_that_shows_another_version(project):
    restyle(project)
    drawn = project.would_run("results/figures/learning_curves.pdf")
    assert drawn == {"figure_learning_curves": 1}
    assert project.make("results/figures/learning_curves.pdf") == drawn


def test_what_is_made_can_be_asked_for_by_its_id(project):
    [one, *others] = sorted(project.folder.glob("results/measurements/[0-9a-f]*"))
    assert project.make(f"{one}/") == {}
    shutil.rmtree(others[0])
    wanted = [str(one), os.path.relpath(others[0], project.folder)]
    assert project.would_run(*wanted) == project.make(*wanted) == {"measurement": 1}


def test_removed_and_renamed_figures_leave_the_view(project):
    config = {**SMALL, "figures": {"plane": SMALL["figures"]["fractions"]}}
    project.configure(config)
    mine = project.folder / "results/figures/mine.txt"
    mine.write_text("mine")
    assert project.make() == {"figure_plane": 1}
    assert {path.name for path in mine.parent.glob("*.*")} == {"plane.pdf", "plane.png", "plane.csv", "mine.txt"}
    assert not (project.folder / "results/claims.html").exists()


def test_a_report_after_a_change_is_refused_until_it_is_made(project, tmp_path):
    restyle(project)
    done = project.snakemake("--report", str(tmp_path / "report.html"))
    assert done.returncode != 0
    assert not (tmp_path / "report.html").exists()
    project.make()
    assert project.snakemake("--report", str(tmp_path / "report.html")).returncode == 0


@pytest.mark.parametrize("name", ["figures/fractions.png", "claims.json", "claims.html"])
def test_a_swapped_or_edited_file_in_the_view_is_put_right(project, name):
    path = project.folder / "results" / name
    before = path.read_bytes()
    other = "figures/learning_curves.png" if name.endswith("png") else "figures/fractions.csv"
    path.write_bytes((project.folder / "results" / other).read_bytes())
    assert project.make() == {}
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "runs"), [("figures/fractions.png", {"figure_fractions": 1}), ("claims.json", {"verdict": 1})]
)
def test_an_edited_artifact_is_made_again(project, name, runs):
    file = json.loads((project.folder / "results/view.json").read_text())["shows"][name]
    path = project.folder / "results" / file
    path.write_bytes(path.read_bytes()[:-20])
    assert project.make() == runs
    assert_current(project)
    assert project.run("infoplane", "audit", f"results/{name}").returncode == 0


@pytest.mark.parametrize("memory", [True, False])
def test_without_the_profile_a_scripts_comment_runs_nothing(project, memory):
    shutil.rmtree(project.folder / "profiles")
    if not memory:
        shutil.rmtree(project.folder / ".snakemake")
    for script in (project.folder / "workflow/scripts").glob("*.py"):
        script.write_text(f"# a comment\n{script.read_text()}")
    assert project.would_run() == {}


def test_marks_that_a_killed_run_left_on_finished_trainings_hide_nothing(project):
    """Killed after an artifact was renamed into place, before Snakemake noted its end."""
    shutil.rmtree(project.folder / ".snakemake/metadata")
    marks = project.folder / ".snakemake/incomplete"
    marks.mkdir(exist_ok=True)
    for training in project.folder.glob("results/trainings/[0-9a-f]*"):
        (marks / base64.b64encode(f"results/trainings/{training.name}".encode()).decode()).touch()
    project.edit("src/infoplane/measures/gradients.py", "1e6", "1e7")
    assert project.make() == {"measurement": 2, "analysis": 1, "figure_gradient_snr": 1}
    assert_current(project)


def test_code_that_is_edited_during_the_run_is_not_kept_under_the_old_id(project):
    project.edit("src/infoplane/measures/gradients.py", "1e6", "1e7")
    before = set(project.folder.glob("results/measurements/[0-9a-f]*"))
    # the measurement's own script edits the code that it is about to run
    script = project.folder / "workflow/scripts/measurement.py"
    file = project.folder / "src/infoplane/measures/gradients.py"
    edit = f"open({str(file)!r}, 'a').write('\\nADDED = 1\\n')\n"
    script.write_text(script.read_text().replace("def write(", f"{edit}\n\ndef write(", 1))
    done = project.snakemake()
    assert done.returncode != 0
    assert "was edited since this run was planned" in done.stderr
    assert "Traceback" not in done.stderr
    new = set(project.folder.glob("results/measurements/[0-9a-f]*")) - before
    assert "gradients" not in {json.loads((made / "manifest.json").read_text())["parameters"]["kind"] for made in new}
