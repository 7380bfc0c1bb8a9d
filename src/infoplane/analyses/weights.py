"""Are the final weights random? Correlations between a layer's neurons beside those of random directions ([ST17])."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
import xarray as xr

from infoplane.analyses.base import Analysis, Run, complete, result, stated
from infoplane.statistics import interval, mean

COARSE = 4  # bins of the measure that are counted as one: a layer has few pairs
NAMES = ["correlation_rms", "correlation_rms_random", "correlation_share", "correlation_share_random"]


class Weights(Analysis):
    """Cosines between the incoming weights of all pairs of a layer's neurons, first and last, beside random ones.

    Layers are those of two neurons or more.
    """

    measures: ClassVar[tuple[str, ...]] = ("weights",)
    needs: ClassVar[tuple[str, ...]] = ()

    kind: Literal["weights"] = "weights"

    def analyse(self, runs: Sequence[Run]) -> xr.DataTree:
        """By condition: `share_*` (layer, correlation), `rms_*` (layer), `random_multiple_mean` (interval)."""
        return result(runs, [self._of(run) for run in runs])

    def _of(self, run: Run) -> xr.Dataset:
        measured = run.measurements["weights"]
        last = measured["correlation_rms"].isel(epoch=-1, drop=True)
        multiple = (last / measured["correlation_rms_random"]).mean("layer")
        pairs = _with_pairs(measured)
        of_pairs = pairs["correlation_share"].coarsen(correlation=COARSE).sum().mean("replicate")
        rms, random = pairs["correlation_rms"].mean("replicate"), pairs["correlation_rms_random"]
        of_random = pairs["correlation_share_random"].coarsen(correlation=COARSE).sum()
        found = {
            "share_random": stated(of_random, "1", "share of pairs, expected of random directions"),
            "rms_random": stated(
                random.mean([dim for dim in random.dims if dim != "layer"]), "1", "the same of random directions"
            ),
            "random_multiple": stated(multiple, "1", "last root mean square cosine / that of random directions"),
            "random_multiple_mean": interval(mean, multiple, units="1", long_name="correlations / random"),
        }
        for end, place in (("initial", 0), ("last", -1)):
            share, size = of_pairs.isel(epoch=place, drop=True), rms.isel(epoch=place, drop=True)
            found[f"share_{end}"] = stated(share, "1", f"share of pairs of neurons, {end} weights")
            found[f"rms_{end}"] = stated(size, "1", f"root mean square cosine of pairs of neurons, {end} weights")
        return xr.Dataset(found, attrs={"replicates_used": pairs.sizes["replicate"]})


def _with_pairs(weights: xr.Dataset) -> xr.Dataset:
    """The layers of two neurons or more, of the replicates that did not diverge."""
    pairs = weights["correlation_share"].isel(epoch=0).notnull().any(["replicate", "correlation"])
    chosen = weights[NAMES].isel(layer=np.flatnonzero(pairs))
    used = complete(chosen[["correlation_rms"]])["replicate"]
    return chosen.sel(replicate=used)
