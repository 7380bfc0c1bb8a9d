from collections import defaultdict
from math import log2

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from infoplane.measures.cells import (
    FLOAT32_PATTERNS,
    Joint,
    cell_information,
    discrete_information,
    find_cells,
    float_patterns,
)


@st.composite
def bin_indices(draw):
    """Indices with many coincidences, of which some need several integers (radix^units > 2^64)."""
    radix = draw(st.sampled_from([2, 30, 1000, 2**20, FLOAT32_PATTERNS]))
    shape = draw(st.tuples(st.integers(1, 3), st.integers(1, 40), st.integers(1, 15)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    few = rng.integers(radix, size=(shape[0], 4, shape[2]))
    vectors = few[np.arange(shape[0])[:, None], rng.integers(4, size=shape[:2])]
    changed = rng.random(shape) < 0.02
    return np.where(changed, rng.integers(radix, size=shape), vectors).astype(float), radix


@given(bin_indices())
def test_same_label_if_and_only_if_same_vector(case):
    indices, radix = case
    labels = find_cells(indices, radix).labels()
    for row, label in zip(indices, labels, strict=True):
        vectors = [tuple(v) for v in row]
        pairs = set(zip(vectors, label.tolist(), strict=True))
        assert len(pairs) == len(set(vectors)) == len(set(label.tolist()))


@given(bin_indices())
def test_order_is_a_permutation_that_keeps_cells_together(case):
    cells = find_cells(*case)
    for order, first, label in zip(cells.order, cells.first, cells.labels(), strict=True):
        assert sorted(order) == list(range(len(order)))
        assert np.array_equal(np.cumsum(first) - 1, label[order])


def test_vectors_that_differ_in_one_late_digit_do_not_collide():
    samples, units = 4096, 40
    indices = np.full((1, samples, units), 29.0)
    indices[0, :, -3:] = np.stack(np.unravel_index(np.arange(samples), (30, 30, 30)), axis=1)
    assert find_cells(indices, 30).labels().max() == samples - 1


def test_more_samples_than_fit_beside_the_key():
    samples = 70_000  # 17 bits of label and 32 of a float leave too few of 64 for the sample's number
    values = np.arange(samples, dtype=np.float32).reshape(1, -1, 1) // 2
    cells = find_cells(*float_patterns(np.concatenate([values, -values], axis=2)))
    assert cells.first.sum() == samples // 2
    assert cells.valid.all()


def test_a_nan_marks_its_row_alone():
    indices = np.zeros((2, 5, 25))
    indices[1, 3, 24] = np.nan
    assert find_cells(indices, 30).valid.tolist() == [True, False]


@pytest.mark.parametrize(("a", "b", "same"), [(0.0, -0.0, True), (1.0, np.nextafter(np.float32(1), 2), False)])
def test_float_patterns_tell_values_apart(a, b, same):
    patterns, _ = float_patterns(np.array([a, b], np.float32))
    assert (patterns[0] == patterns[1]) == same


def entropy(*values, p):
    """H in bits of the tuples of several columns of values (sample), weighted by p (sample), by definition."""
    sums = defaultdict(float)
    for *key, weight in zip(*values, p, strict=True):
        sums[tuple(key)] += weight
    return -sum(w * log2(w) for w in sums.values() if w > 0)


@given(bin_indices(), st.integers(0, 2**32), st.integers(1, 5))
def test_what_a_layer_knows_splits_into_class_and_rest(case, seed, classes):
    indices, radix = case
    rng = np.random.default_rng(seed)
    samples = indices.shape[1]
    p_x, s = rng.dirichlet(np.ones(samples)), rng.integers(classes, size=samples)
    joint = Joint.of(p_x, rng.dirichlet(np.ones(3), classes)[s], s)
    found = cell_information(find_cells(indices, radix, joint.rank), joint)
    i_xt, _, h_t, i_st, i_xt_given_s = found
    np.testing.assert_allclose([i_st + i_xt_given_s, h_t], [i_xt, i_xt], atol=1e-12)
    for row, i_st_row in zip(indices, i_st, strict=True):
        cells = [tuple(v) for v in row]
        expected = entropy(cells, p=p_x) + entropy(s, p=p_x) - entropy(cells, s, p=p_x)
        assert i_st_row == pytest.approx(expected, abs=1e-9)


def test_the_split_is_the_same_where_the_sample_does_not_fit_beside_the_key():
    rng = np.random.default_rng(0)
    indices, s = rng.integers(3, size=(2, 50, 4)).astype(float), rng.integers(4, size=50)
    joint = Joint.of(rng.dirichlet(np.ones(50)), np.eye(4)[s], s)
    packed = cell_information(find_cells(indices, 3, joint.rank), joint)
    argsorted = cell_information(find_cells(indices, 2**15, joint.rank), joint)  # 60 bits of key and 6 of sample
    np.testing.assert_allclose(packed, argsorted)


def test_without_a_stated_class_it_is_the_label():
    t = xr.DataArray(np.arange(8.0).reshape(1, 8, 1) // 2, dims=("replicate", "sample", "unit"))
    p_x, y = xr.DataArray(np.full(8, 1 / 8), dims="sample"), np.arange(8) // 4
    p_y_given_x = xr.DataArray(np.eye(2)[y], dims=("sample", "class"))
    found = discrete_information(t, p_x, p_y_given_x, float_patterns)
    assert found["I_ST"].item() == pytest.approx(1)
    assert found["I_TY"].item() == pytest.approx(1)
    assert found["I_XT_given_S"].item() == pytest.approx(1)


def test_a_class_that_does_not_determine_the_label_is_refused():
    with pytest.raises(ValueError, match=r"sufficient_class: .*allowed"):
        Joint.of(np.full(2, 0.5), np.eye(2), np.zeros(2, int))


def test_miller_madow_corrects_what_few_samples_miss():
    rng = np.random.default_rng(0)
    samples, cells = 200, 16  # H(T) is 4 bits; the plug-in entropy is too low by about (16 - 1) / 400 nats
    t = rng.integers(cells, size=(500, samples, 1)).astype(float)
    joint = Joint.of(np.full(samples, 1 / samples), np.full((samples, 2), 0.5), np.zeros(samples, int))
    plain, corrected = (cell_information(find_cells(t, cells, joint.rank), joint, c) for c in (None, "miller_madow"))
    assert 4 - plain[0].mean() == pytest.approx((cells - 1) / (2 * samples * np.log(2)), rel=0.1)
    assert corrected[0].mean() == pytest.approx(4, abs=0.005)
