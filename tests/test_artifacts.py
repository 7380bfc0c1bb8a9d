"""Artifacts appear whole or not at all; what is damaged is refused or made again; ids follow from what makes them."""

import json
import os
import platform
import signal
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from infoplane import artifacts, code, jobs, stores
from infoplane.artifacts import Recipe

ROOTS = ("infoplane.icosahedron",)
RECIPE = Recipe("dataset", {"kind": "spherical", "seed": 1}, {}, code.digest(*ROOTS), ROOTS)
READER = Recipe("analysis", {"kind": "plane"}, {"dataset": [RECIPE.id]}, code.digest(*ROOTS), ROOTS)
DATA = xr.Dataset({"x": (("replicate", "sample"), np.arange(6.0).reshape(2, 3))}, coords={"replicate": [0, 1]})


def write(job):
    stores.write(DATA.assign_attrs(job.attributes), job.folder / f"{job.attributes['stage']}.zarr.zip")


def make(results, recipe=RECIPE, write=write):
    jobs.make(recipe, "a label", results, write)
    return results / recipe.place


def test_an_artifact_has_its_store_and_a_manifest_that_describes_it(tmp_path):
    folder = make(tmp_path)
    manifest = artifacts.checked(folder)
    assert Recipe.from_json(manifest) == RECIPE
    assert manifest["id"] == RECIPE.id
    assert manifest["content"] == {"dataset.zarr.zip": artifacts.digest(folder / "dataset.zarr.zip")}
    assert manifest["environment"]["packages"]["xarray"] == xr.__version__
    opened = stores.open_dataset(folder / "dataset.zarr.zip").load()
    assert opened.attrs["id"] == RECIPE.id
    xr.testing.assert_equal(opened, DATA)


def test_an_error_leaves_nothing(tmp_path):
    def fail(job):
        (job.folder / "half").write_text("half")
        raise RuntimeError("boom")

    with pytest.raises(RuntimeError, match="boom"):
        make(tmp_path, write=fail)
    assert not list(tmp_path.rglob("*.zip"))
    assert list((tmp_path / "datasets").iterdir()) == []


def test_a_kill_leaves_nothing_that_counts_and_the_next_run_cleans_up(tmp_path):
    program = f"""
        import os, signal
        from pathlib import Path
        from infoplane import artifacts
        with artifacts.staged(Path({str(tmp_path / "a")!r})) as folder:
            (folder / "half").write_text("half")
            os.kill(os.getpid(), signal.SIGKILL)
    """
    killed = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not (tmp_path / "a").exists()
    assert len(list(tmp_path.iterdir())) == 1
    with artifacts.staged(tmp_path / "a") as folder:
        (folder / "whole").write_text("whole")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_the_version_that_is_there_stays_and_is_not_made_again(tmp_path):
    folder = make(tmp_path)
    before = (folder / "manifest.json").read_text()

    def refuse(job):
        raise AssertionError("made again")

    make(tmp_path, write=refuse)
    assert (folder / "manifest.json").read_text() == before


