"""What is said of the population of networks, each statistic with its uncertainty, and curves over epochs made alike.

A network is one draw of weights, labels and data order: the unit of every interval is the replicate, with all its
epochs and layers. Means have t intervals; other statistics BCa bootstrap intervals (Efron & Tibshirani 1993, ch. 14),
or the jackknife's (ch. 11) where networks are not independent of each other.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import xarray as xr

INTERVAL = "interval"  # the dimension of an estimate with its interval
# `error` is the standard error on the scale of the inference, `df` its degrees of freedom: from these a test of any
# threshold follows
PARTS = ("estimate", "low", "high", "error", "df")
LEVEL = 0.95
RESAMPLES = 2000
# the scale on which a statistic's errors are symmetric -> to that scale, and back
SCALES: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "linear": (lambda x: x, lambda x: x),
    "log": (np.log, np.exp),
    "atanh": (np.arctanh, np.tanh),
}

GRID = 256  # points of a smoothed curve, evenly spaced in log(1 + epoch)
WIDTH = 0.2  # standard deviation of the window, in units of log(1 + epoch)


def mean(data: xr.DataArray) -> xr.DataArray:
    """The mean over replicates; diverged ones (NaN) are left out."""
    return data.mean("replicate")


def median(data: xr.DataArray) -> xr.DataArray:
    """The median over replicates; diverged ones (NaN) are left out, infinite times count as late."""
    return data.median("replicate")


def mean_interval(values: xr.DataArray, units: str, long_name: str, scale: str = "linear") -> xr.DataArray:
    """The mean over networks (..., replicate) and its 95 % t interval, along `interval`.

    Networks that have no say are NaN. `scale` "log": the geometric mean. NaN ends where there are fewer than two.
    """
    from scipy.stats import ttest_1samp  # a second of imports that no other job and no plan should wait for

    to, back = SCALES[scale]
    with warnings.catch_warnings():
        # all networks alike, or too few: the interval is a point, or NaN
        warnings.simplefilter("ignore", RuntimeWarning)
        data = to(values.transpose(..., "replicate")).values
        test = ttest_1samp(data, 0.0, axis=-1, nan_policy="omit")
        ends = test.confidence_interval(LEVEL)
        number = np.isfinite(data).sum(-1)
        estimate = np.nanmean(data, -1)
        error = np.nanstd(data, -1, ddof=1) / np.sqrt(number)
    alike = error == 0
    low, high = (np.where(alike, estimate, np.ma.filled(end, np.nan)) for end in ends)
    dims = [dim for dim in values.dims if dim != "replicate"]
    parts = np.stack([back(estimate), back(low), back(high), error, number - 1.0])
    coords = {name: values[name] for name in dims if name in values.coords}
    return _interval(xr.DataArray(parts, coords, (INTERVAL, *dims)), units, long_name, scale)


def bootstrap_interval(
    statistic: Callable[..., np.ndarray], *samples: np.ndarray, units: str, long_name: str, paired: bool = False
) -> xr.DataArray:
    """A statistic of samples (network), and its 95 % BCa interval, along `interval`.

    `statistic(*samples, axis=-1)` of numpy arrays; samples are resampled together if `paired`, else each alone. NaN
    ends where a resample has no such statistic, or a sample one network.
    """
    from scipy.stats import bootstrap

    estimate = float(statistic(*samples, axis=-1))
    low = high = error = np.nan
    if min(map(len, samples)) > 1:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # all resamples alike: the interval is a point
            options: dict[str, Any] = {"n_resamples": RESAMPLES, "confidence_level": LEVEL, "batch": 200, "rng": 0}
            found = bootstrap(samples, statistic, axis=-1, vectorized=True, paired=paired, method="BCa", **options)
        error = float(found.standard_error)
        low, high = (estimate, estimate) if error == 0 else found.confidence_interval
    parts = xr.DataArray([estimate, float(low), float(high), error, np.inf], dims=INTERVAL)
    return _interval(parts, units, long_name, "linear")


def jackknife_interval(
    statistic: Callable[[np.ndarray], float], number: int, units: str, long_name: str, scale: str = "linear"
) -> xr.DataArray:
    """A statistic of networks and its 95 % t interval, along `interval`, by leaving out each of `number` at a time.

    `statistic(kept)` takes the numbers that are kept. What shares a number (the networks of several conditions, from
    the same seed) is left out together, since it is not independent. NaN ends where there are fewer than three.
    """
    from scipy.stats import t

    to, back = SCALES[scale]
    with np.errstate(divide="ignore", invalid="ignore"):  # a correlation of 1 has no interval
        estimate = to(statistic(np.arange(number)))
        error = np.sqrt(_jackknife(lambda kept: to(statistic(kept)), number)) if number > 2 else np.nan
        half = t.ppf((1 + LEVEL) / 2, number - 1) * error
        parts = [back(estimate), back(estimate - half), back(estimate + half), error, number - 1.0]
    return _interval(xr.DataArray(parts, dims=INTERVAL), units, long_name, scale)


def crossed_shares(values: np.ndarray) -> np.ndarray:
    """Shares of the variance of a table (..., row, column, coordinate): of rows, of columns, of the rest (..., source).

    Unbiased components of the two-way random-effects model with one value a cell, summed over coordinates (Searle,
    Casella & McCulloch 1992, ch. 4); a component that is nearly 0 may come out negative.
    """
    rows, columns = values.shape[-3:-1]
    mean = values.mean((-3, -2), keepdims=True)
    row, column = values.mean(-2, keepdims=True) - mean, values.mean(-3, keepdims=True) - mean
    rest = values - mean - row - column
    square = ((rest**2).sum((-3, -2, -1)), *((effect**2).sum((-3, -2, -1)) for effect in (row, column)))
    of_rest = square[0] / ((rows - 1) * (columns - 1))
    components = np.stack(
        [square[1] / (rows - 1) - of_rest / columns, square[2] / (columns - 1) - of_rest / rows, of_rest], -1
    )
    whole = components.sum(-1, keepdims=True)
    return components / np.where(whole > 0, whole, np.nan)


def crossed_intervals(values: np.ndarray, names: Sequence[str]) -> list[xr.DataArray]:
    """`crossed_shares` of a table (row, column, coordinate), each with its 95 % t interval, along `interval`.

    The variance is that of the jackknife over rows and over columns, since networks of one row, or one column, are not
    independent; degrees of freedom are of the fewer. NaN ends where there are fewer than three of either.
    """
    from scipy.stats import t

    fewer = min(values.shape[:2])
    estimate = crossed_shares(values) if fewer > 1 else np.full(3, np.nan)
    variance = np.full(3, np.nan)
    if fewer > 2:
        rows, columns = values.shape[:2]
        variance = _jackknife(lambda kept: crossed_shares(values[kept]), rows)
        variance = variance + _jackknife(lambda kept: crossed_shares(values[:, kept]), columns)
    half = t.ppf((1 + LEVEL) / 2, fewer - 1) * np.sqrt(variance)
    parts = np.stack([estimate, estimate - half, estimate + half, np.sqrt(variance), np.full(3, fewer - 1.0)])
    found = zip(parts.T, names, strict=True)
    return [_interval(xr.DataArray(values, dims=INTERVAL), "1", name, "linear") for values, name in found]


def mean_of_pairs(matrix: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """The mean of a matrix (network, network) with a diagonal of 0 over the pairs of chosen networks (..., draw).

    A network that is drawn twice is no pair.
    """
    one, other = chosen[..., :, None], chosen[..., None, :]
    pairs = np.maximum((one != other).sum((-2, -1)), 1)
    return matrix[one, other].sum((-2, -1)) / pairs


def _jackknife(statistic: Callable[[np.ndarray], Any], number: int) -> np.ndarray:
    """The variance of a statistic of those kept by leaving out each in turn (Efron & Tibshirani 1993, eq. 11.5)."""
    without = np.stack([statistic(np.delete(np.arange(number), one)) for one in range(number)])
    return (number - 1) * without.var(0)


def _interval(parts: xr.DataArray, units: str, long_name: str, scale: str) -> xr.DataArray:
    return parts.assign_coords({INTERVAL: list(PARTS)}).assign_attrs(units=units, long_name=long_name, scale=scale)


def rank_correlation(x: np.ndarray, y: np.ndarray, axis: int = -1) -> np.ndarray:
    """Spearman's rank correlation along an axis; NaN where either does not vary."""
    from scipy.stats import rankdata

    x, y = (rankdata(values, axis=axis) for values in np.broadcast_arrays(x, y))
    x, y = (ranks - ranks.mean(axis, keepdims=True) for ranks in (x, y))
    with np.errstate(invalid="ignore"):
        return (x * y).sum(axis) / np.sqrt((x**2).sum(axis) * (y**2).sum(axis))


