"""Do the gradients drift, then diffuse, and does compression begin when they change? Layer by layer ([ST17])."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
import xarray as xr
from pydantic import Field

from infoplane.analyses.base import InformationAnalysis, LearnedAnalysis, Run, result, stated
from infoplane.analyses.phases import onset
from infoplane.measures.derived import SINCE
from infoplane.section import Positive
from infoplane.statistics import SCALES, mean_interval, smoothed

# shares of log(1 + epoch) of the whole training: the windows in which drift and diffusion are looked for
WINDOWS = {name: (begin, end) for name, begin, end in zip(("early", "late"), SINCE, (0.4, 1.0), strict=True)}
MEANS = {"snr_early": "log", "snr_late": "log", "lag": "log", "exponent_early": "linear", "exponent_late": "linear"}


class Drift(LearnedAnalysis, InformationAnalysis):
    """Each layer's gradient signal-to-noise ratio (SNR) early and late, and its fall beside the onset of compression.

    The SNR is that of the gradients of single batches: with k times the batch size it is √k times as large. Where the
    weights were measured, also how the square of their way grows with time: as its square in a drift, in proportion to
    it in a diffusion.
    """

    measures: ClassVar[tuple[str, ...]] = ("gradients", "weights")

    kind: Literal["drift"] = "drift"
    least: Positive = Field(0.5, description="Compression below which a layer has no onset, in bits.")

    def analyse(self, runs: Sequence[Run]) -> xr.DataTree:
        """By condition and layer, of every network (replicate) and as geometric means (interval, `*_mean`)."""
        return result(runs, [self._of(run) for run in runs])

    def _of(self, run: Run) -> xr.Dataset:
        plane = self.information(run)
        found = drift(run.measurements["gradients"], plane, self.least)
        if "weights" in run.measurements:
            found = found.assign(exponents(run.measurements["weights"].sel(replicate=plane["replicate"])))
        found = self.of_learned(run, found)
        means = {
            f"{name}_mean": mean_interval(
                found[name], found[name].attrs["units"], found[name].attrs["long_name"], scale
            )
            for name, scale in MEANS.items()
            if name in found
        }
        both = found["lag"].notnull().sum("replicate")
        counted = stated(both, "1", "networks whose layer changes to diffusion and compresses")
        return found.assign(means | {"networks_with_both": counted})


def exponents(weights: xr.Dataset) -> dict[str, xr.DataArray]:
    """By window, n of |w(t) - w(0)|² ~ tⁿ, t the epochs since it began: (replicate, layer); 2 drift, 1 diffusion.

    The slope of a least-squares line through the logarithms; a snapshot counts by the log(t) that it stands for. NaN
    where the window has fewer than three snapshots, or the weights do not move.
    """
    end = float(weights["epoch"][-1])
    place = np.log1p(weights["epoch"]) / np.log1p(end)
    found = {}
    for index, (name, (_, high)) in enumerate(WINDOWS.items()):
        way = weights["displacement"].isel(since=index, drop=True)
        start = float(weights["since"][index])
        way = way.isel(epoch=np.flatnonzero((weights["epoch"] > start) & (place <= high)))
        few = way.sizes["epoch"] < 3
        slope = way.sum("epoch") * np.nan if few else _slope(way, np.log(way["epoch"].values - start))
        words = f"epochs {start:g} to {round(float(np.expm1(high * np.log1p(end))))}"
        found[f"exponent_{name}"] = stated(slope, "1", f"growth of the weights' squared way with time, {words}")
    return found


def _slope(way: xr.DataArray, elapsed: np.ndarray) -> xr.DataArray:
    """The slope of log(way) (..., epoch) over `elapsed`, which are logarithms already."""
    weight, x = (xr.DataArray(values, dims="epoch") for values in (np.gradient(elapsed), elapsed))
    x = x - (x * weight).sum() / weight.sum()
    y = xr.ufuncs.log(way.where(way > 0)).drop_vars("epoch")
    return (x * weight * y).sum("epoch", skipna=False) / (x**2 * weight).sum()


def drift(gradients: xr.Dataset, plane: xr.Dataset, least: float) -> xr.Dataset:
    """SNR early and late, epochs of the change and of the onset, and their ratio `lag`, (replicate, layer)."""
    snr = gradients["gradient_snr"].sel(replicate=plane["replicate"])
    change = gradients["phase_change"].sel(replicate=plane["replicate"])
    begins = onset(smoothed(plane["I_XT"]), least)
    found = {
        "phase_change": stated(change, "epochs", "change from drift to diffusion"),
        "onset": stated(begins, "epochs", "onset of compression"),
        "lag": stated(change / begins, "1", "epoch of the change to diffusion / onset of compression"),
    }
    place = np.log1p(snr["epoch"]) / np.log1p(float(snr["epoch"][-1]))
    width = place.copy(data=np.gradient(place))  # a snapshot stands for what is around it, so that their number is free
    for name, (low, high) in WINDOWS.items():
        # an infinite SNR (full batch: no noise) has no mean
        log_snr = SCALES["log"][0](snr.where((place >= low) & (place <= high) & np.isfinite(snr)))
        mean = log_snr.weighted(width).mean("epoch")
        ends = [round(float(np.expm1(share * np.log1p(float(snr["epoch"][-1]))))) for share in (low, high)]
        within = f"SNR of the gradients, epochs {ends[0]} to {ends[1]}"
        found[f"snr_{name}"] = stated(np.exp(mean), "1", within)
    return xr.Dataset(found)
