"""Three moments of training: initial weights, the change from drift to diffusion, the end ([ST17] fig. 2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
import xarray as xr

from infoplane.analyses.base import InformationAnalysis, Run, result, stated


class Moments(InformationAnalysis):
    """I(X;T) and I(T;Y) of every replicate at the three moments, with their means and standard deviations."""

    measures: ClassVar[tuple[str, ...]] = ("gradients",)

    kind: Literal["moments"] = "moments"

    def analyse(self, runs: Sequence[Run]) -> xr.DataTree:
        """By condition: points (replicate, moment, layer), statistics (moment, layer), `transition_epoch`."""
        return result(runs, [self._of(run) for run in runs])

    def _of(self, run: Run) -> xr.Dataset:
        plane = self.information(run)[["I_XT", "I_TY"]]
        at, change = moments(run, plane["epoch"].values), transition(run)
        chosen = plane.sel(epoch=xr.DataArray(list(at.values()), {"moment": list(at)}))
        found = {}
        for name, quantity in (("I_XT", "I(X;T)"), ("I_TY", "I(T;Y)")):
            values = chosen[name]
            found[name] = stated(values, "bits", quantity)
            found[f"{name}_mean"] = stated(values.mean("replicate"), "bits", f"mean of {quantity}")
            found[f"{name}_std"] = stated(values.std("replicate"), "bits", f"standard deviation of {quantity}")
        long_name = "change from drift to diffusion: median over replicates"
        found["transition_epoch"] = stated(xr.DataArray(np.nan if change is None else change), "epochs", long_name)
        return xr.Dataset(found)


def transition(run: Run) -> float | None:
    """Epoch where drift turns to diffusion: median over replicates; None where no network has one."""
    changes = run.measurements["gradients"]["network_phase_change"].values
    return float(np.nanmedian(changes)) if np.isfinite(changes).any() else None


def moments(run: Run, epochs: np.ndarray) -> dict[str, int]:
    """Three recorded epochs by their names: the first, the nearest to the transition, the last.

    Without a transition the one in between is the middle of training in log(epoch).
    """
    change = transition(run)
    middle = np.sqrt(epochs[-1]) if change is None else change
    recorded = int(epochs[np.argmin(np.abs(np.log1p(epochs) - np.log1p(middle)))])
    label = "no transition" if change is None else "transition"
    return {
        "initial weights": int(epochs[0]),
        f"{label}, epoch {recorded}": recorded,
        f"epoch {epochs[-1]}": int(epochs[-1]),
    }
