"""The bull: what each layer of a network can no longer tell apart from one chosen input, at three moments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

import numpy as np
import xarray as xr
from pydantic import Field

from infoplane.analyses.base import Analysis, Run, result, stated
from infoplane.analyses.moments import moments
from infoplane.section import Int

ESTIMATOR = "Whose cells are shown: an estimator of kind `specific`."
REPLICATE = "The network that is looked into."
Replicate = Annotated[Int, Field(ge=0)]


class Bull(Analysis):
    """Mean pattern, and number, of the inputs in the chosen one's cell, layer by layer."""

    measures: ClassVar[tuple[str, ...]] = ("gradients",)
    needs: ClassVar[tuple[str, ...]] = ("specific_XT",)  # and with it `shares_cell`
    reads_dataset: ClassVar[bool] = True

    kind: Literal["bull"] = "bull"
    estimator: str = Field("specific", description=ESTIMATOR)
    replicate: Replicate = Field(0, description=REPLICATE)

    def analyse(self, runs: Sequence[Run]) -> xr.DataTree:
        """By condition: `pattern` (moment, layer, feature), `cell_size`, `specific_information` (moment, layer).

        `chosen` (feature) is the input, the attribute `input` its number.
        """
        return result(runs, [self._of(run) for run in runs], replicate=self.replicate)

    def _of(self, run: Run) -> xr.Dataset:
        cells, data = self._cells(run), run.dataset[["x", "p_x"]].load()
        at, chosen = moments(run, cells["epoch"].values), int(cells.attrs["input"])
        cells = cells.sel(epoch=list(at.values())).rename(epoch="moment").drop_vars("moment")
        x, p_x = data["x"].transpose("sample", "feature").astype(np.float64), data["p_x"]
        weight = xr.dot(cells.astype(np.float64), p_x, dim="sample")
        pattern = xr.dot(cells.astype(np.float64), p_x, x, dim="sample") / weight
        epoch = xr.Variable(
            "moment", list(at.values()), {"units": "epochs", "long_name": "recorded epoch of the moment"}
        )
        found = {
            "chosen": stated(x.isel(sample=chosen, drop=True), "1", "the chosen input"),
            "pattern": stated(pattern, "1", "mean of the inputs in the chosen one's cell"),
            "cell_size": stated(cells.sum("sample"), "1", "inputs in the chosen one's cell"),
            "specific_information": stated(-np.log2(weight), "bits", "information on X of the chosen input's cell"),
        }
        head = {"input": chosen, "replicates_used": 1}
        return xr.Dataset(found, attrs=head).assign_coords(moment=list(at), epoch=epoch)

    def _cells(self, run: Run) -> xr.DataArray:
        """Which inputs share the chosen one's cell (epoch, layer, sample) in the network that is looked into."""
        measured = run.measurements[self.estimator]
        cell = measured["shares_cell"].sel(replicate=self.replicate, drop=True).transpose("epoch", "layer", "sample")
        if not cell.any("sample").all():
            raise ValueError(f"bull: replicate {self.replicate} diverged; choose another")
        return cell
