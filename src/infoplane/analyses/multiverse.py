"""One grid of estimators, resolutions, layers and nonlinearities: how much compression each of them sees.

The same networks on one grid of snapshots, so that nothing but the declared axes differs ([S18], [C19], [G19]).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Literal

import numpy as np
import xarray as xr
from pydantic import Field

from infoplane.analyses.base import (
    EXPERIMENT,
    Bound,
    Experiments,
    LearnedAnalysis,
    Run,
    condition_name,
    information,
    result,
    stated,
)
from infoplane.analyses.estimators import COMPARED, Names
from infoplane.analyses.phases import compression
from infoplane.statistics import bootstrap_interval, mean_interval, smoothed

SHARES = ("condition", "estimator", "layer")
TOGETHER = "interactions"


class Multiverse(LearnedAnalysis):
    """Compression in every cell of the grid, and what share of its variance each axis has."""

    kind: Literal["multiverse"] = "multiverse"
    experiment: Experiments = Field("nonlinearity", description=EXPERIMENT)
    compare: Names = Field(("binned",), description=COMPARED)
    bound: Bound = "upper"

    def estimators(self) -> tuple[str, ...]:
        """All that are compared."""
        return self.compare

    def analyse(self, runs: Sequence[Run]) -> xr.DataTree:
        """By condition: `compression` (estimator, replicate, layer), `compression_mean`, `saturated`.

        The root has `share_condition`, `share_estimator`, `share_layer`, `share_interactions` (interval): the shares
        of the variance of the mean compression over the hidden layers of the grid.
        """
        cells = [self._cells(run) for run in runs]
        names = [condition_name(run.varied) for run in runs]
        known = [place for place, cell in enumerate(cells) if cell["compression"].notnull().any()]  # some have learned
        root = _shares([cells[place]["compression"] for place in known], [names[place] for place in known])
        return result(runs, [_described(cell) for cell in cells], xr.Dataset(root))

    def _cells(self, run: Run) -> xr.Dataset:
        """`compression`, `saturated` (estimator, replicate, layer), NaN of networks that have not learned."""
        planes = [information(run, estimator, self.bound)[["I_XT", "saturated"]] for estimator in self.compare]
        epochs = reduce(np.intersect1d, [plane["epoch"].values for plane in planes])
        seen = []
        for plane in planes:
            common = plane.sel(epoch=epochs)
            at_peak = common["saturated"].astype(float).sel(epoch=common["I_XT"].idxmax("epoch")).drop_vars("epoch")
            cell = xr.Dataset({"compression": compression(smoothed(common["I_XT"])), "saturated": at_peak})
            seen.append(self.of_learned(run, cell))
        return xr.concat(seen, xr.Variable("estimator", list(self.compare)), join="inner", combine_attrs="override")


def _described(cell: xr.Dataset) -> xr.Dataset:
    lost = stated(cell["compression"], "bits", "compression")
    saturated = cell["saturated"].mean("replicate")
    found = {
        "compression": lost,
        "compression_mean": mean_interval(lost, "bits", "compression"),
        "saturated": stated(saturated, "1", "share of networks whose peak is saturated: it may have been higher"),
    }
    return xr.Dataset(found, attrs=cell.attrs)


def _shares(cells: Sequence[xr.DataArray], names: Sequence[str]) -> dict[str, xr.DataArray]:
    """Shares of the variance over (condition, estimator, hidden layer): of each axis alone, and of them together.

    Networks are resampled, the same number in every condition: they started from the same weights.
    """
    if len(cells) < 2:
        return {}
    whole = xr.concat(cells, xr.Variable("condition", list(names)), join="inner", coords="minimal", compat="override")
    grid = whole.isel(layer=slice(None, -1)).transpose("condition", "estimator", "layer", "replicate").values
    # a network must have learned in every condition to be compared
    grid = grid[..., np.isfinite(grid).all((0, 1, 2))]
    if grid.shape[-1] < 2:
        return {}

    def share_of(which: str) -> Callable[..., np.ndarray]:
        def share(chosen: np.ndarray, axis: int = -1) -> np.ndarray:
            means = grid[..., chosen].mean(axis)  # (condition, estimator, layer, ...)
            own = [means.mean(tuple({0, 1, 2} - {place})).var(0) for place in range(len(SHARES))]
            part = own[SHARES.index(which)] if which in SHARES else means.var((0, 1, 2)) - sum(own)
            return part / means.var((0, 1, 2))

        return share

    found = {}
    for name in (*SHARES, TOGETHER):
        words = f"share of the variance of compression: {name}"
        statistic, numbers = share_of(name), np.arange(grid.shape[-1])
        found[f"share_{name}"] = bootstrap_interval(statistic, numbers, units="1", long_name=words)
    return found
