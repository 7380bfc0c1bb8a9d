import numpy as np
import pytest
import xarray as xr
from scipy.stats import spearmanr

from infoplane.statistics import (
    at_epoch,
    bootstrap_interval,
    crossed_intervals,
    crossed_shares,
    epochs_until,
    epochs_until_compressed,
    jackknife_interval,
    mean_interval,
    rank_correlation,
    smoothed,
)


def replicates(values, **coords):
    return xr.DataArray(np.asarray(values, float), dims=("replicate", *coords), coords=coords)


def curve(values, epoch):
    return xr.DataArray(np.asarray(values, float), dims="epoch", coords={"epoch": epoch})


def of_mean(values, scale="linear"):
    found = mean_interval(values, "bits", "height", scale)
    return {str(part): found.sel(interval=part, drop=True) for part in found["interval"].values}


def test_intervals_of_ten_networks_hold_the_mean_as_often_as_they_say():
    draws = np.random.default_rng(0).normal(size=(10, 4000))
    found = of_mean(replicates(draws, experiment=range(4000)))
    covered = float(((found["low"] <= 0) & (found["high"] >= 0)).mean())
    assert covered == pytest.approx(0.95, abs=0.012)  # standard error 0.0034


def test_intervals_of_a_ratio_are_those_of_its_logarithm():
    draws = np.random.default_rng(0).normal(size=(10, 4000))
    found = of_mean(replicates(np.exp(1 + draws), experiment=range(4000)), "log")
    covered = float(((found["low"] <= np.e) & (found["high"] >= np.e)).mean())
    assert covered == pytest.approx(0.95, abs=0.012)
    plain = of_mean(replicates(1 + draws, experiment=range(4000)))
    for part in ("estimate", "low", "high"):
        np.testing.assert_allclose(found[part], np.exp(plain[part]))
    np.testing.assert_allclose(found["error"], plain["error"])


def test_bca_intervals_of_a_skewed_statistic_hold_it_nearly_as_often_as_they_say():
    rng = np.random.default_rng(0)
    covered = 0
    for draw in rng.exponential(size=(150, 40)):  # the median of an exponential distribution is log 2
        low, high = bootstrap_interval(np.median, draw, units="1", long_name="median")[1:3].values
        covered += low <= np.log(2) <= high
    assert covered / 150 > 0.88  # 0.95 nominal; standard error 0.018


def test_two_samples_are_resampled_alone_and_pairs_together():
    rng = np.random.default_rng(0)
    a = rng.normal(size=50)

    def difference(a, b, axis=-1):
        return a.mean(axis) - b.mean(axis)

    alone, pairs = (
        bootstrap_interval(difference, a + 3, a, units="1", long_name="d", paired=paired)[:3].values
        for paired in (False, True)
    )
    assert alone[1] < alone[0] < alone[2]
    np.testing.assert_allclose(pairs, 3)


def test_other_dimensions_stay_with_their_replicate():
    data = replicates(np.random.default_rng(0).normal(size=(20, 3)), layer=[1, 2, 3])
    together = mean_interval(data, "bits", "height")
    assert dict(together.sizes) == {"interval": 5, "layer": 3}
    xr.testing.assert_allclose(mean_interval(data.sel(layer=2), "bits", "height"), together.sel(layer=2, drop=True))


def test_one_network_has_no_interval():
    found = of_mean(replicates([3.0]))
    assert float(found["estimate"]) == 3
    assert np.isnan([found["low"], found["high"]]).all()
    parts = bootstrap_interval(np.median, np.ones(1), units="1", long_name="median").values
    assert parts[0] == 1
    assert np.isnan(parts[1:4]).all()


def test_networks_that_are_all_alike_have_a_point():
    found = of_mean(replicates([2.0, 2, 2]))
    assert [float(found[part]) for part in ("estimate", "low", "high", "error")] == [2, 2, 2, 0]


def test_a_statistic_that_some_draws_lack_has_no_interval():
    """Of two networks a resample is often one network twice, in which nothing varies and no correlation is."""
    pair = np.array([1.0, 2.0])
    parts = bootstrap_interval(rank_correlation, pair, pair, units="1", long_name="r", paired=True).values
    assert parts[0] == pytest.approx(1)
    assert np.isnan(parts[1:4]).all()


def test_networks_without_a_say_are_left_out():
    found, few = of_mean(replicates([1.0, 2, 3, np.nan, 4])), of_mean(replicates([1.0, 2, 3, 4]))
    for part, value in few.items():
        xr.testing.assert_equal(found[part], value)


def test_the_rank_correlation_is_spearmans():
    rng = np.random.default_rng(1)
    x, noise = rng.integers(0, 9, (2, 3, 60)) / 9  # with ties
    y = x**3 + 0.3 * noise
    expected = [spearmanr(a, b).statistic for a, b in zip(x, y, strict=True)]
    np.testing.assert_allclose(rank_correlation(x, y), expected)
    assert np.isnan(rank_correlation(x, 0 * y)).all()


def path(epochs):
    """A rise and a fall that are smooth in log(epoch), as information has them."""
    x = np.log1p(epochs)
    return curve(8 / (1 + np.exp(-3 * (x - 2))) - 5 / (1 + np.exp(-2 * (x - 5))), epochs)


def snapshots(number):
    return np.unique(np.concatenate([[0], np.geomspace(1, 3000, number - 1).round()]))


