"""The same networks as several estimators see them ([S18], [C19], [G19])."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

import xarray as xr
from pydantic import Field

from infoplane.analyses.base import Analysis, Bound, Run, information, result, stated
from infoplane.analyses.phases import compression
from infoplane.statistics import smoothed

if TYPE_CHECKING:
    Data = TypeVar("Data", xr.DataArray, xr.Dataset)

COMPARED = "Estimators that are compared: names under `estimators`."
Names = Annotated[tuple[str, ...], Field(min_length=1)]


class Estimators(Analysis):
    """Mean paths and compression by each of several estimators."""

    kind: Literal["estimators"] = "estimators"
    compare: Names = Field(("binned",), description=COMPARED)
    bound: Bound = "upper"

    def estimators(self) -> tuple[str, ...]:
        """All that are compared."""
        return self.compare

    def analyse(self, runs: Sequence[Run]) -> xr.DataTree:
        """By condition: mean paths (estimator, epoch, layer) and compression (estimator, layer).

        Estimators may have looked at different epochs: the means are NaN where one has not.
        """
        return result(runs, [self._of(run) for run in runs])

    def _of(self, run: Run) -> xr.Dataset:
        planes = [information(run, estimator, self.bound) for estimator in self.compare]
        means = self._joined([plane[["I_XT", "I_TY"]].mean("replicate") for plane in planes], "outer")
        lost = [compression(smoothed(plane["I_XT"])) for plane in planes]
        average = self._joined([bits.mean("replicate") for bits in lost], "exact")
        deviation = self._joined([bits.std("replicate") for bits in lost], "exact")
        used = xr.DataArray([plane.sizes["replicate"] for plane in planes], dims="estimator")
        found = {
            "I_XT_mean": stated(means["I_XT"], "bits", "mean of I(X;T)"),
            "I_TY_mean": stated(means["I_TY"], "bits", "mean of I(T;Y)"),
            "compression_mean": stated(average, "bits", "mean of the compression"),
            "compression_std": stated(deviation, "bits", "standard deviation of the compression"),
            "networks": stated(used, "1", "replicates that count"),
        }
        return xr.Dataset(found, attrs={"replicates_used": planes[0].sizes["replicate"]})

    def _joined(self, parts: Sequence[Data], join: Literal["exact", "outer"]) -> Data:
        return xr.concat(parts, xr.Variable("estimator", list(self.compare)), join=join)
