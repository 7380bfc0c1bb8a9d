"""The information plane: where every layer of every replicate is at each recorded epoch ([ST17] figs. 2, 3 and 5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import xarray as xr

from infoplane.analyses.base import InformationAnalysis, Run, result, stated


class Plane(InformationAnalysis):
    """I(X;T) and I(T;Y) of every replicate, their means, and where each layer's mean path starts, peaks and ends."""

    kind: Literal["plane"] = "plane"

    def analyse(self, runs: Sequence[Run]) -> xr.DataTree:
        """By condition: points (replicate, epoch, layer), means (epoch, layer), ends and peak of the mean (layer)."""
        return result(runs, [self._of(run) for run in runs])

    def _of(self, run: Run) -> xr.Dataset:
        plane = self.information(run)
        found = {}
        for name, quantity in (("I_XT", "I(X;T)"), ("I_TY", "I(T;Y)")):
            mean = plane[name].mean("replicate")
            found[name] = stated(plane[name], "bits", quantity)
            found[f"{name}_mean"] = stated(mean, "bits", f"mean of {quantity}")
            for end, place in (("first", 0), ("last", -1)):
                at = mean.isel(epoch=place, drop=True)
                found[f"{name}_{end}"] = stated(at, "bits", f"mean of {quantity} in the {end} epoch")
        mean = found["I_XT_mean"]
        found["I_XT_peak"] = stated(mean.max("epoch"), "bits", "highest mean of I(X;T)")
        found["I_XT_peak_epoch"] = stated(mean.idxmax("epoch").astype(int), "epochs", "where the mean of I(X;T) peaks")
        return xr.Dataset(found, attrs={"last_epoch": int(plane["epoch"][-1]), "snapshots": plane.sizes["epoch"]})