def smoothed(curve: xr.DataArray) -> xr.DataArray:
    """A curve (..., epoch) on a fixed grid in log(1 + epoch), averaged in a Gaussian window of fixed width.

    What is read off it (a peak, a crossing) then does not move with how many snapshots were taken, as the maximum of a
    noisy series does.
    """
    from scipy.ndimage import gaussian_filter1d

    position = np.log1p(curve["epoch"].values.astype(float))
    grid = np.linspace(position[0], position[-1], GRID)
    step = grid[1] - grid[0]
    if step == 0:
        return curve.astype(float)
    known = curve.assign_coords(epoch=position).transpose(..., "epoch").astype(float)
    even = known.interp(epoch=grid)
    averaged = even.copy(data=gaussian_filter1d(even.values, WIDTH / step, axis=-1, mode="nearest"))
    return averaged.assign_coords(epoch=np.expm1(grid))


def at_epoch(curve: xr.DataArray, epoch: float | xr.DataArray) -> xr.DataArray:
    """A curve (..., epoch) at an epoch, or at each replicate's (and layer's) own; linear in log(1 + epoch) between.

    NaN outside the epochs of the curve, and where the epoch is NaN. Of the replicates that both have.
    """
    epoch = xr.DataArray(epoch)
    position = curve.assign_coords(epoch=np.log1p(curve["epoch"].astype(float)))
    if not epoch.dims:
        return position.interp(epoch=np.log1p(float(epoch))).drop_vars("epoch")
    return xr.apply_ufunc(
        _interpolated,
        np.log1p(epoch),
        position["epoch"],
        position.drop_vars("epoch"),
        input_core_dims=[[], ["epoch"], ["epoch"]],
        join="inner",
        vectorize=True,
    )


