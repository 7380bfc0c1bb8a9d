"""Are the final weights random? Cosines between a layer's neurons, other networks, and single neurons ([ST17])."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
import xarray as xr

from infoplane.analyses.base import LearnedAnalysis, Run, complete, result, stated
from infoplane.analyses.networks import apart_over_initial, disagreement, share_of_units
from infoplane.statistics import first, last, mean_interval

COARSE = 4  # bins of the measure that are counted as one: a layer has few pairs
NAMES = ["correlation_rms", "correlation_rms_random", "correlation_share", "correlation_share_random"]


class Weights(LearnedAnalysis):
    """Cosines between the incoming weights of all pairs of a layer's neurons, first and last, beside random ones.

    Networks beside each other after the best matching of their neurons, and what a single neuron tells of the label of
    what its layer tells, where there are classes. Layers are those of two neurons or more, networks those that have
    learned.
    """

    measures: ClassVar[tuple[str, ...]] = ("weights", "units")
    needs: ClassVar[tuple[str, ...]] = ()

    kind: Literal["weights"] = "weights"

    def analyse(self, runs: Sequence[Run]) -> xr.DataTree:
        """By condition: `share_*` (layer, correlation), `rms_*` (layer), and ratios (replicate, layer; `*_mean`).

        Of networks: `apart_over_initial` (layer, interval), `disagreement` (interval).
        """
        return result(runs, [self._of(run) for run in runs])

    def _of(self, run: Run) -> xr.Dataset:
        pairs = _with_pairs(run.measurements["weights"])
        has_say = self.have_learned(run).sel(replicate=pairs["replicate"])
        pairs = pairs.isel(replicate=np.flatnonzero(has_say))
        of_pairs = pairs["correlation_share"].coarsen(correlation=COARSE).sum().mean("replicate")
        rms, random = pairs["correlation_rms"], pairs["correlation_rms_random"]
        random = random.mean([dim for dim in random.dims if dim != "layer"])
        of_random = pairs["correlation_share_random"].coarsen(correlation=COARSE).sum()
        found = {
            "share_random": stated(of_random, "1", "share of pairs, expected of random directions"),
            "rms_random": stated(random, "1", "root mean square cosine expected of random directions"),
        }
        ratios = {
            "over_random": (last(rms) / random, "rms cosine / that of random directions"),
            "over_initial": (last(rms) / first(rms), "rms cosine / that of the initial weights"),
            "initial_over_random": (first(rms) / random, "initial rms cosine / that of random directions"),
        }
        for name, (ratio, long_name) in ratios.items():
            found[name] = stated(ratio, "1", long_name)
            found[f"{name}_mean"] = mean_interval(ratio, "1", long_name, "log")
        for end, chosen in (("initial", first), ("last", last)):
            found[f"share_{end}"] = stated(chosen(of_pairs), "1", f"share of pairs of neurons, {end} weights")
            size = chosen(rms).mean("replicate")
            found[f"rms_{end}"] = stated(size, "1", f"root mean square cosine of pairs of neurons, {end} weights")
        units = run.measurements["units"].sel(replicate=pairs["replicate"])
        found |= _of_networks(units, pairs["layer"])
        return xr.Dataset(found, attrs={"replicates_used": pairs.sizes["replicate"]})


def _of_networks(units: xr.Dataset, layers: xr.DataArray) -> dict[str, xr.DataArray]:
    """Networks beside each other, and single neurons, of the layers; of real-valued targets no label and no class."""
    found: dict[str, xr.DataArray] = {}
    if layers.size:
        found["apart_over_initial"] = _by_layer([apart_over_initial(units, int(layer)) for layer in layers], layers)
    if "prediction" in units:
        found["disagreement"] = disagreement(units)
    if layers.size and "unit_TY" in units:
        shares = [share_of_units(units, int(layer)) for layer in layers]
        for name, whose in (("unit", "a neuron"), ("best_unit", "the best neuron")):
            long_name = f"I(t;Y) of {whose} / that of its layer"
            found[f"{name}_share"] = stated(_by_layer([share[name] for share in shares], layers), "1", long_name)
            found[f"{name}_share_mean"] = mean_interval(found[f"{name}_share"], "1", long_name)
    return found


def _by_layer(values: Sequence[xr.DataArray], layers: xr.DataArray) -> xr.DataArray:
    """One array of those of the layers."""
    return xr.concat(values, layers, combine_attrs="override")


def _with_pairs(weights: xr.Dataset) -> xr.Dataset:
    """The layers of two neurons or more, of the replicates that did not diverge."""
    pairs = weights["correlation_share"].isel(epoch=0).notnull().any(["replicate", "correlation"])
    chosen = weights[NAMES].isel(layer=np.flatnonzero(pairs))
    used = complete(chosen[["correlation_rms"]])["replicate"]
    return chosen.sel(replicate=used)
