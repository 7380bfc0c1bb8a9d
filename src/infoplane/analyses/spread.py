"""How far apart networks are in the plane: within a condition, and between conditions ([ST17])."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
import xarray as xr

from infoplane.analyses.base import InformationAnalysis, Run, banded, result, stated
from infoplane.measures.derived import limits
from infoplane.statistics import at_epoch, bootstrap_interval, crossed_intervals, mean_of_pairs, smoothed

# shares of log(1 + epoch) of the shortest training: the points at which paths are compared
PHASES = {"early": (0.2, 0.3, 0.4, 0.5), "late": (0.8, 0.9, 1.0)}
SOURCES = {"weights": "initial weights", "data": "data", "rest": "both together and order"}


class Spread(InformationAnalysis):
    """Bands of I(X;T), I(T;Y) and of the distance between networks; distances within conditions over those between.

    Distances are in the plane with both axes in units of the most there is: I(X;T) of H(X), I(T;Y) of I(X;Y). Where
    initial weights and data are `crossed`, so much of the variance is due to either, and the rest to both together and
    to the order of the samples.
    """

    reads_dataset: ClassVar[bool] = True

    kind: Literal["spread"] = "spread"

    def analyse(self, runs: Sequence[Run]) -> xr.DataTree:
        """By condition: bands (epoch, layer), and for each of `PHASES` an interval where there is something to compare.

        `ratio_*`: distance within over that from other conditions; `share_SOURCE_*` of `SOURCES`: of the variance.
        """
        end = min(float(self.information(run)["epoch"][-1]) for run in runs)
        points = {phase: [self._points(run, end, shares) for run in runs] for phase, shares in PHASES.items()}
        found = []
        for number, run in enumerate(runs):
            data = self._bands(run)
            for phase, at in points.items():
                epochs = _epochs(phase, end)
                if crossed := run.condition.crossed:
                    shares = self._shares(run, crossed, at[number], epochs)
                    data |= {f"{name}_{phase}": share for name, share in shares.items()}
                elif len(runs) > 1:
                    data[f"ratio_{phase}"] = _ratio(at[number], _others(number, runs, at), epochs)
            found.append(xr.Dataset(data, attrs={"replicates_used": self.information(run).sizes["replicate"]}))
        return result(runs, found)

    def _bands(self, run: Run) -> dict[str, xr.DataArray]:
        plane = self.information(run)[["I_XT", "I_TY"]]
        apart, at_end = distance_from_others(plane), plane.isel(epoch=-1, drop=True)
        found = {
            **banded(plane["I_XT"], "I_XT", "bits", "I(X;T)"),
            **banded(plane["I_TY"], "I_TY", "bits", "I(T;Y)"),
            **banded(apart, "distance", "bits", "a replicate's distance from the others"),
        }
        for name, quantity in (("I_XT", "I(X;T)"), ("I_TY", "I(T;Y)")):
            deviation = at_end[name].std("replicate", ddof=1)
            found[f"{name}_last_std"] = stated(deviation, "bits", f"standard deviation of {quantity} in the last epoch")
        return found

    def _shares(self, run: Run, crossed: int, points: np.ndarray, epochs: str) -> dict[str, xr.DataArray]:
        """Of the variance between crossed networks, by source (interval)."""
        table = crossing(self.information(run)["replicate"].values, points, crossed)
        names = [f"share of the variance due to {source}, {epochs}" for source in SOURCES.values()]
        found = zip(SOURCES, crossed_intervals(table, names), strict=True)
        return {f"share_{source}": share for source, share in found}

    def _points(self, run: Run, end: float, shares: Sequence[float]) -> np.ndarray:
        """Of each network, its layers' places in the plane at the epochs: (network, coordinate)."""
        plane = self.information(run)
        most = zip(("I_XT", "I_TY"), limits(run.dataset), strict=True)
        scaled = [smoothed(plane[name]) / float(bits) for name, bits in most]
        epochs = np.expm1(np.array(shares) * np.log1p(end))
        at = [xr.concat([at_epoch(curve, epoch) for epoch in epochs], "point") for curve in scaled]
        return np.concatenate([a.transpose("replicate", ...).values.reshape(a.sizes["replicate"], -1) for a in at], 1)


def distances(plane: xr.Dataset) -> xr.DataArray:
    """Distance in the plane, in bits, between the points of each two replicates (replicate, other, epoch, layer)."""
    others = plane.rename(replicate="other")
    return xr.ufuncs.hypot(plane["I_XT"] - others["I_XT"], plane["I_TY"] - others["I_TY"])


def distance_from_others(plane: xr.Dataset) -> xr.DataArray:
    """Mean distance in the plane, in bits, of each replicate's point from the others' (replicate, epoch, layer)."""
    return distances(plane).sum("other") / max(plane.sizes["replicate"] - 1, 1)


def crossing(replicates: np.ndarray, points: np.ndarray, crossed: int) -> np.ndarray:
    """Networks' points (network, coordinate) by initialisation and dataset: (initialisation, dataset, coordinate).

    Initialisations that lack a network, since it diverged, are left out.
    """
    rows = int(replicates.max()) // crossed + 1
    table = np.full((rows, crossed, points.shape[1]), np.nan)
    table[np.divmod(replicates, crossed)] = points
    return table[np.isfinite(table).all((1, 2))]


def _epochs(phase: str, end: float) -> str:
    shares = PHASES[phase]
    first, last = (round(float(np.expm1(share * np.log1p(end)))) for share in (shares[0], shares[-1]))
    return f"epochs {first} to {last}"


def _others(number: int, runs: Sequence[Run], points: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The places of the networks of the conditions that are compared with one: as many layers, nothing crossed."""
    return [
        other
        for index, (run, other) in enumerate(zip(runs, points, strict=True))
        if index != number and not run.condition.crossed and other.shape[1] == points[number].shape[1]
    ]


def _ratio(own: np.ndarray, others: Sequence[np.ndarray], epochs: str) -> xr.DataArray:
    """Mean distance between a condition's networks, over that from the networks of other conditions (interval).

    Networks are resampled, not pairs: a pair shares its networks with others.
    """
    within = _apart(own, own)
    known = bool(others) and len(own) > 1
    between = np.mean([_apart(own, other).mean(1) for other in others], axis=0) if known else np.full(len(own), np.nan)

    def ratio(chosen: np.ndarray, axis: int = -1) -> np.ndarray:
        return mean_of_pairs(within, chosen) / between[chosen].mean(-1)

    name = f"distance within / between conditions, {epochs}"
    return bootstrap_interval(ratio, np.arange(len(own)), units="1", long_name=name)


def _apart(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Root mean square difference of each two rows, (row of one, row of other)."""
    return np.sqrt(((one[:, None] - other[None]) ** 2).mean(-1))
