"""Loss and error over the epochs, on the samples trained on and on those held out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import xarray as xr

from infoplane.analyses.base import Analysis, Run, banded, complete, result, stated

SETS = ["train", "test"]
QUANTITIES = {"loss": ("nats", "cross-entropy"), "error": ("1", "error, as a share of samples")}


class LearningCurves(Analysis):
    """Bands of loss and error by set, their means in the last epoch, and the generalisation gap."""

    reads_curves: ClassVar[bool] = True
    of_classes: ClassVar[bool] = True

    kind: Literal["learning_curves"] = "learning_curves"

    def analyse(self, runs: Sequence[Run]) -> xr.DataTree:
        """By condition: bands (set, epoch), `loss_last` and `error_last` (set), `generalisation_gap`."""
        return result(runs, [self._of(run) for run in runs])

    def _of(self, run: Run) -> xr.Dataset:
        curves = complete(run.curves[[f"{name}_{quantity}" for quantity in QUANTITIES for name in SETS]])
        found: dict[str, xr.DataArray] = {}
        for quantity, (units, long_name) in QUANTITIES.items():
            together = xr.concat([curves[f"{name}_{quantity}"] for name in SETS], xr.Variable("set", SETS))
            last = together.isel(epoch=-1, drop=True).mean("replicate")
            found |= banded(together, quantity, units, long_name)
            found[f"{quantity}_last"] = stated(last, units, f"mean of {long_name}, in the last epoch")
        gap = found["error_last"].sel(set="test", drop=True) - found["error_last"].sel(set="train", drop=True)
        found["generalisation_gap"] = stated(gap, "1", "mean of held-out less training error in the last epoch")
        head = {"replicates_used": curves.sizes["replicate"], "last_epoch": int(curves["epoch"][-1])}
        return xr.Dataset(found, attrs=head)
