"""What the output layer loses of the label after its best, as with little data it should ([ST17])."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import ClassVar, Literal

import xarray as xr

from infoplane.analyses.base import InformationAnalysis, Run, result, stated
from infoplane.statistics import at_epoch, last, mean_interval, smoothed


class LabelLoss(InformationAnalysis):
    """Peak less final I(T;Y) of the output layer: by as many updates as the least trained condition has, and in all.

    Networks of different conditions with the same number started from the same weights, and are compared in pairs.
    """

    reads_dataset: ClassVar[bool] = True

    kind: Literal["label_loss"] = "label_loss"

    def analyse(self, runs: Sequence[Run]) -> xr.DataTree:
        """By condition: `loss_matched`, `loss_last`, and `excess` over the condition with most data (replicate)."""
        steps = [_steps(run) for run in runs]
        updates = min(run.condition.epochs * step for run, step in zip(runs, steps, strict=True))
        label = [smoothed(self.information(run)["I_TY"].isel(layer=-1, drop=True)) for run in runs]
        matched = [_loss(curve, updates / step) for curve, step in zip(label, steps, strict=True)]
        most = max(range(len(runs)), key=lambda number: runs[number].condition.train_fraction)
        found = []
        for curve, at_matched in zip(label, matched, strict=True):
            losses = {
                "loss_matched": stated(at_matched, "bits", f"loss of I(T;Y) within {updates:,} updates"),
                "loss_last": stated(_loss(curve, None), "bits", "loss of I(T;Y) by the last epoch"),
                "excess": stated(at_matched - matched[most], "bits", "the loss less that with most data"),
            }
            means = {f"{n}_mean": mean_interval(v, "bits", v.attrs["long_name"]) for n, v in losses.items()}
            found.append(xr.Dataset({**losses, **means}))
        return result(runs, found, updates=updates)


def _steps(run: Run) -> int:
    """Updates in an epoch."""
    samples = round(run.dataset.sizes["sample"] * run.condition.train_fraction)
    return 1 if run.condition.batch_size == "full" else ceil(samples / run.condition.batch_size)


def _loss(label: xr.DataArray, epoch: float | None) -> xr.DataArray:
    """Peak up to an epoch (None: the last) less the value then, in bits."""
    if epoch is None:
        return label.max("epoch") - last(label)
    then = min(epoch, float(label["epoch"][-1]))
    return label.where(label["epoch"] <= then).max("epoch") - at_epoch(label, then)
