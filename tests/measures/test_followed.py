"""Inputs followed through a network: which they are, and what a layer confuses with them."""

import numpy as np
import pytest
import xarray as xr

from infoplane.measures.followed import INPUTS, Followed, followed, of_cells
from infoplane.measures.specific import specific_information
from infoplane.testing import examples


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_as_many_of_each_class(classes):
    likely = np.arange(4000) % classes
    chosen = followed(np.eye(classes)[likely])
    counts = np.bincount(likely[chosen], minlength=classes)
    assert set(counts) == {INPUTS // classes}
    assert (np.diff(chosen) > 0).all()
    assert np.ptp(chosen) > 2000


def test_no_more_inputs_than_asked_for_where_there_are_more_classes():
    assert len(followed(np.eye(40)[np.arange(400) % 40])) == INPUTS


def test_a_class_that_no_input_is_likely_in_gives_none():
    assert len(followed(np.array([[0.6, 0.4]] * 50))) == INPUTS


def test_fewer_inputs_than_are_followed():
    assert followed(np.eye(2)).tolist() == [0, 1]


def test_a_cell_is_told_as_for_one_input_alone():
    rng = np.random.default_rng(1)
    cell, x = rng.integers(0, 4, 60), rng.normal(size=(60, 3))
    p_x, likely = rng.dirichlet(np.ones(60)), rng.dirichlet(np.ones(3), 60)
    chosen = np.array([2, 17, 40])
    found = of_cells(cell, chosen, x, p_x, likely)
    for place, sample in enumerate(chosen):
        alike = cell == cell[sample]
        assert found["cell_size"][place] == alike.sum()
        np.testing.assert_allclose(found["pattern"][place], np.average(x[alike], axis=0, weights=p_x[alike]), rtol=1e-6)
        data = [xr.DataArray(v, dims=d) for v, d in ((cell, "sample"), (p_x, "sample"), (likely, ("sample", "class")))]
        alone = specific_information(*data, int(sample))
        assert found["followed_XT"][place] == pytest.approx(float(alone.specific_XT))
        assert found["followed_TY"][place] == pytest.approx(float(alone.specific_TY), abs=1e-12)


def test_each_network_counts_for_itself_and_nothing_is_known_once_it_has_diverged():
    data = examples.dataset()
    whole = Followed().measure(examples.training(data), data)
    assert whole["pattern"].dims[:3] == ("replicate", "epoch", "layer")
    assert set(whole["pattern"].dims[3:]) == {"input", "feature"}
    broken = Followed().measure(examples.training(data, diverged={1: 5}), data)
    others = whole["replicate"] != whole["replicate"][1]
    early = whole["epoch"] < 5
    for name in whole.data_vars:
        xr.testing.assert_equal(broken[name].where(others, drop=True), whole[name].where(others, drop=True))
        gone = broken[name].isel(replicate=1)
        xr.testing.assert_equal(gone.where(early, drop=True), whole[name].isel(replicate=1).where(early, drop=True))
        assert gone.where(~early, drop=True).isnull().all()


def test_not_more_snapshots_than_are_asked_for():
    data = examples.dataset()
    epochs = Followed(snapshots=3).measure(examples.training(data), data)["epoch"].values
    assert (len(epochs), epochs[0], epochs[-1]) == (3, examples.EPOCHS[0], examples.EPOCHS[-1])
