"""Compression with and without noise in the gradients, at the same training loss ([S18])."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import xarray as xr
from pydantic import Field

from infoplane.analyses.base import (
    EXPERIMENT,
    Experiments,
    InformationAnalysis,
    LearnedAnalysis,
    Run,
    complete,
    result,
    stated,
)
from infoplane.analyses.phases import compression
from infoplane.statistics import at_epoch, epochs_until, mean_interval, smoothed


class Matched(LearnedAnalysis, InformationAnalysis):
    """Compression of the last hidden layer until the training loss is what all conditions of an activation reach.

    That loss is the highest of the conditions' means in the last epoch, over networks that have learned.
    """

    kind: Literal["matched"] = "matched"
    experiment: Experiments = Field("batch", description=EXPERIMENT)

    def analyse(self, runs: Sequence[Run]) -> xr.DataTree:
        """By condition: `compression`, `epoch` (replicate), `loss`, and `difference` from SGD where there is one."""
        loss = [self._loss(run) for run in runs]
        at = [_level(run, runs, loss) for run in runs]
        found = [self._until(run, curve, level) for run, curve, level in zip(runs, loss, at, strict=True)]
        return result(runs, [_described(number, runs, found) for number in range(len(runs))])

    def _loss(self, run: Run) -> xr.DataArray:
        return complete(run.curves[["train_loss"]])["train_loss"].where(self.have_learned(run))

    def _until(self, run: Run, loss: xr.DataArray, level: float) -> xr.Dataset:
        i_xt = smoothed(self.information(run)["I_XT"].isel(layer=-2, drop=True)).where(self.have_learned(run))
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


def _level(run: Run, runs: Sequence[Run], loss: Sequence[xr.DataArray]) -> float:
    """The training loss that all conditions of the run's activation reach, in nats; NaN where none has learned."""
    last = [
        float(curve.isel(epoch=-1).mean("replicate"))
        for other, curve in zip(runs, loss, strict=True)
        if other.condition.activation == run.condition.activation
    ]
    return max((level for level in last if np.isfinite(level)), default=np.nan)


def _described(number: int, runs: Sequence[Run], found: Sequence[xr.Dataset]) -> xr.Dataset:
    """What was found of a condition, with means, and its difference from its stochastic twin where there is one."""
    own, twin = found[number], _stochastic_twin(runs[number], runs)
    if twin is not None:
        difference = own["compression"] - found[twin]["compression"]
        own = own.assign(difference=stated(difference, "bits", "compression less that of SGD"))
    of_networks = ("compression", "compression_last", *(("difference",) if twin is not None else ()))
    means = {f"{name}_mean": mean_interval(own[name], "bits", own[name].attrs["long_name"]) for name in of_networks}
    return own.assign(means).assign_attrs(replicates_used=int(own["compression"].notnull().sum()))


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
