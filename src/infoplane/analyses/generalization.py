"""Do networks that compress more generalise better? Every network of every condition ([S18])."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import xarray as xr

from infoplane.analyses.base import InformationAnalysis, Run, errors, result, stated
from infoplane.statistics import interval, rank_correlation


class Generalization(InformationAnalysis):
    """Compression of the last hidden layer beside the generalisation gap in error, and their rank correlation."""

    reads_curves: ClassVar[bool] = True

    kind: Literal["generalization"] = "generalization"

    def analyse(self, runs: Sequence[Run]) -> xr.DataTree:
        """By condition: `compression`, `gap` (replicate), their means, `rank_correlation` within the condition.

        The root has `rank_correlation` (interval) over all networks, and how many these are, `networks`.
        """
        networks = [_networks(self.information(run), run) for run in runs]
        together = xr.concat(networks, "replicate", join="override")
        over_all = interval(
            rank_correlation, together["compression"], together["gap"], units="1", long_name="rank correlation"
        )
        number = xr.DataArray(together.sizes["replicate"])
        pooled = {"rank_correlation": over_all, "networks": stated(number, "1", "networks of all conditions")}
        return result(runs, [_of(data) for data in networks], xr.Dataset(pooled))


def _networks(plane: xr.Dataset, run: Run) -> xr.Dataset:
    """Compression of the last hidden layer in bits and generalisation gap (replicate), where none diverged."""
    last = errors(run).isel(epoch=-1, drop=True)
    gap = last["test_error"] - last["train_error"]
    return xr.merge([plane["compression"].isel(layer=-2, drop=True), gap.rename("gap")], join="inner")


def _of(networks: xr.Dataset) -> xr.Dataset:
    compression, gap = networks["compression"], networks["gap"]
    found = {
        "compression": stated(compression, "bits", "compression of the last hidden layer"),
        "gap": stated(gap, "1", "held-out less training error in the last epoch"),
        "compression_mean": stated(compression.mean(), "bits", "mean compression of the last hidden layer"),
        "gap_mean": stated(gap.mean(), "1", "mean of held-out less training error"),
        "rank_correlation": stated(rank_correlation(compression, gap), "1", "rank correlation within the condition"),
    }
    return xr.Dataset(found)
