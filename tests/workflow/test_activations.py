"""Without `keep_activations` nearly all bytes of trainings go, and nothing else is different."""

import json
import shutil

import pytest

from .conftest import FIGURES
from .test_audit import audit, command
from .test_run import contents

SHOWN = ("figure", "analysis", "measurement", "measurement", "training", "training", "dataset")


@pytest.fixture(scope="module")
def slim(finished, tmp_path_factory):
    """A finished project whose activations were let go, by the first run that was not to keep them."""
    project = finished.copy(tmp_path_factory.mktemp("slim") / "a project")
    project.set(keep_activations=False)
    done = project.snakemake()
    assert done.returncode == 0, done.stderr
    assert "keep_activations: the activations of 4 trainings go" in done.stderr
    assert "Nothing to be done" in done.stderr
    return project


def trainings(project):
    """By id, the bytes of each training's store."""
    return {path.parent.name: path.stat().st_size for path in project.folder.glob("results/trainings/*/*.zip")}


def test_a_run_of_what_is_made_lets_go_and_makes_nothing(finished, slim):
    assert all(size < 0.2 * trainings(finished)[id_] for id_, size in trainings(slim).items())
    assert trainings(slim).keys() == trainings(finished).keys()
    assert contents(slim.folder) == contents(finished.folder)
    assert slim.would_run() == {}


def test_commands_say_in_a_line_what_was_let_go_and_do_not_fail(slim, tmp_path):
    done = slim.run("infoplane", "audit", "results/figures/information_plane.pdf")
    assert done.returncode == 0, done.stdout
    lines = [line for line in done.stdout.splitlines() if "re-derivable" in line]
    assert len(lines) == 1
    assert lines[0].startswith("2 trainings without activations: let go (keep_activations) and re-derivable")
    code, links = audit(slim, "results/figures/information_plane.pdf")
    states = [(link["stage"], link["bytes"]) for link in links]
    assert states == [(stage, "re-derivable" if stage == "training" else "intact") for stage in SHOWN]
    told = "4 trainings are there without activations: these were let go (keep_activations) and are re-derivable"
    for arguments in (["verify"], ["push", str(tmp_path / "remote")]):
        done = slim.run("infoplane", *arguments)
        assert (done.returncode, done.stdout.count(told)) == (0, 1), done.stdout + done.stderr
    assert slim.run("infoplane", "list", "training").stdout.count("; activations let go") == 4
    code, found = command(slim, "gc")
    assert (code, found["waste"]) == (0, [])


def test_a_damaged_training_keeps_its_activations_and_the_others_let_them_go(project):
    store = max((project.folder / "results/trainings").glob("*/training.zarr.zip"))
    data = bytearray(store.read_bytes())
    data[data.find(b"layer_1/weight/c/") + 60] ^= 1
    store.write_bytes(data)
    before = trainings(project)
    project.set(keep_activations=False)
    done = project.snakemake()
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stderr.splitlines() if line.startswith(f"results/trainings/{store.parent.name}/")]
    assert "keep_activations: the activations of 3 trainings go" in done.stderr
    kept = {id_ for id_, size in trainings(project).items() if size == before[id_]}
    assert kept == {store.parent.name}


@pytest.mark.parametrize("harm", ["damaged", "missing"])
def test_what_is_damaged_or_missing_is_still_found(slim, tmp_path, harm):
    project = slim.copy(tmp_path / "a project")
    store = next((project.folder / "results/trainings").glob("*/training.zarr.zip"))
    if harm == "damaged":
        store.write_bytes(store.read_bytes()[:-1] + b"?")
    else:
        shutil.rmtree(store.parent)
    code, links = audit(project, "results/figures/fractions.pdf")
    found = {link["id"]: link["bytes"] for link in links if link["broken"]}
    assert (code, found) == (1, {store.parent.name: "changed" if harm == "damaged" else "missing"})


def test_a_changed_estimator_trains_again_and_leaves_no_activations(slim, finished, tmp_path):
    """So does a measurement that is gone, which gives the same digests."""
    project = slim.copy(tmp_path / "a project")
    project.set(keep_activations=False, estimators__binned__bins=20)
    jobs = {"training_again": 4, "measurement": 4, "analysis": 2, "figure_fractions": 1, "figure_information_plane": 1}
    assert project.would_run() == jobs
    project.set(keep_activations=False)
    for path in project.folder.glob("results/*/*/manifest.json"):
        manifest = json.loads(path.read_text())
        if manifest["parameters"].get("kind") in ("gradients", "gradient_snr"):
            shutil.rmtree(path.parent)
    before = {path: path.read_bytes() for path in project.folder.glob("results/trainings/*/*")}
    assert project.make() == {"training_again": 2, "measurement": 2, "analysis": 1, "figure_gradient_snr": 1}
    assert contents(project.folder) == contents(finished.folder)
    assert {path: path.read_bytes() for path in project.folder.glob("results/trainings/*/*")} == before
    assert project.would_run() == {}
    assert command(project, "verify")[0] == 0
    for name in FIGURES:
        assert audit(project, f"results/figures/{name.removeprefix('figure_')}.pdf")[0] == 0


def test_a_run_from_nothing_gives_the_same_digests(finished, tmp_path):
    project = finished.copy(tmp_path / "a project")
    shutil.rmtree(project.folder / "results")
    project.set(keep_activations=False)
    assert project.make("results/figures/learning_curves.pdf")["training"] == 2
    made = contents(project.folder)
    assert made == {id_: contents(finished.folder)[id_] for id_ in made}
    assert all(size > 0.5 * trainings(finished)[id_] for id_, size in _wholes(project).items())
    assert _wholes(project).keys() == trainings(project).keys(), "measurements that were not asked for need them"


def _wholes(project):
    folder = project.folder / "results/trainings/activations"
    return {path.parent.name: path.stat().st_size for path in folder.glob("*/*.zip")}
