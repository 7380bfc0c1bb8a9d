"""Fitting, compression and diffusion, looked for with other rules and real data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
import xarray as xr
from pydantic import Field

from infoplane.analyses.base import EXPERIMENT, Experiments, InformationAnalysis, Run, result, stated
from infoplane.analyses.compression import compression
from infoplane.analyses.phases import RISE_EPOCHS, label_gain
from infoplane.section import Count
from infoplane.statistics import exp_median, interval


class Worlds(InformationAnalysis):
    """For each world the share of I(T;Y) gained early, the compression, and the gradients' last SNR."""

    measures: ClassVar[tuple[str, ...]] = ("gradients",)

    kind: Literal["worlds"] = "worlds"
    experiment: Experiments = Field("worlds", description=EXPERIMENT)
    rise_epochs: Count = Field(400, description=RISE_EPOCHS)

    def analyse(self, runs: Sequence[Run]) -> xr.DataTree:
        """By condition: `label_share`, `compression_mean`, `snr_last_median` (interval), and of what (replicate)."""
        return result(runs, [self._of(run) for run in runs])

    def _of(self, run: Run) -> xr.Dataset:
        plane = self.information(run)
        snr = run.measurements["gradients"]["gradient_snr"].isel(epoch=-1, drop=True).median("layer")
        found = {
            **label_gain(plane, self.rise_epochs),
            **compression(plane),
            "snr_last": stated(snr, "1", "last SNR, of the network: median over layers"),
            "snr_last_median": interval(exp_median, np.log(snr), units="1", long_name="last SNR"),
        }
        return xr.Dataset(found, attrs={"replicates_used": plane.sizes["replicate"]})