def test_who_wants_the_same_at_the_same_time_waits_for_it(tmp_path):
    made = []

    def slow(job):
        made.append(job)
        time.sleep(0.3)
        write(job)

    threads = [threading.Thread(target=make, args=(tmp_path, RECIPE, slow)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert list((tmp_path / ".locks").iterdir()) == []


@pytest.mark.parametrize("harm", ["flip", "cut", "remove", "add"])
def test_damaged_inputs_are_refused_by_name(tmp_path, harm):
    store = make(tmp_path) / "dataset.zarr.zip"
    data = bytearray(store.read_bytes())
    data[len(data) // 2] ^= 1
    if harm == "add":
        (store.parent / "more").write_text("more")
    elif harm == "remove":
        store.unlink()
    else:
        store.write_bytes(data if harm == "flip" else data[:-1])
    state = {"flip": "changed", "cut": "changed", "remove": "missing", "add": "not in the manifest"}[harm]
    with pytest.raises(ValueError, match=rf"{RECIPE.id}/\S+: {state}, so it is not measured") as error:
        make(tmp_path, READER)
    assert "\n" not in str(error.value)
    assert not (tmp_path / READER.place).exists()


def test_what_was_read_is_recorded(tmp_path):
    folder = make(tmp_path)
    manifest = artifacts.read_manifest(make(tmp_path, READER))
    assert manifest["input_contents"] == {RECIPE.id: artifacts.files(folder)}


def test_a_small_artifact_that_is_damaged_is_made_again(tmp_path):
    make(tmp_path)
    folder = make(tmp_path, READER)
    before = artifacts.files(folder)
    (folder / "analysis.zarr.zip").write_bytes(b"damaged")
    assert not artifacts.is_there(tmp_path, READER)
    make(tmp_path, READER)
    assert artifacts.files(folder) == before


@pytest.mark.parametrize("when", ["before", "during"])
def test_code_that_is_not_the_planned_one_makes_nothing(tmp_path, monkeypatch, when):
    digests = iter(["edited"] if when == "before" else [RECIPE.code, "edited"])
    monkeypatch.setattr(code, "digest", lambda *roots: next(digests))
    with pytest.raises(ValueError, match="was edited since this run was planned"):
        make(tmp_path)
    assert not (tmp_path / RECIPE.place).exists()


def test_same_data_same_digest_and_any_changed_byte_or_name_shows(tmp_path):
    folder = make(tmp_path / "a")
    assert artifacts.files(folder) == artifacts.files(make(tmp_path / "b"))
    before = artifacts.files(folder)
    (folder / "dataset.zarr.zip").rename(folder / "elsewhere")
    assert artifacts.files(folder) != before


@pytest.mark.parametrize("text", [None, "", "[]", "3", "null", "{}", '{"id": 3}', "[" * 5000])
def test_a_manifest_that_is_missing_or_none_is_one_line(tmp_path, text):
    if text is not None:
        (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(ValueError, match=r"manifest.json: ") as error:
        artifacts.read_manifest(tmp_path)
    assert "\n" not in str(error.value)


parameters = st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5) | st.lists(st.integers()))


@given(parameters, parameters)
def test_ids_depend_on_the_parameters_and_not_on_their_order(one, other):
    def make_id(values):
        return artifacts.version_id("training", values, {"dataset": "0" * 12}, "c")

    assert make_id(one) == make_id(dict(reversed(one.items())))
    assert (make_id(one) == make_id(other)) == (one == other)


def test_a_recipe_survives_json():
    assert Recipe.from_json(json.loads(json.dumps(RECIPE.to_json()))) == RECIPE


def test_a_lock_goes_with_its_holder(tmp_path):
    program = f"""
        import os, signal
        from pathlib import Path
        from infoplane import artifacts
        with artifacts.lock(Path({str(tmp_path / "lock")!r})):
            os.kill(os.getpid(), signal.SIGKILL)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=False)
    with artifacts.lock(tmp_path / "lock"):
        assert os.listdir(tmp_path) == ["lock"]
    assert os.listdir(tmp_path) == []


def test_the_bytes_are_on_disk_before_the_name(tmp_path, monkeypatch):
    place, on_disk = tmp_path / "datasets/x", set()

    def fsync(opened):
        assert not place.exists()
        on_disk.add(os.fstat(opened).st_ino)

    monkeypatch.setattr(os, "fsync", fsync)
    with artifacts.staged(place) as folder:
        (folder / "deep").mkdir()
        (folder / "deep/data").write_text("data")
    assert on_disk >= {path.stat().st_ino for path in (place, place / "deep", place / "deep/data")}


def test_what_a_killed_writer_with_our_own_number_left_is_removed(tmp_path):
    """In a container, the process of the next run may have the number of the last."""
    left = tmp_path / f".x.{platform.node()}.{os.getpid()}"
    left.mkdir()
    (left / "half").write_text("half")
    with artifacts.staged(tmp_path / "x"):
        pass
    assert list(tmp_path.iterdir()) == [tmp_path / "x"]
    assert not list((tmp_path / "x").iterdir())


@pytest.mark.parametrize("stamp", ["", artifacts.STAMP])
def test_an_artifact_of_the_future_is_given_todays_time(tmp_path, stamp):
    (tmp_path / stamp).touch()
    for then, now in ((2**32, pytest.approx(time.time(), abs=60)), (10**9, 10**9)):
        os.utime(tmp_path / stamp, (then, then))
        artifacts.of_today(tmp_path)
        assert (tmp_path / stamp).stat().st_mtime == now
    artifacts.of_today(tmp_path / "nothing")
