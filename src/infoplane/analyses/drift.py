"""Do gradients drift, then diffuse, and does compression begin when they change? ([ST17])."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
import xarray as xr

from infoplane.analyses.base import InformationAnalysis, Run, result, stated
from infoplane.measures import derived
from infoplane.statistics import exp_median, interval


class Drift(InformationAnalysis):
    """The gradients' signal-to-noise ratio (SNR), and how far apart its change and the onset of compression are."""

    measures: ClassVar[tuple[str, ...]] = ("gradients",)

    kind: Literal["drift"] = "drift"

    def analyse(self, runs: Sequence[Run]) -> xr.DataTree:
        """By condition, of every network (replicate) and as a median (interval, `*_median`): SNR and factor."""
        return result(runs, [self._of(run) for run in runs])

    def _of(self, run: Run) -> xr.Dataset:
        gradients, plane = run.measurements["gradients"], self.information(run)
        change = gradients["network_phase_change"]
        log_snr = np.log(gradients["gradient_snr"]).median("layer")
        # of the hidden layers, taken together
        onset = derived.compression(plane["I_XT"].isel(layer=slice(None, -1)).sum("layer"))["compression_onset"]
        logs = {
            "snr_highest": (log_snr.max("epoch"), "highest SNR"),
            "snr_last": (log_snr.isel(epoch=-1, drop=True), "last SNR"),
            # a network that has only one of them, or neither, is infinitely far from having both at once
            "factor": (abs(np.log(change / onset)).fillna(np.inf), "factor between change and onset"),
        }
        found = {
            "phase_change": stated(change, "epochs", "change from drift to diffusion"),
            "onset": stated(onset, "epochs", "onset of compression of the hidden layers, taken together"),
        }
        for name, (log, long_name) in logs.items():
            found[name] = stated(np.exp(log), "1", f"{long_name}, of the network")
            found[f"{name}_median"] = interval(exp_median, log, units="1", long_name=long_name)
        return xr.Dataset(found, attrs={"replicates_used": plane.sizes["replicate"]})
