"""Compression of the last hidden layer, and what its networks have learned ([ST17], [S18])."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import xarray as xr

from infoplane.analyses.base import InformationAnalysis, Run, errors, result, stated
from infoplane.statistics import interval, mean


class Compression(InformationAnalysis):
    """Compression of the last hidden layer of every network, its mean, and the final training error."""

    reads_curves: ClassVar[bool] = True

    kind: Literal["compression"] = "compression"

    def analyse(self, runs: Sequence[Run]) -> xr.DataTree:
        """By condition: `compression` (replicate), `compression_mean` (interval), `train_error`."""
        return result(runs, [self._of(run) for run in runs])

    def _of(self, run: Run) -> xr.Dataset:
        trained = errors(run)["train_error"].isel(epoch=-1, drop=True).mean()
        error = stated(trained, "1", "training error in the last epoch, mean over networks")
        return xr.Dataset({**compression(self.information(run)), "train_error": error})


def compression(plane: xr.Dataset) -> dict[str, xr.DataArray]:
    """`compression` of the last hidden layer, as it was measured: peak less final I(X;T) (replicate), and its mean."""
    lost = plane["compression"].isel(layer=-2, drop=True)
    return {
        "compression": stated(lost, "bits", "compression of the last hidden layer"),
        "compression_mean": interval(mean, lost, units="bits", long_name="compression"),
    }
