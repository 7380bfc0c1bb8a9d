"""What each replicate draws: independent of how many there are, and distributed as p(y|x) says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from infoplane.datasets.base import joint
from infoplane.datasets.replicates import draw


def distribution(n_samples=3000, p=(0.2, 0.5, 0.3)):
    return joint(np.zeros((n_samples, 1)), np.full(n_samples, 1 / n_samples), np.tile(p, (n_samples, 1)))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**63), few=st.integers(1, 4), more=st.integers(1, 4))
def test_a_replicate_does_not_depend_on_how_many_there_are(seed, few, more):
    data = distribution(50)
    first, all_of_them = draw(data, seed, few), draw(data, seed, few + more)
    for name in ("label", "order"):
        np.testing.assert_array_equal(first[name], all_of_them[name][:few])


def test_replicates_and_seeds_differ():
    data = distribution(200)
    one, other = draw(data, 1, 3), draw(data, 2, 3)
    for name in ("label", "order"):
        rows = np.concatenate([one[name], other[name]])
        assert len(np.unique(rows, axis=0)) == 6


def test_order_is_a_permutation_and_uniform():
    data = draw(distribution(40), 7, 400)
    order = data["order"].values
    np.testing.assert_array_equal(np.sort(order, axis=1), np.tile(np.arange(40), (400, 1)))
    assert chisquare(np.bincount(order[:, 0], minlength=40)).pvalue > 1e-4


def test_labels_follow_their_probabilities():
    label = draw(distribution(), 3, 4)["label"].values
    assert chisquare(np.bincount(label.ravel(), minlength=3), np.array([0.2, 0.5, 0.3]) * label.size).pvalue > 1e-4


def test_certain_labels_are_never_missed():
    certain = distribution(500, (0.0, 1.0, 0.0))
    assert (draw(certain, 0, 5)["label"] == 1).all()


def test_labels_and_order_are_independent():
    data = draw(distribution(3000, (0.5, 0.5)), 11, 1)
    label, order = data["label"].values[0], data["order"].values[0]
    assert abs(np.corrcoef(label, order)[0, 1]) < 0.08


@pytest.mark.parametrize(("name", "dtype"), [("label", np.int8), ("order", np.int32)])
def test_types_names_and_units(name, dtype):
    data = draw(distribution(10), 0, 2)
    assert data[name].dtype == dtype
    assert data[name].dims == ("replicate", "sample")
    assert data["replicate"].values.tolist() == [0, 1]
    assert all({"units", "long_name"} <= set(variable.attrs) for variable in data.data_vars.values())
