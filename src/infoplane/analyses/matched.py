"""Compression with and without noise in the gradients, at the same training loss ([S18])."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
import xarray as xr
from pydantic import Field

from infoplane.analyses.base import (
    EXPERIMENT,
    LEARNED,
    Experiments,
    InformationAnalysis,
    Run,
    complete,
    learned,
    result,
    stated,
)
from infoplane.analyses.phases import compression
from infoplane.section import Share
from infoplane.statistics import at_epoch, epochs_until, mean_interval, smoothed


class Matched(InformationAnalysis):
    """Compression of the last hidden layer until the training loss is what all conditions of an activation reach.

    That loss is the highest of the conditions' means in the last epoch, over networks that have learned.
    """

    reads_curves: ClassVar[bool] = True

    kind: Literal["matched"] = "matched"
    experiment: Experiments = Field("batch", description=EXPERIMENT)
    learned: Share = Field(0.05, description=LEARNED)

    def analyse(self, runs: Sequence[Run]) -> xr.DataTree:
        """By condition: `compression`, `epoch` (replicate), `loss`, and `difference` from SGD where there is one."""
        loss = [self._loss(run) for run in runs]
        at = [self._level(run, runs, loss) for run in runs]
        found = [self._until(run, curve, level) for run, curve, level in zip(runs, loss, at, strict=True)]
        return result(runs, [self._described(run, runs, found) for run in runs])

    def _loss(self, run: Run) -> xr.DataArray:
        return complete(run.curves[["train_loss"]])["train_loss"].where(learned(run, self.learned))

    def _level(self, run: Run, runs: Sequence[Run], loss: Sequence[xr.DataArray]) -> float:
        last = [
            float(curve.isel(epoch=-1).mean("replicate"))
            for other, curve in zip(runs, loss, strict=True)
            if other.condition.activation == run.condition.activation
        ]
        return max((level for level in last if np.isfinite(level)), default=np.nan)

    def _until(self, run: Run, loss: xr.DataArray, level: float) -> xr.Dataset:
        i_xt = smoothed(self.information(run)["I_XT"].isel(layer=-2, drop=True)).where(learned(run, self.learned))
        reached = epochs_until(smoothed(loss), level)
        end = float(i_xt["epoch"][-1])
        epoch = reached.where(np.isfinite(reached), end).where(reached.notnull())
        peak = i_xt.where((i_xt["epoch"] >= 1) & (i_xt["epoch"] <= epoch)).max("epoch")
        return xr.Dataset(
            {
                "compression": stated(peak - at_epoch(i_xt, epoch), "bits", "compression at matched loss"),
                "compression_last": stated(compression(i_xt), "bits", "compression by the last epoch"),
                "epoch": stated(epoch, "epochs", "epoch of the matched loss"),
                "loss": stated(xr.DataArray(level), "nats", "matched training loss"),
            }
        )

    def _described(self, run: Run, runs: Sequence[Run], found: Sequence[xr.Dataset]) -> xr.Dataset:
        own = found[runs.index(run)]
        means = {
            f"{name}_mean": mean_interval(own[name], "bits", own[name].attrs["long_name"])
            for name in ("compression", "compression_last")
        }
        twin = _stochastic_twin(run, runs)
        if twin is not None:
            difference = own["compression"] - found[twin]["compression"]
            means["difference"] = stated(difference, "bits", "compression of full batch less that of SGD")
            means["difference_mean"] = mean_interval(difference, "bits", "compression less that of SGD")
        number = int(own["compression"].notnull().sum())
        return own.assign(means).assign_attrs(replicates_used=number)


def _stochastic_twin(run: Run, runs: Sequence[Run]) -> int | None:
    """The number of the condition that differs from a full-batch one in the batch size alone."""
    if run.condition.batch_size != "full":
        return None
    alike = [
        number
        for number, other in enumerate(runs)
        if other is not run and other.condition.model_copy(update={"batch_size": "full"}) == run.condition
    ]
    return alike[0] if alike else None
