"""The digest of a large input is taken once, and again as soon as the file may be another."""

import json
import os
import shutil

import pytest

from infoplane import artifacts, code, jobs, seen

DATA = b"activation" * 2**17


@pytest.fixture
def folder(tmp_path):
    """A training whose digests are noted."""
    folder = tmp_path / "trainings" / "0123456789ab"
    folder.mkdir(parents=True)
    (folder / "training.zarr.zip").write_bytes(DATA)
    (folder / "small").write_text("and a small file")
    digests = artifacts.files(folder)
    recipe = artifacts.Recipe("training", {}, {}, "0" * 16)
    (folder / artifacts.MANIFEST).write_text(json.dumps({**recipe.to_json(), "files": digests}))
    seen.note(folder, digests)
    return folder


@pytest.fixture
def read(monkeypatch):
    """The names of the files of which a digest is taken."""
    names, digest = [], artifacts.digest
    monkeypatch.setattr(artifacts, "digest", lambda path: names.append(path.name) or digest(path))
    return names


def test_a_large_file_that_is_known_is_not_read(folder, read):
    artifacts.checked(folder, seen.known(folder))
    assert read == ["small"]


def test_who_does_not_say_what_is_known_reads_all(folder, read):
    artifacts.checked(folder)
    assert sorted(read) == ["small", "training.zarr.zip"]


def flip(file):
    with file.open("r+b") as stream:
        stream.write(b"A")


def replace(file):
    other = file.with_name("other")
    other.write_bytes(b"A" + DATA[1:])
    os.replace(other, file)


@pytest.mark.parametrize("change", [flip, replace])
def test_damage_shows_whatever_time_it_bears(folder, change):
    file = folder / "training.zarr.zip"
    before = file.stat()
    change(file)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(ValueError, match=r"training\.zarr\.zip: changed"):
        artifacts.checked(folder, seen.known(folder))


def test_a_file_that_is_gone_is_missing(folder):
    (folder / "training.zarr.zip").unlink()
    with pytest.raises(ValueError, match=r"training\.zarr\.zip: missing"):
        artifacts.checked(folder, seen.known(folder))


def test_a_copy_is_read(folder, read):
    copy = folder.parents[1] / "copied"
    shutil.copytree(folder.parent, copy)
    artifacts.checked(copy / folder.name, seen.known(copy / folder.name))
    assert sorted(read) == ["small", "training.zarr.zip"]


@pytest.mark.parametrize("text", ["", "[]", '{"training.zarr.zip": 3}', '{"training.zarr.zip": []}'])
def test_a_note_that_cannot_be_read_is_none(folder, read, text):
    (folder.parent / seen.NOTES / folder.name).write_text(text)
    artifacts.checked(folder, seen.known(folder))
    assert sorted(read) == ["small", "training.zarr.zip"]


def test_where_nothing_can_be_noted_nothing_fails(folder, read):
    shutil.rmtree(folder.parent / seen.NOTES)
    (folder.parent / seen.NOTES).write_text("in the way")
    seen.note(folder, artifacts.files(folder))
    read.clear()
    artifacts.checked(folder, seen.known(folder))
    assert sorted(read) == ["small", "training.zarr.zip"]


def test_the_note_goes_with_the_artifact(folder):
    artifacts.remove(folder)
    assert list((folder.parent / seen.NOTES).iterdir()) == []


def test_a_training_that_was_just_made_is_known(tmp_path):
    """Its store had a second name until then, in its checkpoint; a file that loses one is another to the file system."""
    recipe = artifacts.Recipe("training", {}, {}, code.digest())
    checkpoint = tmp_path / "checkpoints" / recipe.id / "training.zarr.zip"

    def write(job):
        checkpoint.parent.mkdir(parents=True)
        checkpoint.write_bytes(DATA)
        os.link(checkpoint, job.folder / "training.zarr.zip")

    jobs.make(recipe, "a training", tmp_path, write)
    assert not checkpoint.exists()
    assert list(seen.known(tmp_path / recipe.place)) == ["training.zarr.zip"]
