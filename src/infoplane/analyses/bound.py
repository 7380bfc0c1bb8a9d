"""How close do converged layers come to the information-bottleneck bound? ([ST17] fig. 7, [TPB99])."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
import xarray as xr

from infoplane.analyses.base import InformationAnalysis, Run, result, stated
from infoplane.statistics import mean_interval


class Bound(InformationAnalysis):
    """The layers, untrained and in the last epoch, beside the least I(X;T) that any T of that I(T;Y) needs."""

    of_classes: ClassVar[bool] = True
    measures: ClassVar[tuple[str, ...]] = ("bound",)

    kind: Literal["bound"] = "bound"

    def analyse(self, runs: Sequence[Run]) -> xr.DataTree:
        """By condition: the bound (point), the layers (replicate, end, layer), and their excess of I(X;T), by layer."""
        return result(runs, [self._of(run) for run in runs])

    def _of(self, run: Run) -> xr.Dataset:
        plane, curve = self.information(run), run.measurements["bound"]
        ends = plane[["I_XT", "I_TY"]].isel(epoch=[0, -1]).drop_vars("epoch").rename(epoch="end")
        ends = ends.assign_coords(end=["untrained", "last"])
        excess = excess_over_bound(curve, ends["I_XT"], ends["I_TY"])
        closer = excess.sel(end="untrained", drop=True) - excess.sel(end="last", drop=True)
        place = np.searchsorted(curve["I_X"].values, ends["I_XT"].sel(end="last").mean("replicate").values)
        beta = curve["beta"].values[place.clip(max=curve.sizes["point"] - 1)]
        name = "I(X;T) in excess of the bound"
        found = {
            "I_X": stated(curve["I_X"], "bits", "I(X;T) on the bound"),
            "I_Y": stated(curve["I_Y"], "bits", "I(T;Y) on the bound"),
            "beta": stated(curve["beta"], "1", "β: the inverse slope of the bound"),
            "I_XT": stated(ends["I_XT"], "bits", "I(X;T), untrained and in the last epoch"),
            "I_TY": stated(ends["I_TY"], "bits", "I(T;Y), untrained and in the last epoch"),
            "excess": stated(excess, "bits", f"{name}, of the layer"),
            "excess_mean": mean_interval(excess, "bits", name),
            "closer": stated(closer, "bits", "by how much training lowers the excess"),
            "closer_mean": mean_interval(closer, "bits", "by how much training lowers the excess"),
            "beta_of_layer": stated(xr.DataArray(beta, dims="layer"), "1", "β where the bound has the layer's I(X;T)"),
        }
        head = {"last_epoch": int(plane["epoch"][-1]), "replicates_used": plane.sizes["replicate"]}
        return xr.Dataset(found, attrs=head)


def excess_over_bound(bound: xr.Dataset, i_xt: xr.DataArray, i_ty: xr.DataArray) -> xr.DataArray:
    """I(X;T) less the least that a T of the same I(T;Y) needs, in bits [TPB99].

    `bound` is the measurement `bound` of the dataset: I_X and I_Y along `point`, both rising. Sideways, since a layer
    that forgets nothing lies on the bound at its end, however much it knows of no use.
    """
    needed = xr.apply_ufunc(np.interp, i_ty, kwargs={"xp": bound.I_Y.values, "fp": bound.I_X.values})
    return i_xt - needed
