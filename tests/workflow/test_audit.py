"""What the workflow makes can be traced, verified and made again; each command in all its cases: tests/cli."""

import json
import shutil

import pytest

from .conftest import EVERYTHING, FIGURES

CHAIN = ["figure", "analysis", "measurement", "measurement", "training", "training", "dataset"]


def command(project, *arguments, **options):
    """Exit code and JSON of a command."""
    done = project.run("infoplane", *map(str, arguments), "--json", **options)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def audit(project, file, *arguments, **options):
    """Exit code, and the links of the one file."""
    code, found = command(project, "audit", file, *arguments, **options)
    return code, found["files"][0]["links"]


@pytest.mark.parametrize("suffix", ["pdf", "png", "csv"])
def test_the_chain_leads_from_a_lone_copy_to_the_dataset(finished, tmp_path, suffix):
    copy = tmp_path / "renamed by a reviewer"
    shutil.copy(finished.folder / f"results/figures/information_plane.{suffix}", copy)
    code, links = audit(finished, copy)
    assert (code, [link["stage"] for link in links]) == (0, CHAIN)
    states = {(x["bytes"], x["manifest"], x["record"], x["code"], x["planned"]) for x in links}
    assert states == {("intact", "same", "consistent", "same", True)}


def test_the_table_for_people(finished):
    done = finished.run("infoplane", "audit", "results/figures/gradient_snr.png")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "every link holds" in done.stdout


def test_every_file_of_a_report_can_be_audited(finished, tmp_path):
    report = tmp_path / "report.html"
    done = finished.run("snakemake", "--report", str(report))
    assert done.returncode == 0, done.stderr
    code, found = command(finished, "audit", report)
    assert code == 0
    names = {file["file"] for file in found["files"]}
    assert names == {"fractions.png", "gradient_snr.png", "information_plane.png", "learning_curves.png"}


