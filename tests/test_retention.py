"""A training's activations go when all is measured, and come back as they were; at each step a kill loses nothing."""

import json
import re

import numpy as np
import pytest
import xarray as xr

from infoplane import artifacts, retention, stores
from infoplane.artifacts import Recipe

TRAINING = Recipe("training", {"epochs": 1}, {"dataset": "0" * 12}, "code")
MEASURED = "a" * 12


def make(folder, seed=0, stage="training", **about):
    """A training, or another artifact, in `folder`."""
    rng = np.random.default_rng(seed)
    layer = xr.Dataset(
        {
            "activation": (("replicate", "epoch", "sample", "unit"), rng.normal(size=(2, 3, 500, 4))),
            "activation_max": (("replicate", "epoch"), rng.normal(size=(2, 3))),
            "weight": (("replicate", "epoch", "unit_in", "unit"), rng.normal(size=(2, 3, 5, 4))),
        }
    )
    curves = xr.Dataset({"train_loss": (("replicate", "epoch"), rng.normal(size=(2, 3)))})
    folder.mkdir(parents=True)
    stores.write(xr.DataTree.from_dict({"/": curves, "/layer_1": layer}), folder / "training.zarr.zip")
    files = artifacts.files(folder)
    manifest = {**TRAINING.to_json(), "stage": stage, "content": files, "files": files, "seconds": seed, **about}
    (folder / "manifest.json").write_text(json.dumps(manifest))


@pytest.fixture
def results(tmp_path):
    """A results folder with a whole training."""
    make(tmp_path / TRAINING.place)
    return tmp_path


@pytest.fixture
def place(results):
    return results / TRAINING.place


def measure(results):
    make(results / "measurements" / MEASURED, stage="measurement")


def let_go(results, keep=False):
    return retention.release(results, TRAINING.id, [MEASURED], keep)


def manifest(folder):
    return json.loads((folder / "manifest.json").read_text())


def test_a_checkpoint_goes_when_the_training_is_there_whole(results, place):
    checkpoint = results / "checkpoints" / TRAINING.id
    for is_whole in (False, True):
        checkpoint.mkdir(parents=True, exist_ok=True)
        if not is_whole:
            measure(results)
            let_go(results)
        else:
            make(retention.spare(place))
        retention.drop_checkpoint(results, TRAINING.id)
        assert checkpoint.exists() != is_whole


def test_a_damaged_training_is_named(results, place):
    measure(results)
    store = place / "training.zarr.zip"
    data = bytearray(store.read_bytes())
    at = data.find(b"layer_1/weight/c/")
    data[at + 60] ^= 1
    store.write_bytes(data)
    with pytest.raises(ValueError, match=rf"^{re.escape(str(store))}: damaged \(.*\); remove .* and run again$"):
        let_go(results)
    assert store.read_bytes() == data


def test_only_the_activations_go_and_only_when_all_is_measured(results, place):
    before, store = manifest(place), stores.open_tree(place / "training.zarr.zip").load()
    size = (place / "training.zarr.zip").stat().st_size
    assert not let_go(results)
    assert manifest(place) == before
    measure(results)
    assert not let_go(results, keep=True)
    assert manifest(place) == before
    assert let_go(results)
    left = stores.open_tree(place / "training.zarr.zip").load()
    xr.testing.assert_identical(left.to_dataset(), store.to_dataset())
    xr.testing.assert_identical(left["layer_1"].to_dataset(), store["layer_1"].to_dataset().drop_vars("activation"))
    assert (place / "training.zarr.zip").stat().st_size < size / 5
    assert {**manifest(place), "files": None} == {**before, "files": None}
    assert artifacts.checked(place)["content"] == before["content"]
    assert not retention.spare(place).exists()
    assert not let_go(results), "there is nothing more to do"


def test_who_needs_them_is_told_in_one_line(results, place):
    assert retention.whole(place) == place
    measure(results)
    let_go(results)
    with pytest.raises(ValueError, match=r"^[^\n]*: its activations were let go \(keep_activations\); [^\n]*$"):
        retention.whole(place)
    assert [*retention.told([manifest(place)])] == [
        "1 training is there without activations: these were let go (keep_activations) and are re-derivable"
    ]
    assert [*retention.told([manifest(results / "measurements" / MEASURED)])] == []


def test_what_is_made_again_gets_the_recorded_manifest_and_can_be_kept(results, place):
    before = manifest(place)
    measure(results)
    let_go(results)
    target = retention.target(results, TRAINING, keep=True)
    assert target == retention.spare(place)
    make(target, started="later")
    retention.agree(target, place)
    assert manifest(target) == before
    assert retention.whole(place) == target
    assert let_go(results, keep=True)
    assert manifest(place) == before
    assert artifacts.checked(place)
    assert not target.exists()


def test_other_bytes_than_the_recorded_are_refused_in_one_line(results, place):
    measure(results)
    let_go(results)
    make(retention.spare(place), seed=1)
    with pytest.raises(ValueError, match=r"^[^\n]*: made again, it has other bytes than were let go [^\n]*$"):
        retention.agree(retention.spare(place), place)


@pytest.mark.parametrize("keep", [True, False])
def test_a_kill_between_the_two_places_loses_nothing(results, place, keep):
    before = manifest(place)
    retention.spare(place).parent.mkdir()
    place.rename(retention.spare(place))
    assert retention.target(results, TRAINING, keep) is None, "it need not be trained again"
    assert artifacts.checked(place)["content"] == before["content"]
    assert retention.whole(place) == retention.spare(place)
    measure(results)
    assert let_go(results, keep)
    assert retention.is_let_go(manifest(place)) is not keep
    assert not retention.spare(place).exists()


def test_a_new_training_is_made_where_it_can_go(tmp_path):
    place = tmp_path / TRAINING.place
    assert retention.target(tmp_path, TRAINING, keep=True) == place
    assert retention.target(tmp_path, TRAINING, keep=False) == retention.spare(place)


def test_a_manifest_that_lists_less_is_not_of_what_was_let_go(results, place):
    assert not retention.is_let_go({**manifest(place), "files": {}})
