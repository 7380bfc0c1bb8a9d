"""What is there, what may go, and what is still to be made."""

import fcntl
import json
import os
import platform
import shutil

import pytest
import yaml

from infoplane import artifacts, retention
from infoplane.cli import printing
from infoplane.cli.options import repeated
from infoplane.plan import Artifact, Recipe
from infoplane.upkeep import costs, forecast

CONDITION = {
    "defaults": {
        "replicates": 2,
        "replicates_per_job": 1,
        "hidden": [3],
        "batch_size": 512,
        "epochs": 7,
        "snapshots": 4,
    }
}


# list


def test_list_says_what_sets_artifacts_apart(project):
    _, found = project.json("list", "trainings")
    assert [entry["stage"] for entry in found] == ["training"] * 4
    assert sorted(entry["settings"]["train_fraction"] for entry in found) == [0.45, 0.45, 0.85, 0.85]
    assert all(entry["settings"].keys() == {"train_fraction"} for entry in found)
    assert all(entry["wanted"] and entry["bytes"] > 0 and entry["age"] >= 0 for entry in found)
    _, everything = project.json("list")
    assert {entry["id"] for entry in everything} == {
        path.parent.name for path in project.results.glob("*/*/manifest.json")
    }


def test_list_says_what_is_not_asked_for(project):
    project.configure(estimators={"binned": {"bins": 20}})
    _, found = project.json("list")
    wanted = {(entry["stage"], entry["wanted"]) for entry in found}
    assert {("training", True), ("measurement", False)} <= wanted
    assert "not asked for" in project.run("list", "measurement")[1]


def test_list_aligns_columns(project):
    lines = project.run("list", "training")[1].splitlines()
    assert len({line.index("asked for") for line in lines[1:]}) == 1
    assert all("train_fraction 0." in line for line in lines[1:])


def test_list_of_a_damaged_manifest_says_so(project):
    (project.folders("figures")[0] / "manifest.json").write_text("[]")
    code, out, _ = project.run("list", "figure")
    assert code == 0
    assert "manifest.json: not a manifest" in out


def test_list_of_no_stage_is_one_line(project):
    code, out, err = project.run("list", "pictures")
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert "trainings" in err


# gc


def left_over(project, process):
    place = project.results / f"measurements/.{'0' * 12}.{platform.node()}.{process}"
    place.mkdir()
    (place / "half").write_bytes(b"123")
    return place


def checkpoint(project, id_):
    place = project.results / "checkpoints" / id_
    place.mkdir(parents=True)
    (place / "lock").write_text("")
    return place


def test_gc_finds_nothing_in_what_a_config_needs(project):
    assert project.json("gc") == (0, {"deleted": False, "bytes": 0, "waste": []})


def test_gc_lists_first_and_deletes_when_told(project):
    before = {path.name for stage in ("trainings", "datasets") for path in project.folders(stage)}
    old = [path for stage in ("measurements", "analyses", "figures") for path in project.folders(stage)]
    project.configure(figures={"curves": {"kind": "learning_curves", "experiment": "fraction"}}, claims={})
    code, found = project.json("gc")
    places = {entry["place"] for entry in found["waste"]}
    assert code == 0
    assert found["bytes"] == sum(entry["bytes"] for entry in found["waste"]) > 0
    assert all(path.is_dir() for path in old)
    project.run("gc", "--delete")
    assert not any((project.folder / place).exists() for place in places)
    assert {path.name for stage in ("trainings", "datasets") for path in project.folders(stage)} == before
    assert project.folders("measurements") == []
    assert project.json("gc")[1]["waste"] == []
    assert project.json("verify")[0] == 0  # the view shows nothing that is gone
    assert (project.results / "figures/curves.pdf").is_file()


def test_gc_keeps_what_further_configs_need(project):
    (project.folder / "other.yaml").write_text(yaml.safe_dump({"estimators": {"binned": {"bins": 30}}}))
    project.configure(estimators={"binned": {"bins": 20}})
    assert project.json("gc")[1]["waste"]
    assert project.json("gc", "--also", "other.yaml")[1]["waste"] == []


def test_gc_removes_what_killed_jobs_left(project):
    dead, alive = left_over(project, 2**22 + 1), left_over(project, os.getpid())
    made, unknown = checkpoint(project, project.folders("trainings")[0].name), checkpoint(project, "0" * 12)
    running = checkpoint(project, "1" * 12)
    held = os.open(running / "lock", os.O_RDWR)
    fcntl.flock(held, fcntl.LOCK_EX)
    try:
        project.run("gc", "--delete")
    finally:
        os.close(held)
    assert [path.exists() for path in (dead, alive, made, unknown, running)] == [False, True, False, False, True]


@pytest.mark.parametrize("again", [False, True])
def test_gc_keeps_the_checkpoint_of_a_training_that_is_still_to_be_made(project, again):
    """Also again, since its activations were let go."""
    training = project.folders("trainings")[0]
    if again:
        manifest = json.loads((training / "manifest.json").read_text())
        manifest["files"] = dict.fromkeys(manifest["content"], "0" * 64)
        (training / "manifest.json").write_text(json.dumps(manifest))
        assert retention.has_let_go(training)
    else:
        shutil.rmtree(training)
    kept = checkpoint(project, training.name)
    project.run("gc", "--delete")
    assert kept.is_dir()


