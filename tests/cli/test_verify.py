"""Every byte under results/ is checked; what is wrong is named, what is not ours is not judged."""

import json
import os
import platform
import shutil

import pytest


def wrong(project, *arguments):
    """What is wrong: the first problem of each place below results."""
    code, found = project.json("verify", *arguments)
    assert code == int(bool(found["wrong"]))
    return {entry["place"].removeprefix("results/"): entry["problem"] for entry in found["wrong"][::-1]}


def rewritten(path, **changes):
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_all_is_as_it_was_made(project):
    code, found = project.json("verify")
    files = [path for path in project.results.rglob("*") if path.is_file() and path.name not in ("view.json", "view")]
    assert (code, found["files"]) == (0, len(files))
    assert found["bytes"] == sum(path.stat().st_size for path in files)
    assert found["artifacts"] == len(list(project.results.glob("*/*/manifest.json")))
    code, out, _ = project.run("verify")
    assert code == 0
    assert "all as it was made" in out


def test_missing_and_additional_files_are_named(project):
    training, figure = project.folders("trainings")[0], project.folders("figures")[0]
    (training / "training.zarr.zip").unlink()
    (figure / "more.txt").write_text("more")
    (project.results / "trainings/notes").mkdir()
    link = project.folders("datasets")[0] / "link"
    link.symlink_to("/etc")
    assert wrong(project) == {
        f"trainings/{training.name}/training.zarr.zip": "missing",
        f"figures/{figure.name}/more.txt": "not in the manifest",
        "trainings/notes": "not an artifact",
        f"datasets/{link.parent.name}/link": "not in the manifest",
    }


def test_folders_that_are_links_to_another_disk_are_checked(project, tmp_path):
    shutil.move(project.results / "trainings", tmp_path / "trainings")
    (project.results / "trainings").symlink_to(tmp_path / "trainings")
    dataset = project.folders("datasets")[0]
    shutil.move(dataset, tmp_path / "dataset")
    dataset.symlink_to(tmp_path / "dataset")
    assert wrong(project) == {}
    store = project.folders("trainings")[0] / "training.zarr.zip"
    for path in (store, dataset / "dataset.zarr.zip"):
        path.write_bytes(b"?")
    assert len(wrong(project)) == 2


def test_only_the_ids_that_are_given_are_checked(project):
    one, other = project.folders("trainings")[:2]
    for folder in (one, other):
        (folder / "training.zarr.zip").write_bytes(b"?")
    assert list(wrong(project, one.name)) == [f"trainings/{one.name}/training.zarr.zip"]
    code, out, err = project.run("verify", "0" * 12)
    assert (code, out, len(err.splitlines())) == (2, "", 1)


def test_a_changed_manifest_is_found_by_what_was_made_of_it(project):
    path = project.folders("trainings")[0] / "manifest.json"
    rewritten(path, started="1999-01-01T00:00:00Z")
    assert wrong(project) == {
        f"trainings/{path.parent.name}/manifest.json": "says something else of started than the files made of it"
    }


def test_bytes_and_manifest_changed_together_are_found_by_what_read_them(project):
    from infoplane import artifacts

    folder = project.folders("datasets")[0]
    (folder / "dataset.zarr.zip").write_bytes(b"other")
    files = artifacts.files(folder)
    rewritten(folder / "manifest.json", files=files, content=files)
    found = wrong(project)
    assert {problem for problem in found.values() if "read other bytes" in problem}
    assert f"datasets/{folder.name}/manifest.json" in found


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", "[" * 5000, '{"id": "/"}', "\x00"])
def test_a_manifest_that_is_none_is_a_line(project, text):
    path = project.folders("analyses")[0] / "manifest.json"
    path.write_text(text)
    assert f"analyses/{path.parent.name}/manifest.json" in wrong(project)


def test_an_artifact_under_the_id_of_another_is_found(project):
    one, other = project.folders("measurements")[:2]
    shutil.rmtree(one)
    shutil.copytree(other, one)
    assert wrong(project)[f"measurements/{one.name}/manifest.json"] == f"of another artifact: measurement {other.name}"


def test_the_view_is_compared_with_what_it_shows(project):
    figures = project.results / "figures"
    (figures / "plane.pdf").write_bytes((figures / "curves.pdf").read_bytes())
    shutil.copy(figures / "both.png", figures / "old.png")
    (figures / "notes.txt").write_text("a note of the user's")
    (project.results / "claims.json").unlink()
    found = wrong(project)
    assert found.keys() == {"figures/plane.pdf", "figures/old.png", "claims.json"}
    shutil.rmtree(next(folder for folder in project.folders("figures") if (folder / "curves.csv").is_file()))
    assert "which is missing" in wrong(project)["figures/curves.csv"]


@pytest.mark.parametrize("shows", [[], {"../a": "b"}, {"figures/a.pdf": "/etc/passwd"}, {"figures/a.pdf": 3}, None])
def test_a_record_of_the_view_that_is_none_is_a_line(project, shows):
    (project.results / "view.json").write_text(json.dumps({"view": "x", "shows": shows}))
    assert wrong(project)["view.json"] == "not the record of a view"


def test_what_is_neither_artifact_nor_view_is_listed_and_not_judged(project):
    left = project.results / f"trainings/.{'0' * 12}.{platform.node()}.{2**22 + 1}"
    left.mkdir()
    (left / "half").write_bytes(b"12345")
    running = project.results / f"trainings/.{'1' * 12}.{platform.node()}.{os.getpid()}"
    running.mkdir()
    checkpoint = project.results / "checkpoints" / ("2" * 12)
    checkpoint.mkdir(parents=True)
    (project.results / "report.html").write_text("<html>")
    code, found = project.json("verify")
    assert code == 0
    places = {place.removeprefix("results/"): bytes_ for place, bytes_ in found["others"].items()}
    assert places[f"trainings/{left.name}"] == 5
    assert {"report.html", f"checkpoints/{'2' * 12}"} <= places.keys()
    assert f"trainings/{running.name}" not in places
    assert "report.html" in project.run("verify", "--all")[1]


def test_without_results_it_is_one_line(project):
    code, out, err = project.run("verify", "--results", "nowhere")
    assert (code, out, err) == (2, "", "nowhere: there is no such folder\n")