@pytest.mark.parametrize("number", [25, 50, 100])
def test_a_smooth_curve_does_not_depend_on_how_many_snapshots_were_taken(number):
    fine = smoothed(path(np.arange(3001)))
    few = smoothed(path(snapshots(number)))
    np.testing.assert_allclose(few["epoch"], fine["epoch"])
    assert float(abs(few - fine).max()) < 0.15  # of a range of 8 bits


def test_the_peak_of_a_noisy_curve_does_not_grow_with_its_snapshots():
    rng = np.random.default_rng(0)

    def peak(number, read):
        epochs = snapshots(number)
        noisy = path(epochs) + replicates(rng.normal(scale=0.3, size=(400, len(epochs))), epoch=epochs)
        return float(read(noisy).max("epoch").mean())

    raw, smooth = ([peak(number, read) for number in (30, 120)] for read in (lambda c: c, smoothed))
    assert raw[1] - raw[0] > 0.15
    assert abs(smooth[1] - smooth[0]) < 0.12


def test_values_between_snapshots_are_on_a_line_in_log_epoch_and_none_are_beyond():
    straight = curve(np.log1p([0, 10, 100]), [0, 10, 100])
    assert float(at_epoch(straight, 37)) == pytest.approx(np.log(38))
    each = at_epoch(straight, xr.DataArray([0.0, 37, 100, 101, np.nan], dims="replicate"))
    np.testing.assert_allclose(each, [0, np.log(38), np.log(101), np.nan, np.nan])
    assert np.isnan(at_epoch(straight, 101))


@pytest.mark.parametrize("seed", range(3))
def test_the_same_data_have_the_same_interval(seed):
    data = np.random.default_rng(seed).normal(size=8)
    one, other = (bootstrap_interval(np.median, data, units="1", long_name="m") for _ in range(2))
    xr.testing.assert_identical(one, other)


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


def crossed(rng, tables, size, components, coordinates=2):
    """Tables (table, row, column, coordinate) of rows, columns and a rest with these variances."""
    shapes = ((size, 1), (1, size), (size, size))
    parts = [rng.normal(0, v**0.5, (tables, *s, coordinates)) for v, s in zip(components, shapes, strict=True)]
    return sum(parts)


@pytest.mark.parametrize("components", [(0.5, 0.2, 0.3), (0.1, 0.1, 0.8), (0.0, 0.6, 0.4)])
def test_variance_components_of_crossed_effects_are_unbiased(components):
    """As ratios of sums: the shares themselves have a bias of a few hundredths in small tables."""
    tables = crossed(np.random.default_rng(0), 4000, 4, components)
    pooled = np.moveaxis(tables, 0, -1).reshape(4, 4, -1)
    np.testing.assert_allclose(crossed_shares(pooled), components, atol=0.015)


@pytest.mark.parametrize("size", [4, 10])
def test_intervals_of_shares_cover_the_truth(size):
    """95 % of them or more: the jackknife errs on the safe side."""
    components = (0.5, 0.2, 0.3)
    tables = crossed(np.random.default_rng(1), 400, size, components)
    found = np.array([[share.values for share in crossed_intervals(table, "abc")] for table in tables])
    covered = (found[..., 1] <= components) & (components <= found[..., 2])
    assert (covered.mean(0) > 0.93).all()
    assert (found[..., 4] == size - 1).all()


def alike(rng, shared, conditions=11, number=10):
    """Two independent properties of networks (condition, network, 2), of which those of a number have a share in common."""
    own = rng.normal(size=(conditions, number, 2))
    return np.sqrt(shared) * rng.normal(size=(number, 2)) + np.sqrt(1 - shared) * own


def test_networks_that_have_something_in_common_are_left_out_together():
    """Else the interval of a mean over conditions is too narrow: their networks of one number are not independent."""
    rng = np.random.default_rng(0)

    def correlations(table):
        return rank_correlation(table[..., 0], table[..., 1])

    together = apart = 0
    for table in (alike(rng, 0.7) for _ in range(300)):
        mean = jackknife_interval(lambda kept, t=table: correlations(t[:, kept]).mean(), 10, "1", "r", "atanh")
        together += mean[1] <= 0 <= mean[2]
        mean = mean_interval(replicates(correlations(table)), "1", "r", "atanh")
        apart += mean[1] <= 0 <= mean[2]
    assert together / 300 > 0.92  # 0.95 nominal; standard error 0.013
    assert apart / 300 < 0.6


def test_the_jackknife_of_a_mean_is_its_t_interval():
    values = replicates(np.random.default_rng(0).normal(size=9))
    found = jackknife_interval(lambda kept: values.values[kept].mean(), 9, "bits", "height")
    np.testing.assert_allclose(found, mean_interval(values, "bits", "height"))


def test_two_networks_and_a_correlation_of_one_have_no_interval_by_the_jackknife():
    for statistic, number in ((np.mean, 2), (lambda kept: 1.0, 5)):
        parts = jackknife_interval(statistic, number, "1", "r", "atanh").sel(interval=["low", "high"])
        assert parts.isnull().all()


def test_few_crossed_networks_have_no_interval_and_one_row_has_no_share():
    table = np.random.default_rng(0).normal(size=(2, 4, 3))
    assert np.isfinite(crossed_intervals(table, "abc")[0].sel(interval="estimate"))
    for few in (table, table[:1], table[:, :0], table * 0):
        assert crossed_intervals(few, "abc")[0].sel(interval=["low", "high"]).isnull().all()
    assert crossed_intervals(table[:1], "abc")[0].sel(interval="estimate").isnull()
