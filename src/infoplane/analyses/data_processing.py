"""By how much each layer's information exceeds that of the layer before: never, says the inequality ([ST17])."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import xarray as xr

from infoplane.analyses.base import InformationAnalysis, Run, result, stated
from infoplane.statistics import interval, mean


class DataProcessing(InformationAnalysis):
    """What each layer has more (or less) than the layer before, how often that is an excess, and how large.

    Layers are those after the first, each with the one before as a pair.
    """

    kind: Literal["data_processing"] = "data_processing"

    def analyse(self, runs: Sequence[Run]) -> xr.DataTree:
        """By condition: `rise_*` (replicate, epoch, layer), `violations_*`, `largest_excess_*` (layer), `excess_*`."""
        return result(runs, [self._of(run) for run in runs])

    def _of(self, run: Run) -> xr.Dataset:
        plane = self.information(run)
        found = {}
        for name, quantity in (("XT", "I(X;T)"), ("TY", "I(T;Y)")):
            rise = plane[f"I_{name}"].diff("layer")
            excess = plane[f"dpi_excess_{name}"].isel(layer=slice(1, None))
            share, largest = (excess > 0).mean(["replicate", "epoch"]), excess.max(["replicate", "epoch"])
            found[f"rise_{name}"] = stated(rise, "bits", f"{quantity} less that of the layer before")
            found[f"violations_{name}"] = stated(share, "1", f"share of points with an excess of {quantity}")
            found[f"largest_excess_{name}"] = stated(largest, "bits", f"largest excess of {quantity}")
            of_replicate, long_name = excess.mean(["epoch", "layer"]), f"excess of {quantity}"
            found[f"excess_{name}"] = interval(mean, of_replicate, units="bits", long_name=long_name)
        return xr.Dataset(found)
