import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from infoplane.statistics import (
    bootstrap,
    distance_below_bound,
    epochs_until,
    epochs_until_compressed,
    mean,
    median,
)


def replicates(values, **coords):
    return xr.DataArray(np.asarray(values, float), dims=("replicate", *coords), coords=coords)


def curve(values, epoch):
    return xr.DataArray(np.asarray(values, float), dims="epoch", coords={"epoch": epoch})


def test_interval_of_a_mean_is_that_of_the_central_limit_theorem():
    data = replicates(np.random.default_rng(0).normal(size=400))
    result = bootstrap(mean, data)
    error = float(data.std(ddof=1)) / 20
    assert float(result.estimate) == pytest.approx(float(data.mean()))
    assert float(result.high - result.estimate) == pytest.approx(1.96 * error, rel=0.1)
    assert float(result.estimate - result.low) == pytest.approx(1.96 * error, rel=0.1)


def test_intervals_hold_the_truth_as_often_as_they_say():
    data = np.random.default_rng(0).normal(size=(30, 500))
    result = bootstrap(mean, replicates(data, experiment=range(500)), level=0.9, resamples=500)
    covered = float(((result.low <= 0) & (result.high >= 0)).mean())
    # the percentile interval of 30 networks is a little short: 0.886 expected; standard error 0.014
    assert 0.84 < covered < 0.93


def test_arrays_are_resampled_together():
    rng = np.random.default_rng(0)
    a = rng.normal(size=50)
    same = bootstrap(lambda a, b: xr.corr(a, b, "replicate"), replicates(a), replicates(2 * a + 1))
    assert (float(same.low), float(same.high)) == pytest.approx((1, 1))
    difference = bootstrap(lambda a, b: (a - b).mean("replicate"), replicates(a + 3), replicates(a))
    assert (float(difference.low), float(difference.high)) == pytest.approx((3, 3))
    other = bootstrap(lambda a, b: xr.corr(a, b, "replicate"), replicates(a), replicates(rng.normal(size=50)))
    assert float(other.low) < 0 < float(other.high)


def test_replicates_are_matched_by_their_number():
    a = replicates([1, 2, 3]).assign_coords(replicate=[0, 1, 2])
    b = replicates([1, 2, 3]).assign_coords(replicate=[0, 1, 5])
    with pytest.raises(ValueError, match="replicate"):
        bootstrap(lambda a, b: (a - b).mean("replicate"), a, b)


@settings(max_examples=20)
@given(st.integers(2, 30), st.integers(0, 2**32))
def test_interval_lies_within_the_data_and_around_the_median(n, seed):
    data = replicates(np.random.default_rng(seed).normal(size=n))
    result = bootstrap(median, data, resamples=300)
    assert data.min() <= result.low <= result.estimate <= result.high <= data.max()


@given(st.integers(0, 2**32))
@settings(max_examples=10)
def test_same_seed_same_interval(seed):
    data = replicates(np.random.default_rng(seed).normal(size=(10, 3)), layer=[1, 2, 3])
    xr.testing.assert_identical(bootstrap(mean, data, resamples=50), bootstrap(mean, data, resamples=50))
    assert not bootstrap(mean, data, resamples=50, seed=1).equals(bootstrap(mean, data, resamples=50))


def test_other_dimensions_stay_with_their_replicate():
    values = np.random.default_rng(0).normal(size=(20, 4, 3))
    data = replicates(values, epoch=[0, 1, 10, 100], layer=[1, 2, 3])
    together = bootstrap(mean, data)
    assert dict(together.sizes) == {"epoch": 4, "layer": 3}
    xr.testing.assert_allclose(bootstrap(mean, data.sel(epoch=10)), together.sel(epoch=10))


def test_one_replicate_has_no_interval():
    result = bootstrap(mean, replicates([3.0]))
    assert float(result.estimate) == 3
    assert np.isnan(result.low)
    assert np.isnan(result.high)


def test_diverged_replicates_are_left_out():
    data = replicates([1.0, 2, 3, np.nan, 4])
    result = bootstrap(mean, data)
    assert float(result.estimate) == 2.5
    assert 1 <= result.low <= result.high <= 4


def test_networks_that_never_get_there_count_as_late():
    result = bootstrap(median, replicates([10, 20, 30, np.inf, np.inf]))
    assert float(result.estimate) == 30
    assert 10 <= result.low <= 30
    assert np.isinf(result.high)


def test_epochs_until_is_linear_between_snapshots():
    error = curve([0.5, 0.4, 0.2, 0.1], [0, 10, 20, 100])
    assert float(epochs_until(error, 0.3)) == pytest.approx(15)
    assert float(epochs_until(error, 0.1)) == pytest.approx(100)
    assert float(epochs_until(error, 0.5)) == 0
    assert float(epochs_until(error, 0.6)) == 0
    assert np.isinf(epochs_until(error, 0.05))
    assert float(epochs_until(-error, -0.3, falling=False)) == pytest.approx(15)


def test_epochs_until_of_networks_that_diverge():
    error = curve([0.5, 0.3, np.nan, np.nan], [0, 10, 20, 100])
    assert float(epochs_until(error, 0.4)) == pytest.approx(5)
    assert np.isnan(epochs_until(error, 0.1))


def test_epochs_until_takes_the_first_time():
    assert float(epochs_until(curve([1, 0, 1, 0], [0, 1, 2, 3]), 0.5)) == pytest.approx(0.5)


def test_compression_counts_from_the_peak_so_far():
    information = curve([4, 6, 5, 3, 1], [0, 1, 10, 20, 30])
    assert float(epochs_until_compressed(information, 1)) == pytest.approx(10)
    assert float(epochs_until_compressed(information, 2)) == pytest.approx(15)
    assert np.isinf(epochs_until_compressed(information, 5.5))
    several = xr.concat([information, information[::-1].assign_coords(epoch=information.epoch)], "replicate")
    result = epochs_until_compressed(several, 1.0)
    assert float(result[0]) == pytest.approx(10)
    assert np.isinf(epochs_until_compressed(several, 2.5)[1])


def test_distance_below_the_bound():
    bound = xr.Dataset({"I_X": ("point", [0.0, 1.0, 3.0]), "I_Y": ("point", [0.0, 0.8, 1.0])})
    i_xt, i_ty = (xr.DataArray(v, dims="layer") for v in ([0.5, 2.0, 9.0, np.nan], [0.4, 0.5, 1.0, np.nan]))
    np.testing.assert_allclose(distance_below_bound(bound, i_xt, i_ty), [0, 0.4, 0, np.nan], atol=1e-12)
