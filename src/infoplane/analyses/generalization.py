"""Do networks that compress more generalise better? Every network of every condition ([S18])."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
import xarray as xr

from infoplane.analyses.base import InformationAnalysis, LearnedAnalysis, Run, complete, result, stated
from infoplane.analyses.phases import compression
from infoplane.statistics import bootstrap_interval, last, mean_interval, rank_correlation, smoothed

FEWEST = 5  # networks that have a correlation worth counting
ERRORS = ("train_error", "test_error")


class Generalization(LearnedAnalysis, InformationAnalysis):
    """Compression of the last hidden layer beside the held-out error and the gap, and their rank correlations.

    Pooled over conditions, and within them: conditions differ in both for reasons of their own (Simpson's paradox).
    """

    of_classes: ClassVar[bool] = True

    kind: Literal["generalization"] = "generalization"

    def analyse(self, runs: Sequence[Run]) -> xr.DataTree:
        """By condition: `compression`, `gap`, `test_error` (replicate), means, `rank_correlation` within.

        The root has `pooled` over all networks and `within`, the mean over conditions (interval), and `networks`.
        """
        networks = [self._networks(run) for run in runs]
        inside = np.array([_correlation(data) for data in networks])
        together = xr.concat(networks, "replicate", join="override").dropna("replicate")
        x, y = together["compression"].values, together["gap"].values
        pooled = {"units": "1", "long_name": "rank correlation of all networks, pooled"}
        within = xr.DataArray(inside, dims="replicate")  # a condition is the unit
        root = {
            "pooled": bootstrap_interval(rank_correlation, x, y, paired=True, **pooled),
            "within": mean_interval(within, "1", "rank correlation within conditions", "atanh"),
            "networks": stated(xr.DataArray(len(x)), "1", "networks of all conditions"),
            "conditions": stated(xr.DataArray(int(np.isfinite(inside).sum())), "1", "conditions with a correlation"),
        }
        found = [_of(data, own) for data, own in zip(networks, inside, strict=True)]
        return result(runs, found, xr.Dataset(root))

    def _networks(self, run: Run) -> xr.Dataset:
        """Compression in bits, gap and held-out error (replicate) of networks; NaN of those that have not learned."""
        i_xt = smoothed(self.information(run)["I_XT"].isel(layer=-2, drop=True))
        train, test = (last(smoothed(complete(run.curves[[name]])[name])) for name in ERRORS)
        parts = {"compression": compression(i_xt), "gap": test - train, "test_error": test}
        merged = xr.merge([value.rename(name) for name, value in parts.items()], join="inner")
        return self.of_learned(run, merged)


def _correlation(networks: xr.Dataset) -> float:
    kept = networks.dropna("replicate")
    if kept.sizes["replicate"] < FEWEST:
        return np.nan
    return float(rank_correlation(kept["compression"].values, kept["gap"].values))


def _of(networks: xr.Dataset, correlation: float) -> xr.Dataset:
    names = {
        "compression": ("bits", "compression of the last hidden layer"),
        "gap": ("1", "held-out less training error in the last epoch"),
        "test_error": ("1", "held-out error in the last epoch"),
    }
    found = {}
    for name, (units, long_name) in names.items():
        found[name] = stated(networks[name], units, long_name)
        found[f"{name}_mean"] = mean_interval(networks[name], units, long_name)
    found["rank_correlation"] = stated(xr.DataArray(correlation), "1", "rank correlation within the condition")
    return xr.Dataset(found, attrs=networks.attrs)
