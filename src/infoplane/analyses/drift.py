"""Do the gradients drift, then diffuse, and does compression begin when they change? Layer by layer ([ST17])."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
import xarray as xr
from pydantic import Field

from infoplane.analyses.base import InformationAnalysis, LearnedAnalysis, Run, result, stated
from infoplane.analyses.phases import onset
from infoplane.section import Positive
from infoplane.statistics import SCALES, mean_interval, smoothed

# shares of log(1 + epoch) of the whole training: the windows in which drift and diffusion are looked for
WINDOWS = {"early": (0.1, 0.4), "late": (0.85, 1.0)}


class Drift(LearnedAnalysis, InformationAnalysis):
    """Each layer's gradient signal-to-noise ratio (SNR) early and late, and its fall beside the onset of compression.

    The SNR is that of the gradients of single batches: with k times the batch size it is √k times as large.
    """

    measures: ClassVar[tuple[str, ...]] = ("gradients",)

    kind: Literal["drift"] = "drift"
    least: Positive = Field(0.5, description="Compression below which a layer has no onset, in bits.")

    def analyse(self, runs: Sequence[Run]) -> xr.DataTree:
        """By condition and layer, of every network (replicate) and as geometric means (interval, `*_mean`)."""
        return result(runs, [self._of(run) for run in runs])

    def _of(self, run: Run) -> xr.Dataset:
        found = self.of_learned(run, drift(run.measurements["gradients"], self.information(run), self.least))
        means = {
            f"{name}_mean": mean_interval(
                found[name], found[name].attrs["units"], found[name].attrs["long_name"], "log"
            )
            for name in ("snr_early", "snr_late", "lag")
        }
        both = found["lag"].notnull().sum("replicate")
        counted = stated(both, "1", "networks whose layer changes to diffusion and compresses")
        return found.assign(means | {"networks_with_both": counted})


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