def _interpolated(at: float, x: np.ndarray, y: np.ndarray) -> float:
    return np.interp(at, x, y, left=np.nan, right=np.nan) if np.isfinite(at) else np.nan


def last(curve: xr.DataArray) -> xr.DataArray:
    """A curve (..., epoch) in its last epoch."""
    return curve.isel(epoch=-1, drop=True)


def first(curve: xr.DataArray) -> xr.DataArray:
    """A curve (..., epoch) in its first epoch."""
    return curve.isel(epoch=0, drop=True)


def epochs_until(curve: xr.DataArray, target: float | xr.DataArray, *, falling: bool = True) -> xr.DataArray:
    """The epoch at which a curve (..., epoch) first falls to `target` (or rises to it), linear between points.

    Infinite where it never does within the training, so that a median over replicates counts such networks as
    late instead of dropping them; NaN where the network diverges before.
    """
    sign = -1.0 if falling else 1.0
    return xr.apply_ufunc(
        _first_crossing,
        sign * (curve - target),
        curve.epoch.astype(np.float64),
        input_core_dims=[["epoch"], ["epoch"]],
        output_core_dims=[[]],
    ).assign_attrs(units="epochs")


def epochs_until_compressed(information: xr.DataArray, target_bits: float) -> xr.DataArray:
    """The epoch at which I(X;T) (..., epoch) is first `target_bits` below its highest value so far.

    Infinite and NaN as in `epochs_until`.
    """
    lost = xr.apply_ufunc(
        lambda i: np.maximum.accumulate(i, axis=-1) - i,
        information,
        input_core_dims=[["epoch"]],
        output_core_dims=[["epoch"]],
    )
    return epochs_until(lost, target_bits, falling=False)


def _first_crossing(height: np.ndarray, epoch: np.ndarray) -> np.ndarray:
    """Where height (..., epoch) first reaches 0 from below: (...)."""
    reached = height >= 0
    index = np.argmax(reached, axis=-1)
    before = np.maximum(index - 1, 0)
    at, below = (np.take_along_axis(height, i[..., None], -1)[..., 0] for i in (index, before))
    share = np.where(at > below, at / np.where(at > below, at - below, 1), 0)
    time = epoch[index] - share * (epoch[index] - epoch[before])
    never = np.where(np.isnan(height).any(-1), np.nan, np.inf)
    return np.where(reached.any(-1), time, never)
