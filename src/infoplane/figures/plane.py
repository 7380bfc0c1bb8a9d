"""What figures of the information plane share: whose numbers they draw, and what the axes are called."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import xarray as xr
from pydantic import Field

from infoplane.figures.base import Figure, Run
from infoplane.figures.style import condition_name

AXES = {"xlabel": "$I(X;T)$ [bits]", "ylabel": "$I(T;Y)$ [bits]"}


def complete(measured: xr.Dataset) -> xr.Dataset:
    """Without the replicates that diverged: they are NaN from then on.

    Raises ValueError where none is left.
    """
    missing = measured.to_array().isnull()
    kept = ~missing.any([dim for dim in missing.dims if dim != "replicate"])
    if not kept.any():
        raise ValueError(f"all {kept.size} replicates diverged: there is nothing to draw; lower the learning rate")
    return measured.isel(replicate=np.flatnonzero(kept))


class InformationFigure(Figure):
    """A figure of I(X;T) and I(T;Y) as one estimator sees them."""

    estimator: str = Field("binned", description="Whose I(X;T) and I(T;Y) are drawn: a name under `estimators`.")
    bound: Literal["upper", "lower"] = Field(
        "upper", description="Which bound is drawn, where the estimator gives bounds."
    )

    def information(self, run: Run) -> xr.Dataset:
        """`I_XT` and `I_TY` (replicate, epoch, layer) in bits, of the replicates that did not diverge."""
        measured = run.measurements[self.estimator]
        missing = {"I_XT", "I_TY"} - set(measured)
        if missing:
            raise ValueError(f"{self.kind}: the estimator {self.estimator} gives no {' and no '.join(sorted(missing))}")
        measured = measured[["I_XT", "I_TY"]]
        if "bound" in measured.dims:
            measured = measured.sel(bound=self.bound, drop=True)
        return complete(measured).transpose("replicate", "epoch", "layer")


def head(run: Run, measured: xr.Dataset) -> dict[str, Any]:
    """What the numbers of every condition start with: which condition, and how many replicates count."""
    return {
        "name": condition_name(run.varied),
        "varied": dict(run.varied),
        "replicates": run.condition.replicates,
        "replicates_used": measured.sizes["replicate"],
    }


def transition(run: Run) -> float | None:
    """Epoch where drift turns to diffusion: median over replicates and layers; None without one."""
    changes = run.measurements["gradients"]["phase_change"].values
    return float(np.nanmedian(changes)) if np.isfinite(changes).any() else None
