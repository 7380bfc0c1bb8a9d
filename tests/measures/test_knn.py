import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_selection import mutual_info_classif

from infoplane.measures.knn import Knn, knn_information, ross


def shift_information(distance):
    """I(T;Y) in bits of T ~ N(±distance/2, 1) for two equally likely Y, by the trapezoidal rule."""
    t = np.linspace(-12, 12, 20_001)
    density = [np.exp(-((t - m) ** 2) / 2) / np.sqrt(2 * np.pi) for m in (distance / 2, -distance / 2)]
    mean = np.mean(density, axis=0)
    return np.trapezoid(np.mean([d * np.log2(np.maximum(d, 1e-300) / mean) for d in density], axis=0), t)


@pytest.mark.parametrize("distance", [0.0, 1.0, 2.0, 4.0])
@pytest.mark.parametrize("idle_units", [0, 2])
def test_two_shifted_gaussians(distance, idle_units):
    rng = np.random.default_rng(int(10 * distance) + idle_units)
    label = np.arange(3000) % 2
    t = rng.normal(size=(3000, 1 + idle_units))
    t[:, 0] += distance * (label - 0.5)
    truth = shift_information(distance)
    assert ross(t, label, 3) == pytest.approx(truth, abs=0.05)


def test_uniform_intervals_that_overlap_by_half():
    """T uniform on [0, 2] or [1, 3]: half of it tells Y exactly, half nothing."""
    rng = np.random.default_rng(0)
    label = np.arange(4000) % 2
    assert ross((rng.uniform(0, 2, 4000) + label)[:, None], label, 3) == pytest.approx(0.5, abs=0.04)


@pytest.mark.parametrize("neighbours", [1, 3, 10])
def test_one_unit_agrees_with_scikit_learn(neighbours):
    rng = np.random.default_rng(neighbours)
    label = rng.integers(3, size=500)
    t = rng.normal(size=500) + label
    expected = mutual_info_classif(t[:, None] / t.std(), label, n_neighbors=neighbours, random_state=0)[0]
    assert ross(t[:, None], label, neighbours) == pytest.approx(expected / np.log(2), abs=1e-6)


@pytest.mark.parametrize("flip", [0.0, 0.1, 0.5])
def test_few_distinct_values_are_counted(flip):
    """Without the distances: T one of two values that agrees with Y but for a share of `flip`."""
    rng = np.random.default_rng(0)
    label = rng.permutation(np.arange(4000) % 2)
    t = np.where(rng.random(4000) < flip, 1 - label, label)
    h = -sum(p * np.log2(p) for p in (flip, 1 - flip) if p > 0)
    assert ross(t[:, None].astype(float), label, 3) == pytest.approx(1 - h, abs=0.02)


@settings(max_examples=20)
@given(st.integers(0, 2**32), st.floats(0.01, 100))
def test_scale_and_order_change_nothing(seed, scale):
    rng = np.random.default_rng(seed)
    label, t = rng.integers(3, size=120), rng.normal(size=(120, 2))
    expected = ross(t, label, 3)
    order = rng.permutation(120)
    assert ross(scale * t, label, 3) == pytest.approx(expected, abs=1e-9)
    assert ross(t[order][:, ::-1], 2 - label[order], 3) == pytest.approx(expected, abs=1e-9)


def test_small_classes():
    rng = np.random.default_rng(0)
    t, label = rng.normal(size=(50, 1)), np.zeros(50, int)
    label[:2], label[2] = 1, 2  # two of one class, which has one neighbour; one of another, which has none
    assert np.isfinite(ross(t, label, 3))
    assert np.isnan(ross(t[:2], np.array([0, 1]), 3))


def test_each_replicate_has_its_labels(dataset, training):
    uniform = dataset.assign(p_x=xr.full_like(dataset.p_x, 1 / 200))
    result = Knn().measure(training, uniform)
    for number in (1, 2, 3):
        t = training[f"layer_{number}"].activation.sel(epoch=1, replicate=11).values
        expected = ross(t.astype(float), dataset.label.sel(replicate=11).values, 3)
        assert float(result.I_TY.sel(replicate=11, epoch=1, layer=number)) == pytest.approx(expected)


def test_unequal_samples_are_an_error(dataset, training):
    with pytest.raises(ValueError, match="equally likely"):
        Knn().measure(training, dataset)


def test_nan_gives_nan():
    t = xr.DataArray([[1.0], [np.nan], [2.0]], dims=("sample", "unit"))
    assert np.isnan(knn_information(t, xr.DataArray([0, 1, 0], dims="sample")).I_TY)