def test_gc_keeps_what_a_job_is_making(project):
    project.configure(estimators={"binned": {"bins": 20}})
    made, other = (folder.name for folder in project.folders("measurements")[:2])
    with artifacts.lock(project.results / ".locks" / made):
        project.run("gc", "--delete")
    assert [(project.results / "measurements" / id_).is_dir() for id_ in (made, other)] == [True, False]


def test_gc_follows_no_link(project, tmp_path):
    outside = tmp_path / "outside"
    shutil.move(project.results / "measurements", outside)
    (project.results / "measurements").symlink_to(outside)
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("text")
    (project.results / "trainings" / ("0" * 12)).symlink_to(precious)
    inside = project.results / "analyses" / ("0" * 12)
    inside.mkdir()
    (inside / "link").symlink_to(precious)
    project.configure(estimators={"binned": {"bins": 20}})
    project.run("gc", "--delete")
    assert (precious / "file").read_text() == "text"
    assert len(list(outside.iterdir())) == 4
    assert not inside.exists()


def test_gc_works_in_results_that_are_a_link(project, tmp_path):
    shutil.move(project.results, tmp_path / "elsewhere")
    project.results.symlink_to(tmp_path / "elsewhere")
    project.configure(estimators={"binned": {"bins": 20}})
    project.run("gc", "--delete")
    assert project.folders("measurements") == []


def test_gc_without_a_config_that_can_be_used_is_one_line(project):
    (project.folder / "config/config.yaml").write_text("defaults: [")
    code, out, err = project.run("gc", "--delete")
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert len(project.folders("trainings")) == 4


# plan


def test_plan_lists_conditions_ids_and_what_exists(project):
    code, found = project.json("plan")
    assert code == 0
    assert [condition["varied"] for condition in found["experiments"]["fraction"]] == [
        {"train_fraction": 0.45},
        {"train_fraction": 0.85},
    ]
    entries = [entry for condition in found["experiments"]["main"] for entry in condition["artifacts"]]
    assert {entry["stage"] for entry in entries} == {"dataset", "training", "measurement"}
    assert all(entry["exists"] for entry in (*entries, *found["analyses"], *found["figures"], *found["claims"]))
    assert sum(jobs["missing"] for jobs in found["forecast"]["jobs"]) == 0
    assert "everything is made" in project.run("plan")[1]


def test_plan_takes_config_values_as_snakemake_does(project):
    for override in (
        ["--config", "estimators.binned.bins=9"],
        ["--config", "estimators__binned__bins=9", "strict_environment=false"],
        ["--config", "strict_environment=false", "estimators={binned: {bins: 9}}"],
        ["--configfile", "other.yaml", "bins.yaml"],
        ["--configfile=bins.yaml"],
    ):
        (project.folder / "other.yaml").write_text("estimators: {binned: {bins: 12}}")
        (project.folder / "bins.yaml").write_text("estimators: {binned: {bins: 9}}")
        code, found = project.json("plan", *override)
        exists = {entry["stage"]: entry["exists"] for entry in found["experiments"]["main"][0]["artifacts"]}
        assert (code, exists) == (0, {"dataset": True, "training": True, "measurement": False})
        jobs = {jobs["stage"]: jobs["missing"] for jobs in found["forecast"]["jobs"]}
        assert jobs == {
            "dataset": 0, "training": 0, "measurement": 4, "analysis": 3, "figure": 3, "verdict": 1, "page": 1,
            "explorer": 0,
        }  # fmt: skip


def test_plan_of_some_targets(project):
    changed = ["--config", "defaults__epochs=5"]
    _, figure = project.json("plan", "curves", *changed)
    assert [entry["what"] for entry in figure["figures"]] == ["curves"]
    assert {jobs["stage"]: jobs["missing"] for jobs in figure["forecast"]["jobs"] if jobs["missing"]} == {
        "dataset": 0, "training": 4, "analysis": 1, "figure": 1,
    } or figure["forecast"]["jobs"][0]["missing"] == 0  # fmt: skip
    _, claims = project.json("plan", "claims", *changed)
    assert [entry["what"] for entry in claims["claims"]] == ["the verdicts", "the page of the claims"]
    training = next(e["id"] for e in figure["experiments"]["main"][0]["artifacts"] if e["stage"] == "training")
    _, one = project.json("plan", training, *changed)
    assert sum(jobs["missing"] for jobs in one["forecast"]["jobs"]) == 1
    code, out, err = project.run("plan", "curve")
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert "did you mean `curves`?" in err


def test_what_is_made_needs_none_of_its_inputs(project):
    shutil.rmtree(project.results / "trainings")
    _, found = project.json("plan")
    assert sum(jobs["missing"] for jobs in found["forecast"]["jobs"]) == 0
    shutil.rmtree(next(folder for folder in project.folders("figures") if (folder / "curves.csv").is_file()))
    _, found = project.json("plan")
    assert {jobs["stage"]: jobs["missing"] for jobs in found["forecast"]["jobs"] if jobs["missing"]} == {"figure": 1}


