"""The explorer is traced, verified and made again as all that is shown."""

import shutil

import pytest

from infoplane import embed, loading, plan

SETTINGS = {"experiment": ["main", "fraction"], "compare": ["binned"]}
BEHIND = {"analysis": 2, "verdict": 1, "measurement": 12, "training": 4, "dataset": 1}


@pytest.fixture
def explored(project):
    """A finished project with an explorer."""
    project.configure(explorer=SETTINGS)
    project.made = project.make()
    return project


def test_a_lone_copy_leads_to_the_datasets(explored, tmp_path):
    shutil.copy(explored.results / "explorer.html", tmp_path / "lone")
    code, found = explored.json("audit", tmp_path / "lone")
    links = found["files"][0]["links"]
    assert (code, links[0]["stage"], links[0]["id"]) == (0, "explorer", explored.made.explorer.id)
    stages = [link["stage"] for link in links[1:]]
    assert {stage: stages.count(stage) for stage in stages} == BEHIND
    assert all(link["planned"] for link in links)


def test_a_changed_byte_is_seen_and_the_next_run_mends_it(explored):
    path = explored.results / "explorer.html"
    before = path.read_bytes()
    path.write_bytes(before.replace(b"<body>", b"<body >"))
    assert explored.run("audit", path)[0] == 1
    assert explored.run("verify")[0] == 1
    explored.make()
    assert path.read_bytes() == before
    assert explored.run("verify")[0] == 0


def test_a_config_comes_back_from_a_lone_file(explored, tmp_path):
    shutil.copy(explored.results / "explorer.html", tmp_path / "lone")
    shutil.rmtree(explored.results)
    code, found = explored.json("rerun", tmp_path / "lone")
    assert (code, found["same"], found["shown"]) == (0, True, ["explorer.html"])
    written = explored.folder / f"rerun-{found['id']}/config/config.yaml"
    assert plan.make(loading.load(loading.read(written))).explorer.id == explored.made.explorer.id


def test_it_is_planned_listed_and_given_up(explored):
    code, found = explored.json("plan")
    assert (code, [(entry["what"], entry["exists"]) for entry in found["explorer"]]) == (0, [("the explorer", True)])
    explored.configure()
    explored.make()
    assert not (explored.results / "explorer.html").exists()
    code, found = explored.json("gc")
    why = {(explored.results / "explorers" / explored.made.explorer.id).as_posix(): "explorer that no config asks for"}
    assert why.items() <= {str(explored.folder / item["place"]): item["why"] for item in found["waste"]}.items()


def test_what_decides_its_version(project):
    """Its numbers and the verdicts; of a condition's name nothing, of an estimator that it does not show nothing."""
    project.configure(explorer=SETTINGS)

    def id_(**changes):
        values = loading.read(project.folder / "config/config.yaml")
        return plan.make(loading.load({**values, **changes})).explorer.id

    assert id_(estimators={"binned": {"bins": 30}, "exact": {}}) == id_()
    assert id_(estimators={"binned": {"bins": 20}}) != id_()
    assert id_(claims={"no_regularization": {"figure": "plane", "bits": 2.0}}) != id_()
    assert id_(explorer={**SETTINGS, "experiment": "main"}) != id_()


@pytest.mark.parametrize(
    ("explorer", "line"),
    [
        ({"experiment": "none"}, 'explorer.experiment: found "none"; unknown name; allowed: fraction, main'),
        ({"compare": ["bined"]}, 'explorer.compare: found "bined"; unknown name; did you mean `binned`?'),
        ({"compare": []}, "explorer.compare: found []; "),
        ({"estimator": "binned"}, "explorer.estimator: unknown key; "),
        ("all", 'explorer: found "all"; '),
    ],
)
def test_a_wrong_one_is_one_line(project, explorer, line):
    project.configure(explorer=explorer)
    code, out, err = project.run("plan")
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert line in err


def test_null_removes_it(project):
    project.configure(explorer=SETTINGS)
    values = loading.read(project.folder / "config/config.yaml")
    assert plan.make(loading.load({**values, "explorer": None})).explorer is None
    assert plan.make(loading.load({**values, "explorer": "null"})).explorer is None


def test_the_manifest_ends_the_file(explored):
    data = (explored.results / "explorer.html").read_bytes()
    assert data.splitlines()[-1].startswith(b"<!-- infoplane: ")
    assert embed.inspect(data, "explorer.html").manifest["label"] == "the explorer"
