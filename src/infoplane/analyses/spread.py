"""How far apart networks are in the plane: within a condition, and between conditions ([ST17])."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
import xarray as xr

from infoplane.analyses.base import InformationAnalysis, Run, banded, result, stated
from infoplane.measures.derived import limits
from infoplane.statistics import at_epoch, bootstrap_interval, smoothed

# shares of log(1 + epoch) of the shortest training: the points at which paths are compared
PHASES = {"early": (0.2, 0.3, 0.4, 0.5), "late": (0.8, 0.9, 1.0)}


class Spread(InformationAnalysis):
    """Bands of I(X;T), I(T;Y) and of the distance between networks; distances within conditions over those between.

    Distances are in the plane with both axes in units of the most there is: I(X;T) of H(X), I(T;Y) of I(X;Y).
    """

    reads_dataset: ClassVar[bool] = True

    kind: Literal["spread"] = "spread"

    def analyse(self, runs: Sequence[Run]) -> xr.DataTree:
        """By condition: bands (epoch, layer), and `ratio_early`, `ratio_late` (interval) where there are several."""
        end = min(float(self.information(run)["epoch"][-1]) for run in runs)
        points = {phase: [self._points(run, end, shares) for run in runs] for phase, shares in PHASES.items()}
        found = []
        for number, run in enumerate(runs):
            data = self._bands(run)
            if len(runs) > 1:
                data |= {f"ratio_{phase}": _ratio(at, number, phase, end) for phase, at in points.items()}
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
    return np.hypot(plane["I_XT"] - others["I_XT"], plane["I_TY"] - others["I_TY"])


def distance_from_others(plane: xr.Dataset) -> xr.DataArray:
    """Mean distance in the plane, in bits, of each replicate's point from the others' (replicate, epoch, layer)."""
    return distances(plane).sum("other") / max(plane.sizes["replicate"] - 1, 1)


def _ratio(points: Sequence[np.ndarray], number: int, phase: str, end: float) -> xr.DataArray:
    """Mean distance between a condition's networks, over that from the networks of the other conditions (interval).

    Networks are resampled, not pairs: a pair shares its networks with others.
    """
    own = points[number]
    others = [other for index, other in enumerate(points) if index != number and other.shape[1] == own.shape[1]]
    if len(own) < 2:  # no pair
        others = []
    within = _apart(own, own)
    between = np.mean([_apart(own, other).mean(1) for other in others], axis=0) if others else np.full(len(own), np.nan)

    def ratio(chosen: np.ndarray, axis: int = -1) -> np.ndarray:
        one, other = chosen[..., :, None], chosen[..., None, :]
        pairs = np.maximum((one != other).sum((-2, -1)), 1)  # a network that is drawn twice is not a pair
        return within[one, other].sum((-2, -1)) / pairs / between[chosen].mean(-1)

    shares = PHASES[phase]
    ends = [round(float(np.expm1(share * np.log1p(end)))) for share in (shares[0], shares[-1])]
    name = f"distance within / between conditions, epochs {ends[0]} to {ends[1]}"
    return bootstrap_interval(ratio, np.arange(len(own)), units="1", long_name=name)


def _apart(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Root mean square difference of each two rows, (row of one, row of other)."""
    return np.sqrt(((one[:, None] - other[None]) ** 2).mean(-1))
