"""What the output layer loses of the label after its best, as with little data it should ([ST17])."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import xarray as xr

from infoplane.analyses.base import InformationAnalysis, Run, result, stated
from infoplane.statistics import interval, mean


class LabelLoss(InformationAnalysis):
    """Peak less final I(T;Y) of the output layer."""

    kind: Literal["label_loss"] = "label_loss"

    def analyse(self, runs: Sequence[Run]) -> xr.DataTree:
        """By condition: `loss` (replicate), `loss_mean` (interval)."""
        return result(runs, [self._of(run) for run in runs])

    def _of(self, run: Run) -> xr.Dataset:
        label = self.information(run)["I_TY"].isel(layer=-1, drop=True)
        loss = label.max("epoch") - label.isel(epoch=-1, drop=True)
        found = {
            "loss": stated(loss, "bits", "peak less final I(T;Y) of the output layer"),
            "loss_mean": interval(mean, loss, units="bits", long_name="loss of I(T;Y)"),
        }
        return xr.Dataset(found)
