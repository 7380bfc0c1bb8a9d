"""How close do converged layers come to the information-bottleneck bound? ([ST17] fig. 7, [TPB99])."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
import xarray as xr

from infoplane.analyses.base import InformationAnalysis, Run, result, stated
from infoplane.statistics import distance_below_bound, interval, mean


class Bound(InformationAnalysis):
    """The layers in the last epoch beside the bound: the most of Y that any T of that I(X;T) can keep."""

    measures: ClassVar[tuple[str, ...]] = ("bound",)

    kind: Literal["bound"] = "bound"

    def analyse(self, runs: Sequence[Run]) -> xr.DataTree:
        """By condition: the bound (point), the layers (replicate, layer), gaps (layer), `distance_mean` (interval)."""
        return result(runs, [self._of(run) for run in runs])

    def _of(self, run: Run) -> xr.Dataset:
        plane, curve = self.information(run), run.measurements["bound"]
        last = plane[["I_XT", "I_TY"]].isel(epoch=-1, drop=True)
        gap = distance_below_bound(curve, last["I_XT"], last["I_TY"])
        distance = gap.mean("layer")
        place = np.searchsorted(curve["I_X"].values, last["I_XT"].mean("replicate").values)
        beta = curve["beta"].values[place.clip(max=curve.sizes["point"] - 1)]
        name = "distance below the bound"
        found = {
            "I_X": stated(curve["I_X"], "bits", "I(X;T) on the bound"),
            "I_Y": stated(curve["I_Y"], "bits", "I(T;Y) on the bound"),
            "beta": stated(curve["beta"], "1", "β: the inverse slope of the bound"),
            "I_XT": stated(last["I_XT"], "bits", "I(X;T) in the last epoch"),
            "I_TY": stated(last["I_TY"], "bits", "I(T;Y) in the last epoch"),
            "gap_mean": stated(gap.mean("replicate"), "bits", f"mean {name}, of the layer"),
            "gap_std": stated(gap.std("replicate"), "bits", f"standard deviation of the {name}"),
            "beta_of_layer": stated(xr.DataArray(beta, dims="layer"), "1", "β where the bound has the layer's I(X;T)"),
            "distance": stated(distance, "bits", f"{name}, mean over layers"),
            "distance_mean": interval(mean, distance, units="bits", long_name=name),
        }
        return xr.Dataset(found, attrs={"last_epoch": int(plane["epoch"][-1])})