def test_changed_bytes_break_the_link_and_are_found_without_a_figure_too(project):
    store = next((project.folder / "results/trainings").glob("*/training.zarr.zip"))
    data = bytearray(store.read_bytes())
    data[len(data) // 2] ^= 1
    store.write_bytes(data)
    code, links = audit(project, "results/figures/fractions.pdf")
    assert (code, {x["id"]: x["bytes"] for x in links if x["bytes"] != "intact"}) == (1, {store.parent.name: "changed"})
    code, found = command(project, "verify")
    place = str(store.relative_to(project.folder))
    assert (code, found["wrong"]) == (1, [{"place": place, "problem": "changed"}])


def test_what_a_run_leaves_is_all_right(finished):
    code, found = command(finished, "verify")
    assert (code, found["wrong"]) == (0, [])
    assert command(finished, "gc") == (0, {"deleted": False, "bytes": 0, "waste": []})


def test_todays_config_and_code_are_compared(project):
    project.set(estimators__binned__bins=20)
    code, links = audit(project, "results/figures/information_plane.pdf")
    assert code == 0
    planned = {link["stage"]: link["planned"] for link in links}
    assert planned == {"figure": False, "analysis": False, "measurement": False, "training": True, "dataset": True}
    module = project.folder / "src/infoplane/measures/binned.py"
    module.write_text(module.read_text() + "\n\nADDED = 1\n")
    _, links = audit(project, "results/figures/information_plane.pdf")
    code_now = {link["stage"]: link["code"] for link in links}
    assert code_now == {**dict.fromkeys(CHAIN, "same"), "measurement": "changed"}


def test_outside_a_clone_and_without_a_config_it_is_the_same(finished, tmp_path):
    figure, results = finished.folder / "results/figures/information_plane.pdf", finished.folder / "results"
    code, links = audit(finished, figure, "--results", results, cwd=tmp_path)
    assert (code, [link["stage"] for link in links]) == (0, CHAIN)


def test_what_is_no_figure_of_ours_is_one_line(finished, tmp_path):
    (tmp_path / "text.pdf").write_bytes(b"hello")
    done = finished.run("infoplane", "audit", str(tmp_path / "text.pdf"))
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "not a PDF" in done.stderr


def test_a_lone_figure_is_made_again_and_does_not_differ(finished, tmp_path):
    lone = tmp_path / "lone.png"
    shutil.copy(finished.folder / "results/figures/gradient_snr.png", lone)
    code, found = command(finished, "rerun", lone, "--out", tmp_path / "again")
    assert (code, found["same"]) == (0, True)
    done = finished.run("infoplane", "run", "--cores", "2", cwd=tmp_path / "again")
    assert done.returncode == 0, done.stderr
    made = tmp_path / "again/results/figures/gradient_snr.png"
    code, found = command(finished, "diff", lone, made, cwd=tmp_path / "again")
    assert (code, found) == (0, {"same": True, "differences": []})


def test_plan_lists_conditions_ids_and_what_exists(finished):
    _, listed = command(finished, "plan")
    assert [condition["varied"] for condition in listed["experiments"]["fraction"]] == [
        {"train_fraction": 0.45},
        {"train_fraction": 0.85},
    ]
    for condition in listed["experiments"]["main"]:
        for artifact in condition["artifacts"]:
            assert artifact["exists"]
            assert (finished.folder / f"results/{artifact['stage']}s/{artifact['id']}/manifest.json").is_file()
    _, changed = command(finished, "plan", "--config", "estimators.binned.bins=9")
    binned = [a for a in changed["experiments"]["main"][0]["artifacts"] if a["what"].startswith("binned")]
    assert {(artifact["stage"], artifact["exists"]) for artifact in binned} == {("measurement", False)}
    assert not any(figure["exists"] for figure in changed["figures"] if figure["what"] == "information_plane")


@pytest.fixture(scope="module")
def shared(finished, tmp_path_factory):
    """A folder with all that one of two people has made, but for the figures."""
    remote = tmp_path_factory.mktemp("shared")
    code, sent = command(finished, "push", remote)
    assert (code, len(sent["ids"])) == (0, len(list(finished.folder.glob("results/*/*/manifest.json"))))
    for manifest in (remote / "figures").iterdir():
        manifest.unlink()
    return remote


def colleague(finished, folder, remote):
    """Somebody else's copy of the project, without results, whose config names a remote."""
    other = finished.copy(folder / "a project")
    shutil.rmtree(other.folder / "results")
    other.set(remote=str(remote))
    return other


def test_two_people_one_trains_and_pushes_the_other_pulls_and_draws_every_figure(finished, shared, tmp_path):
    other = colleague(finished, tmp_path, shared)
    assert other.would_run() == EVERYTHING, "a dry run takes nothing"
    assert not (other.folder / "results").exists()
    assert other.make() == dict.fromkeys(FIGURES, 1)
    for project in (finished, other):
        assert command(project, "verify")[0] == 0
        for figure in (project.folder / "results/figures").glob("*.pdf"):
            assert audit(project, figure)[0] == 0
    for folder in finished.folder.glob("results/trainings/*"):
        made, pulled = (
            folder / "training.zarr.zip",
            other.folder / "results/trainings" / folder.name / "training.zarr.zip",
        )
        assert made.read_bytes() == pulled.read_bytes()


def test_a_run_with_a_poisoned_remote_ends_with_one_line(finished, shared, tmp_path):
    remote = tmp_path / "poisoned"
    shutil.copytree(shared, remote)
    manifest = next((remote / "trainings").iterdir())
    digest = json.loads(manifest.read_text())["files"]["training.zarr.zip"]
    (remote / "objects" / digest[:2] / digest).write_bytes(b"?")
    other = colleague(finished, tmp_path, remote)
    done = other.snakemake()
    assert done.returncode != 0
    lines = [line for line in done.stderr.splitlines() if str(remote) in line]
    assert len(lines) == 1
    assert lines[0].endswith("its bytes are not those of its digest; it is refused")
    assert "Traceback" not in done.stderr
    assert not list(other.folder.glob(f"results/trainings/{manifest.stem}/*"))
