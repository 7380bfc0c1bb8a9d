"""Networks beside each other: how far apart their layers are after the best matching of units, where they disagree."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import xarray as xr

from infoplane.statistics import bootstrap_interval, mean_of_pairs


def apart(signature: np.ndarray) -> np.ndarray:
    """Distances (network, network) of layers, of signatures (network, unit, input) as the measure `units` has them.

    1 less the mean correlation, up to its sign, of the units that are matched; the best matching is the assignment for
    which that is least (Kuhn 1955).
    """
    from scipy.optimize import linear_sum_assignment

    found = np.zeros((len(signature),) * 2)
    for one, other in itertools.combinations(range(len(signature)), 2):
        alike = np.abs(signature[one] @ signature[other].T)
        found[one, other] = found[other, one] = 1 - alike[linear_sum_assignment(alike, maximize=True)].mean()
    return found


def apart_over_initial(units: xr.Dataset, layer: int) -> xr.DataArray:
    """Mean distance between networks at the end over that of the same networks at first (interval)."""
    of_layer = units["signature"].isel(unit=np.flatnonzero(units["layer_of_unit"] == layer))
    of_end = of_layer.transpose("epoch", "replicate", "unit", "input").values
    initial, last = (apart(of_end[end]) for end in (0, -1))

    def ratio(chosen: np.ndarray, axis: int = -1) -> np.ndarray:
        before = mean_of_pairs(initial, chosen)
        return mean_of_pairs(last, chosen) / np.where(before > 0, before, np.nan)

    return _of_pairs(ratio, len(last), "distance between networks, units matched / that of the initial weights")


def disagreement(units: xr.Dataset) -> xr.DataArray:
    """Share of the inputs that two networks class differently at the end (interval)."""
    last = units["prediction"].isel(epoch=-1).transpose("replicate", "input").values
    differ = (last[:, None] != last[None]) @ units["p_input"].values
    return _of_pairs(
        lambda chosen, axis=-1: mean_of_pairs(differ, chosen), len(last), "share of inputs on which networks disagree"
    )


def _of_pairs(statistic: Callable[..., np.ndarray], networks: int, name: str) -> xr.DataArray:
    """Networks are resampled, not pairs: a pair shares its networks with others. Nothing of fewer than two."""
    if networks < 2:
        statistic, networks = (lambda chosen, axis=-1: np.full(chosen.shape[:-1], np.nan)), 1
    return bootstrap_interval(statistic, np.arange(networks), units="1", long_name=name)


def share_of_units(units: xr.Dataset, layer: int) -> dict[str, xr.DataArray]:
    """What single units of a layer tell of the label at the end, of what the layer tells (replicate): mean and best."""
    last = units.isel(epoch=-1, drop=True)
    of_units = last["unit_TY"].isel(unit=np.flatnonzero(units["layer_of_unit"] == layer))
    whole = last["layer_TY"].sel(layer=layer, drop=True)
    shares = of_units / whole.where(whole > 0)
    return {"unit": shares.mean("unit"), "best_unit": shares.max("unit")}
