import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from infoplane.measures.adaptive import adaptive_information, equal_mass_bins
from infoplane.measures.exact import exact_information


def arrays(t, p_x, p_y):
    dims = (("sample", "unit"), ("sample",), ("sample", "class"))
    return [xr.DataArray(a, dims=d) for a, d in zip((np.asarray(t, np.float32), p_x, p_y), dims, strict=True)]


@given(st.integers(2, 30), st.integers(1, 5), st.integers(0, 2**32))
def test_bins_hold_equally_many_distinct_values(bins, each, seed):
    values = np.random.default_rng(seed).permutation(bins * each).astype(np.float32)
    index, _ = equal_mass_bins(np.exp(values / 10).reshape(1, -1, 1), bins)
    assert np.array_equal(index.ravel(), values // each)


def test_a_value_that_many_share_counts_once():
    t = np.array([0, 0, 0, 0, 0, 0, 1, 2, 3], np.float32).reshape(1, -1, 1)
    assert equal_mass_bins(t, 2)[0].ravel().tolist() == [0] * 7 + [1] * 2


def test_fewer_values_than_bins_get_a_bin_each():
    t = np.array([5, -1, 5, 2], np.float32).reshape(1, -1, 1)
    assert len(set(equal_mass_bins(t, 30)[0].ravel())) == 3


@given(st.integers(0, 2**32))
def test_any_increasing_function_of_the_activations_gives_the_same(seed):
    rng = np.random.default_rng(seed)
    t = rng.integers(-100, 100, (50, 3)) / 40  # with ties, and so far apart that rounding joins none
    p_x, p_y = rng.dirichlet(np.ones(50)), rng.dirichlet([1, 1], 50)
    expected = adaptive_information(*arrays(t, p_x, p_y), bins=4)
    for change in (lambda t: 3 * t - 7, np.exp, lambda t: t**3):
        xr.testing.assert_allclose(adaptive_information(*arrays(change(t), p_x, p_y), bins=4), expected)


def test_units_are_binned_together_per_row():
    """The edges are the layer's: a unit whose activations all lie below the others' has no information."""
    t = np.stack([np.linspace(0, 0.1, 8), np.linspace(10, 20, 8)], axis=1)
    p_x, p_y = np.full(8, 1 / 8), np.eye(2)[np.arange(8) % 2]
    assert float(adaptive_information(*arrays(t, p_x, p_y), bins=2).H_T) == pytest.approx(0, abs=1e-12)
    assert float(adaptive_information(*arrays(t, p_x, p_y), bins=4).H_T) == pytest.approx(1)


@given(st.integers(0, 2**32), st.integers(1, 12))
def test_exact_counts_distinct_vectors(informations, seed, units):
    rng = np.random.default_rng(seed)
    t = rng.normal(size=(8, units))[rng.integers(8, size=40)].astype(np.float32)
    t[0] = np.nextafter(t[1], np.float32(np.inf))
    p_x, p_y = rng.dirichlet(np.ones(40)), rng.dirichlet([0.5, 0.5], 40)
    result = exact_information(*arrays(t, p_x, p_y))
    expected = informations([row.tobytes() for row in t], p_x, p_y)
    assert tuple(float(result[v]) for v in ("I_XT", "I_TY", "H_T")) == pytest.approx(expected, abs=1e-9)
