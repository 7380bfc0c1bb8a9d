"""Two phases: I(T;Y) rises, then I(X;T) falls while the error hardly changes ([ST17])."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import xarray as xr
from pydantic import Field

from infoplane.analyses.base import InformationAnalysis, Run, errors, result, stated
from infoplane.section import Count
from infoplane.statistics import interval, mean, ratio

RISE_EPOCHS = "Epochs that the first phase may take."


class Phases(InformationAnalysis):
    """What of the last hidden layer's information, and of the held-out error, changes in either phase."""

    reads_curves: ClassVar[bool] = True

    kind: Literal["phases"] = "phases"
    rise_epochs: Count = Field(400, description=RISE_EPOCHS)

    def analyse(self, runs: Sequence[Run]) -> xr.DataTree:
        """By condition: `label_share`, `fall_mean`, `error_change_mean` (interval), and of what (replicate)."""
        return result(runs, [self._of(run) for run in runs])

    def _of(self, run: Run) -> xr.Dataset:
        plane, then = self.information(run), self.rise_epochs
        fall = lost(plane["I_XT"].isel(layer=-2, drop=True), then)
        change = abs(lost(errors(run)["test_error"], then))
        found = {
            **label_gain(plane, then),
            "fall": stated(fall, "bits", f"fall of the last hidden layer's I(X;T) from epoch {then}"),
            "fall_mean": interval(mean, fall, units="bits", long_name=f"fall of I(X;T) from epoch {then}"),
            "error_change": stated(change, "1", f"size of the held-out error's change from epoch {then}"),
            "error_change_mean": interval(mean, change, units="1", long_name="change of error"),
        }
        return xr.Dataset(found, attrs={"replicates_used": plane.sizes["replicate"]})


def label_gain(plane: xr.Dataset, epochs: int) -> dict[str, xr.DataArray]:
    """I(T;Y) of the last hidden layer after some epochs and at the end (replicate), and their ratio, mean by mean."""
    label = plane["I_TY"].isel(layer=-2, drop=True)
    early, last = at_epoch(label, epochs), label.isel(epoch=-1, drop=True)
    share = interval(ratio, early, last, units="1", long_name=f"share of I(T;Y) by epoch {epochs}")
    return {
        "label_early": stated(early, "bits", f"I(T;Y) of the last hidden layer in epoch {epochs}"),
        "label_last": stated(last, "bits", "I(T;Y) of the last hidden layer in the last epoch"),
        "label_share": share,
    }


def lost(values: xr.DataArray, epoch: int) -> xr.DataArray:
    """By how much values (..., epoch) are lower in the last epoch than in the given one."""
    return at_epoch(values, epoch) - values.isel(epoch=-1, drop=True)


def at_epoch(values: xr.DataArray, epoch: int) -> xr.DataArray:
    """Values at an epoch, linear between snapshots; NaN, so that nothing is decided, if training ends by then."""
    return values.interp(epoch=epoch).drop_vars("epoch").where(values["epoch"].values[-1] > epoch)
