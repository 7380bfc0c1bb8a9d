"""Do networks that compress more generalise better? Every network of every condition ([S18])."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
import xarray as xr

from infoplane.analyses.base import InformationAnalysis, LearnedAnalysis, Run, complete, result, stated
from infoplane.analyses.phases import compression
from infoplane.statistics import jackknife_interval, last, mean_interval, rank_correlation, smoothed

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
        Networks of one number have the same samples held out in every condition, and mostly the same initial weights:
        the intervals take them together.
        """
        networks = [self._networks(run) for run in runs]
        together = xr.concat(networks, "condition", join="outer")[["compression", "gap"]].dropna("replicate", how="all")
        pairs = together.to_dataarray().transpose("condition", "replicate", "variable").values
        enough = np.isfinite(pairs).all(-1).sum(1) >= FEWEST
        inside = np.array([_correlation(own) if counts else np.nan for own, counts in zip(pairs, enough, strict=True)])
        counted, number = pairs[np.isfinite(inside)], pairs.shape[1]
        pooled, within = "rank correlation of all networks, pooled", "rank correlation within conditions"
        root = {
            "pooled": jackknife_interval(lambda kept: _correlation(pairs[:, kept]), number, "1", pooled, "atanh"),
            "within": jackknife_interval(lambda kept: _within(counted[:, kept]), number, "1", within, "atanh"),
            "networks": stated(xr.DataArray(int(np.isfinite(pairs).all(-1).sum())), "1", "networks of all conditions"),
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


def _correlation(pairs: np.ndarray) -> float:
    """Of networks (..., 2), some of which are NaN."""
    known = pairs[np.isfinite(pairs).all(-1)]
    return float(rank_correlation(*known.T)) if len(known) else np.nan


def _within(pairs: np.ndarray) -> float:
    """The mean of the conditions' (condition, replicate, 2), of those whose networks differ."""
    found = np.array([_correlation(own) for own in pairs])
    return float(found[np.isfinite(found)].mean()) if np.isfinite(found).any() else np.nan


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