def test_a_forecast_goes_by_earlier_jobs_of_the_kind(project):
    override = ["--config", "defaults__epochs=5", "--cores", "1"]
    for training in project.folders("trainings"):
        path = training / "manifest.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "seconds": 60.0}))
    _, found = project.json("plan", *override)
    training = next(jobs for jobs in found["forecast"]["jobs"] if jobs["stage"] == "training")
    assert training["earlier"] == 4
    assert training["seconds"] == pytest.approx(4 * (60 + costs.start_seconds("training")), rel=0.05)
    total = sum(jobs["seconds"] for jobs in found["forecast"]["jobs"])
    assert found["forecast"]["seconds"] == pytest.approx(total)
    _, both = project.json("plan", "--config", "defaults__epochs=5", "--cores", "2")
    assert 0.5 * total <= both["forecast"]["seconds"] < total


def test_a_small_plan_is_listed_and_a_large_one_counted(project):
    assert "made    training" in project.run("plan")[1]
    fractions = [round(0.02 * n, 2) for n in range(1, 41)]
    project.configure(experiments={"main": {}, "fraction": {"vary": {"train_fraction": fractions}}})
    _, out, _ = project.run("plan", "--config", "defaults__batch_size=full")
    assert "to make training" not in out
    assert len(out.splitlines()) < 50
    assert "train fraction 0.02: datasets 1/1, trainings 0/2" in out
    assert "28 more: datasets 1/1, trainings 0/56" in out
    assert "to make training" in project.run("plan", "--config", "defaults__batch_size=full", "--ids")[1]


def artifact(number, seconds, *inputs):
    return Artifact(Recipe("figure", {"number": number, "seconds": seconds}, {}, "", ()), inputs, str(number))


def test_jobs_wait_for_their_inputs_and_for_a_core():
    first = artifact(1, 10)
    readers = [artifact(number, 10, first) for number in (2, 3, 4)]
    seconds = {a.id: 10.0 for a in (first, *readers)}
    assert [forecast.makespan([first, *readers], seconds, cores) for cores in (1, 2, 3)] == [40, 30, 20]


def test_work_grows_as_it_should():
    dataset = {"kind": "spherical", "seed": 1, "replicates": 2, "files": {}}
    training = {
        "hidden": [12, 10], "output": "sigmoid", "replicates": [0, 10], "epochs": 1000, "snapshots": 50,
        "train_fraction": 0.85, "precision": "float32", "activation": "tanh", "optimizer": "sgd", "optimizer_options": {},
    }  # fmt: skip

    def bytes_of(**changes):
        return costs.cost("training", {**training, **changes}, {"dataset": dataset}).bytes

    size = costs.training_size(training, dataset)
    assert (size.units, size.parameters, size.samples) == (23, 13 * 12 + 13 * 10 + 11, 4096)
    assert bytes_of(replicates=[0, 20]) == pytest.approx(2 * bytes_of(), rel=0.01)
    assert bytes_of(precision="float16") == pytest.approx(0.5 * bytes_of(), rel=0.02)
    assert bytes_of() == pytest.approx(0.85 * 4 * 10 * 50 * 4096 * 23, rel=0.05)


# options and printing


@pytest.mark.parametrize(
    ("given", "means"),
    [
        ("--config a=1 b=2 plane", "--config a=1 --config b=2 plane"),
        ("--configfile a.yaml b.yml --json", "--configfile a.yaml --configfile b.yml --json"),
        ("--configfile figure.pdf", "--configfile figure.pdf"),
        ("--configfile a.yaml figure.pdf b.yaml", "--configfile a.yaml figure.pdf b.yaml"),
        ("--config=a=1 b=2", "--config=a=1 --config b=2"),
        ("a=1 -- --config a=1 b=2", "a=1 -- --config a=1 b=2"),
        ("--config", "--config"),
    ],
)
def test_options_take_several_values(given, means):
    assert repeated(given.split()) == means.split()


@pytest.mark.parametrize("override", ["x", "=3", "nothing.of.the.kind=3"])
def test_a_wrong_override_is_one_line(project, override):
    code, out, err = project.run("plan", "--config", override)
    assert (code, out, len(err.splitlines())) == (2, "", 1)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["nonsense"], "nonsense"),
        (["audit"], "file"),
        (["plan", "--cores", "0"], "--cores"),
        (["list", "--no"], "--no"),
    ],
)
def test_wrong_usage_is_one_line(project, arguments, line):
    code, out, err = project.run(*arguments)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert line in err


def test_without_arguments_it_helps(project):
    code, out, _ = project.run()
    assert code == 0
    assert "audit" in out


def test_units_for_people():
    assert [printing.size(b) for b in (0, 999, 1000, 304_170_004, 5.3e9)] == [
        "0 bytes",
        "999 bytes",
        "1 kB",
        "304 MB",
        "5.3 GB",
    ]
    assert [printing.duration(s) for s in (0, 89, 120, 5400, 360_000)] == [
        "0 s",
        "89 s",
        "2 min",
        "1 h 30 min",
        "4 days",
    ]
