"""Summaries over replicates, each with its uncertainty: what figures draw as bands and what claims quote.

A network is one draw of weights, labels and data order; everything that is said of a condition is said of the
population of its networks, so the replicate is the unit that is resampled, with all its epochs and layers.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import xarray as xr

BLOCK = 100  # resamples held in memory at once
INTERVAL = "interval"  # the dimension of an estimate with its interval
PARTS = ("estimate", "low", "high")


def mean(data: xr.DataArray) -> xr.DataArray:
    """The mean over replicates; diverged ones (NaN) are left out."""
    return data.mean("replicate")


def median(data: xr.DataArray) -> xr.DataArray:
    """The median over replicates; diverged ones (NaN) are left out, infinite times count as late."""
    return data.median("replicate")


def ratio(part: xr.DataArray, whole: xr.DataArray) -> xr.DataArray:
    """The ratio of two means over replicates."""
    return part.mean("replicate") / whole.mean("replicate")


def exp_median(log: xr.DataArray) -> xr.DataArray:
    """The median over replicates of what a logarithm is given of; those without one (NaN) are left out."""
    return np.exp(log.median("replicate"))


def rank_correlation(x: xr.DataArray, y: xr.DataArray) -> xr.DataArray:
    """Spearman's rank correlation over replicates; NaN where either does not vary."""
    from scipy.stats import rankdata  # a second of imports that no other job and no plan should wait for

    x_rank, y_rank = (values.copy(data=rankdata(values, axis=values.get_axis_num("replicate"))) for values in (x, y))
    return xr.corr(x_rank, y_rank, "replicate")


def bootstrap(
    statistic: Callable[..., xr.DataArray],
    *data: xr.DataArray,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> xr.Dataset:
    """A statistic of replicates and its percentile bootstrap interval (Efron & Tibshirani 1993, ch. 13).

    `statistic` takes arrays with the dimension `replicate`, reduces it, and lets other dimensions broadcast,
    as xarray's methods do: `mean`, or `lambda a, b: xr.corr(a, b, "replicate")`, whose arrays are resampled
    together. Returns `estimate`, `low`, `high`; the interval is NaN where there are fewer than two
    replicates.
    """
    data = xr.align(*data, join="exact", exclude=set().union(*(d.dims for d in data)) - {"replicate"})
    n = data[0].sizes["replicate"]
    estimate = statistic(*data)
    draws = np.random.default_rng(seed).integers(n, size=(resamples, n))
    blocks = []
    for start in range(0, resamples, BLOCK):
        drawn = xr.DataArray(draws[start : start + BLOCK], dims=("resample", "replicate"))
        blocks.append(statistic(*(d.drop_vars("replicate", errors="ignore").isel(replicate=drawn) for d in data)))
    tail = (1 - level) / 2
    # "closest" neighbours, not interpolation: between a finite and an infinite time there is no number
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "All-NaN slice")  # a statistic that cannot be had: its interval is NaN
        ends = xr.concat(blocks, "resample").quantile(
            [tail, 1 - tail], "resample", method="closest_observation", skipna=True
        )
    low, high = (ends.isel(quantile=i, drop=True).where(n > 1) for i in (0, 1))
    return xr.Dataset({"estimate": estimate, "low": low, "high": high})


def interval(statistic: Callable[..., xr.DataArray], *data: xr.DataArray, units: str, long_name: str) -> xr.DataArray:
    """A statistic of replicates and its 95 % bootstrap interval, along `interval`: estimate, low, high."""
    parts = bootstrap(statistic, *data).to_dataarray(INTERVAL).sel({INTERVAL: list(PARTS)})
    return parts.drop_attrs().assign_attrs(units=units, long_name=long_name)


def epochs_until(curve: xr.DataArray, target: float, *, falling: bool = True) -> xr.DataArray:
    """The epoch at which a curve (..., epoch) first falls to `target` (or rises to it), linear between
    snapshots.

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


def distance_below_bound(bound: xr.Dataset, i_xt: xr.DataArray, i_ty: xr.DataArray) -> xr.DataArray:
    """How far I(T;Y) lies below the information-bottleneck bound at the same I(X;T), in bits [TPB99].

    `bound` is the measurement `bound` of the dataset: I_X and I_Y along `point`, I_X rising. Beyond its last
    point the bound is I(X;Y).
    """
    highest = xr.apply_ufunc(np.interp, i_xt, kwargs={"xp": bound.I_X.values, "fp": bound.I_Y.values})
    return (highest - i_ty).assign_attrs(units="bits", long_name="distance below the bound")
