"""How far apart the replicates' paths through the information plane are ([ST17])."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import xarray as xr

from infoplane.analyses.base import InformationAnalysis, Run, banded, result, stated
from infoplane.statistics import interval


class Spread(InformationAnalysis):
    """Bands of I(X;T), I(T;Y) and of the distance between paths, and that distance beside the paths' length."""

    kind: Literal["spread"] = "spread"

    def analyse(self, runs: Sequence[Run]) -> xr.DataTree:
        """By condition: bands (epoch, layer), distance, length and last spread (layer), `distance_share` (interval)."""
        return result(runs, [self._of(run) for run in runs])

    def _of(self, run: Run) -> xr.Dataset:
        plane = self.information(run)[["I_XT", "I_TY"]]
        apart, last = distance_from_others(plane), plane.isel(epoch=-1, drop=True)
        found = {
            **banded(plane["I_XT"], "I_XT", "bits", "I(X;T)"),
            **banded(plane["I_TY"], "I_TY", "bits", "I(T;Y)"),
            **banded(apart, "distance", "bits", "a replicate's distance from the others"),
            "path_distance": stated(apart.mean(["replicate", "epoch"]), "bits", "mean distance between paths"),
            "path_length": stated(path_length(plane), "bits", "length of the mean path"),
            "distance_share": distance_share(plane),
        }
        for name, quantity in (("I_XT", "I(X;T)"), ("I_TY", "I(T;Y)")):
            deviation = last[name].std("replicate", ddof=1)
            found[f"{name}_last_std"] = stated(deviation, "bits", f"standard deviation of {quantity} in the last epoch")
        return xr.Dataset(found, attrs={"replicates_used": plane.sizes["replicate"]})


def distances(plane: xr.Dataset) -> xr.DataArray:
    """Distance in the plane, in bits, between the points of each two replicates (replicate, other, epoch, layer)."""
    others = plane.rename(replicate="other")
    return np.hypot(plane["I_XT"] - others["I_XT"], plane["I_TY"] - others["I_TY"])


def distance_from_others(plane: xr.Dataset) -> xr.DataArray:
    """Mean distance in the plane, in bits, of each replicate's point from the others' (replicate, epoch, layer)."""
    return distances(plane).sum("other") / max(plane.sizes["replicate"] - 1, 1)


def path_length(plane: xr.Dataset) -> xr.DataArray:
    """Length of the mean path in the plane, in bits (layer,)."""
    mean = plane.mean("replicate")
    return np.hypot(mean["I_XT"].diff("epoch"), mean["I_TY"].diff("epoch")).sum("epoch")


def distance_share(plane: xr.Dataset) -> xr.DataArray:
    """Mean distance between two replicates' paths over the length of the mean path, both summed over layers (interval).

    Networks are resampled, not pairs: a pair shares its networks with others. The length is that of all networks.
    """
    apart = distances(plane).mean("epoch").sum("layer").values
    length = float(path_length(plane).sum())

    def between(chosen: xr.DataArray) -> xr.DataArray:
        one, other = chosen.values[..., :, None], chosen.values[..., None, :]
        pairs = (one != other).sum(axis=(-2, -1))  # a network that is drawn twice is not a pair
        total = apart[one, other].sum(axis=(-2, -1))
        return xr.DataArray(total / np.maximum(pairs, 1) / length, dims=chosen.dims[:-1])

    replicates = xr.DataArray(np.arange(len(apart)), dims="replicate")
    return interval(between, replicates, units="1", long_name="distance / length of paths")
