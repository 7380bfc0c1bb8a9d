import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infoplane.measures.cells import FLOAT32_PATTERNS, find_cells, float_patterns


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
