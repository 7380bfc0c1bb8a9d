"""By how much a layer's information exceeds that of a layer before it: never, says the inequality ([ST17])."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Literal

import xarray as xr

from infoplane.analyses.base import InformationAnalysis, Run, result, stated
from infoplane.statistics import mean_interval, smoothed

QUANTITIES = {"XT": "I(X;T)", "TY": "I(T;Y)"}


class DataProcessing(InformationAnalysis):
    """What each layer has more (or less) than the layer before, and the largest excess of each over each before it.

    Layers are those after the first; an excess is of a smooth curve, so that it is not that of one noisy snapshot.
    """

    kind: Literal["data_processing"] = "data_processing"

    def analyse(self, runs: Sequence[Run]) -> xr.DataTree:
        """By condition: `rise_*` (replicate, epoch, layer), `violations_*` (layer), `excess_*_mean` (pair)."""
        return result(runs, [self._of(run) for run in runs])

    def _of(self, run: Run) -> xr.Dataset:
        plane = self.information(run)
        found = {}
        for name, quantity in QUANTITIES.items():
            rise = plane[f"I_{name}"].diff("layer")
            excess = plane[f"dpi_excess_{name}"].isel(layer=slice(1, None))
            share, largest = (excess > 0).mean(["replicate", "epoch"]), excess.max(["replicate", "epoch"])
            found[f"rise_{name}"] = stated(rise, "bits", f"{quantity} less that of the layer before")
            found[f"violations_{name}"] = stated(share, "1", f"share of points with an excess of {quantity}")
            found[f"largest_excess_{name}"] = stated(largest, "bits", f"largest excess of {quantity}")
            pairs = stated(excess_of_pairs(plane[f"I_{name}"]), "bits", f"largest excess of {quantity}")
            found[f"excess_{name}"] = pairs
            found[f"excess_{name}_mean"] = mean_interval(pairs, "bits", pairs.attrs["long_name"])
        return xr.Dataset(found, attrs={"replicates_used": plane.sizes["replicate"]})


def excess_of_pairs(information: xr.DataArray) -> xr.DataArray:
    """The largest excess over the epochs of a later layer over an earlier one, in bits (replicate, pair).

    0 where there is none at any epoch; a pair is named by its layers' numbers: `2 over 1`.
    """
    curves, layers = smoothed(information), information["layer"].values
    pairs = list(combinations(range(len(layers)), 2))
    excess = [(curves.isel(layer=b, drop=True) - curves.isel(layer=a, drop=True)).max("epoch") for a, b in pairs]
    names = [f"{layers[b]} over {layers[a]}" for a, b in pairs]
    return xr.concat(excess, xr.Variable("pair", names)).clip(min=0)
