"""Artifacts appear whole or not at all; the same data has the same digest; ids follow from what makes them."""

import json
import os
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from infoplane import artifacts
from infoplane.artifacts import Recipe

RECIPE = Recipe("dataset", {"kind": "spherical", "seed": 1}, {}, "code", ("infoplane.section",))
DATA = xr.Dataset({"x": (("replicate", "sample"), np.arange(6.0).reshape(2, 3))}, coords={"replicate": [0, 1]})


def make(place, data=DATA, recipe=RECIPE):
    with artifacts.staged(place, recipe) as folder:
        artifacts.write_dataset(data, folder / "dataset.zarr")


def test_an_artifact_has_its_store_and_a_manifest_that_describes_it(tmp_path):
    make(tmp_path / RECIPE.id)
    manifest = artifacts.read_manifest(tmp_path / RECIPE.id)
    assert Recipe.from_json(manifest) == RECIPE
    assert manifest["id"] == RECIPE.id
    assert manifest["content"] == artifacts.digest(tmp_path / RECIPE.id)
    assert manifest["environment"]["packages"]["xarray"] == xr.__version__
    xr.testing.assert_identical(artifacts.open_dataset(tmp_path / RECIPE.id / "dataset.zarr").load(), DATA)


def test_an_error_leaves_nothing(tmp_path):
    def fail():
        with artifacts.staged(tmp_path / "a", RECIPE) as folder:
            (folder / "half").write_text("half")
            raise RuntimeError("boom")

    with pytest.raises(RuntimeError, match="boom"):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_a_kill_leaves_nothing_that_counts_and_the_next_run_cleans_up(tmp_path):
    program = f"""
        import os, signal
        from pathlib import Path
        from infoplane import artifacts
        with artifacts.staged(Path({str(tmp_path / "a")!r}), artifacts.Recipe("dataset", {{}}, {{}}, "")) as folder:
            (folder / "half").write_text("half")
            os.kill(os.getpid(), signal.SIGKILL)
    """
    killed = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not (tmp_path / "a").exists()
    assert len(list(tmp_path.iterdir())) == 1
    make(tmp_path / "a")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_the_version_that_is_there_stays(tmp_path):
    make(tmp_path / "a")
    before = (tmp_path / "a" / "manifest.json").read_text()
    make(tmp_path / "a")
    assert (tmp_path / "a" / "manifest.json").read_text() == before
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_same_data_same_digest_and_any_changed_byte_or_name_shows(tmp_path):
    make(tmp_path / "a")
    make(tmp_path / "b")
    make(tmp_path / "c", DATA.assign(x=DATA.x + 1))
    digest = artifacts.digest(tmp_path / "a")
    assert digest == artifacts.digest(tmp_path / "b")
    assert digest != artifacts.digest(tmp_path / "c")
    chunk = max(
        (p for p in (tmp_path / "a").rglob("*") if p.is_file() and p.name != "manifest.json"),
        key=os.path.getsize,
    )
    chunk.rename(chunk.with_name("elsewhere"))
    assert digest != artifacts.digest(tmp_path / "a")


def test_parts_read_as_one_in_the_order_of_replicates(tmp_path):
    for i in range(2):
        artifacts.write_dataset(DATA.isel(replicate=[i]), tmp_path / str(i))
    xr.testing.assert_identical(artifacts.open_parts([tmp_path / "0", tmp_path / "1"]).load(), DATA)


def test_a_missing_manifest_is_one_line(tmp_path):
    with pytest.raises(ValueError, match=r"manifest.json: missing") as error:
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
