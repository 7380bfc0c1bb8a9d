"""From a lone file to a config that makes it again."""

import shutil

import numpy as np
import pytest
import yaml
from tests.cli.conftest import CONFIG
from tests.cli.test_audit import forged

from infoplane import loading, plan
from infoplane.artifacts import Recipe
from infoplane.tracing import recover, rerun


def again(project, file, *arguments):
    code, found = project.json("rerun", file, *arguments)
    assert code == 0
    return found


@pytest.mark.parametrize(
    "name", ["figures/plane.pdf", "figures/both.csv", "figures/claims.png", "claims.json", "claims.html"]
)
def test_a_lone_file_is_planned_under_the_same_id(project, tmp_path, name):
    shutil.copy(project.results / name, tmp_path / "lone")
    shutil.rmtree(project.results)
    found = again(project, tmp_path / "lone")
    assert (found["same"], found["reasons"]) == (True, [])
    written = project.folder / f"rerun-{found['id']}/config/config.yaml"
    assert found["id"] in plan.make(loading.load(loading.read(written))).ids()


def test_it_says_what_to_do(project):
    code, out, _ = project.run("rerun", "results/figures/plane.pdf", "--out", "again")
    assert code == 0
    assert "cd again && infoplane run" in out
    assert "infoplane diff results/figures/plane.pdf again/results/figures/plane.pdf" in out
    assert "commit" in out
    code, out, err = project.run("rerun", "results/figures/plane.pdf", "--out", "again")
    assert (code, out, len(err.splitlines())) == (2, "", 1)


def test_changed_code_is_named(project):
    path = project.results / "figures/plane.csv"

    def change(manifest):
        made_of = {**manifest, "code": "0" * 16}
        return {**made_of, "id": Recipe.from_json(made_of).id}

    forged(path, change)
    found = again(project, path)
    assert not found["same"]
    assert any("the code of a figure has changed" in reason for reason in found["reasons"])
    assert "another version" in project.run("rerun", path, "--out", "b")[1]


@pytest.fixture
def own_data(project):
    """A project whose data are a file of the user's."""
    rng = np.random.default_rng(0)
    (project.folder / "data").mkdir()
    x, y = rng.normal(size=(600, 3)).astype(np.float32), np.arange(600) % 2
    np.savez(project.folder / "data/own.npz", x=x, y=y)
    defaults = {**CONFIG["defaults"], "dataset": "own", "batch_size": 64}
    project.configure(defaults=defaults, datasets={"own": {"kind": "npz", "path": "data/own.npz"}})
    project.make()
    return project


def test_data_files_are_linked_and_compared(own_data):
    found = again(own_data, "results/figures/plane.pdf", "--out", "a")
    assert found["same"]
    assert [(data["path"], data["state"]) for data in found["data"]] == [("data/own.npz", "as recorded")]
    assert (own_data.folder / "a/data/own.npz").resolve() == own_data.folder / "data/own.npz"
    rng = np.random.default_rng(1)
    np.savez(own_data.folder / "data/own.npz", x=rng.normal(size=(600, 3)), y=np.arange(600) % 2)
    found = again(own_data, "results/figures/plane.pdf", "--out", "b")
    assert [data["state"] for data in found["data"]] == ["changed"]
    assert "the data file data/own.npz has changed" in found["reasons"]
    (own_data.folder / "data/own.npz").unlink()
    found = again(own_data, "results/figures/plane.pdf", "--out", "c")
    assert [data["state"] for data in found["data"]] == ["missing"]
    assert "data/own.npz" in found["reasons"][0]


@pytest.mark.parametrize("order", [["main", "batch"], ["batch", "main"]])
def test_experiments_that_share_conditions_come_back(order):
    vary = {"batch_size": ["full", 64, 32], "learning_rate": [0.5, 0.05, 0.005]}
    config = {
        **CONFIG,
        "defaults": {**CONFIG["defaults"], "batch_size": 64},
        "experiments": {"main": {"set": {"learning_rate": 0.05}}, "batch": {"vary": vary}, "same": {}},
        "figures": {"both": {"kind": "compression_generalization", "experiment": order}},
        "claims": {},
    }
    figure = plan.make(loading.load(config)).figures["both"]
    recovered = recover.config(rerun._chain(figure))
    assert figure.id in plan.make(loading.load(recovered)).ids()


def test_every_figure_and_claim_of_the_default_config_comes_back():
    from infoplane import code

    planned = plan.make(loading.load(loading.read(code.home() / "config/config.yaml")))
    for end in planned.ends():
        assert end.id in plan.make(loading.load(recover.config(rerun._chain(end)))).ids(), end.label


def test_what_the_config_says_of_its_origin_stays_a_comment(project):
    path = project.results / "figures/plane.csv"
    forged(path, lambda manifest: {
        **manifest, "environment": {**manifest["environment"], "git_commit": "x\nfigures: {}", "processor": "\x1b[2J\n- "}
    })  # fmt: skip
    found = again(project, path, "--out", "again")
    text = (project.folder / "again/config/config.yaml").read_text()
    assert yaml.safe_load(text) == found["config"]
    assert "\x1b" not in text
    assert "\x1b" not in project.run("rerun", path, "--out", "b")[1]


def named_nothing(manifest):
    """A figure without a name, with an id that follows."""
    parameters = {key: value for key, value in manifest["parameters"].items() if key != "name"}
    made_of = {**manifest, "parameters": parameters}
    return {**made_of, "id": Recipe.from_json(made_of).id}


@pytest.mark.parametrize(
    "change",
    [
        named_nothing,
        lambda manifest: {**manifest, "parameters": {}},
        lambda manifest: {**manifest, "inputs": {}},
        lambda manifest: {**manifest, "chain": {"records": {}, "environments": {}}},
    ],
)
def test_a_manifest_that_contradicts_itself_is_one_line(project, change):
    path = project.results / "figures/plane.csv"
    forged(path, change)
    code, out, err = project.run("rerun", path)
    assert (code, out, len(err.splitlines())) == (2, "", 1)


def test_the_config_can_be_read_by_people(project):
    found = again(project, "results/figures/curves.csv", "--out", "again")
    written = yaml.safe_load((project.folder / "again/config/config.yaml").read_text())
    assert written == found["config"]
    assert written["experiments"] == {"fraction": {"vary": {"train_fraction": [0.45, 0.85]}}}
    assert list(written["figures"]) == ["curves"]
