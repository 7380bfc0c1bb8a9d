"""How close do converged layers come to the information-bottleneck bound? ([ST17] fig. 7, [TPB99])."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from infoplane.figures.base import Drawing, Run
from infoplane.figures.plane import AXES, InformationFigure, head
from infoplane.figures.style import condition_name, layer_colors, layer_legend, panels
from infoplane.statistics import distance_below_bound

BETAS = (2, 5, 10, 20, 50, 100, 200, 500, 1000)  # marked along the bound where there is room


class IBBound(InformationFigure):
    """The layers in the last epoch beside the bound: the most of Y that any T of that I(X;T) can keep."""

    kind: Literal["ib_bound"] = "ib_bound"
    measures: ClassVar[tuple[str, ...]] = ("bound",)

    def draw(self, runs: Sequence[Run]) -> Drawing:
        """A row per condition: the plane, and the bend of the bound."""
        lasts = [self.information(run).isel(epoch=-1) for run in runs]
        with panels(2 * len(runs), height=2.4, per_row=2, **AXES) as (figure, axes):
            for row, (run, last) in enumerate(zip(runs, lasts, strict=True)):
                whole, bend = axes[2 * row : 2 * row + 2]
                bound = run.measurements["bound"]
                for panel in (whole, bend):
                    _layers_and_bound(panel, last, bound)
                whole.set_xlim(0, 1.05 * max(float(last["I_XT"].max()), float(bound["I_X"].max())))
                whole.set_ylim(0, 1.08 * bound["I_Y"].max())
                _zoom(bend, last, bound)
                whole.set_title(condition_name(run.varied, "\n"))
            layers = max(last.sizes["layer"] for last in lasts)
            layer_legend(axes[0], layers, loc="lower right", ncols=2, handletextpad=0.3, columnspacing=0.8)
        return Drawing(figure, {"conditions": [_numbers(*pair) for pair in zip(runs, lasts, strict=True)]})


def _layers_and_bound(panel: Axes, last: xr.Dataset, bound: xr.Dataset) -> None:
    x = np.append(bound["I_X"], 1.05 * max(last["I_XT"].max(), bound["I_X"].max()))
    y = np.append(bound["I_Y"], bound["I_Y"].max())
    panel.plot(x, y, color="black", linewidth=0.8)
    panel.fill_between(x, y, 2 * y.max(), color="0.93", linewidth=0)
    for layer, color in enumerate(layer_colors(last.sizes["layer"])):
        at = last.isel(layer=layer)
        panel.scatter(at["I_XT"], at["I_TY"], s=10, color=color, alpha=0.7, linewidths=0, zorder=3)


def _zoom(panel: Axes, last: xr.Dataset, bound: xr.Dataset) -> None:
    """Show where the bound bends, the layers that are near, and β along the bound."""
    x, y, beta = bound["I_X"].values, bound["I_Y"].values, bound["beta"].values
    bend = float(np.interp(0.999 * y[-1], y, x))
    left, right = 0.8 * y[-1], 1.3 * bend
    near = last.where((last["I_XT"] > left) & (last["I_XT"] < right))
    lowest = np.nanmin([0.97 * y[-1], float(near["I_TY"].min())])
    panel.set_xlim(left, right)
    panel.set_ylim(y[-1] - 1.1 * (y[-1] - lowest), y[-1] + 0.2 * (y[-1] - lowest))
    labelled = -np.inf
    for value in BETAS:
        place = np.nanargmin(np.abs(np.log(np.where(np.isfinite(beta), beta, np.nan) / value)))
        if np.isfinite(beta[place]) and x[place] - labelled > 0.14 * (right - left) and x[place] > left:
            labelled = x[place]
            panel.plot(x[place], y[place], "o", color="black", markersize=2.5)
            text = rf"$\beta={beta[place]:.0f}$"
            panel.annotate(text, (x[place], y[place]), (0, 4), textcoords="offset points", ha="center", size=6)


def _numbers(run: Run, last: xr.Dataset) -> dict[str, Any]:
    """The layers' gap below the bound, and the β where the bound has their I(X;T)."""
    bound = run.measurements["bound"]
    gap = distance_below_bound(bound, last["I_XT"], last["I_TY"])
    place = np.searchsorted(bound["I_X"].values, last["I_XT"].mean("replicate").values).clip(
        max=bound.sizes["point"] - 1
    )
    beta = bound["beta"].values[place]
    return {
        **head(run, last),
        "last_epoch": int(last["epoch"]),
        "gap_mean_bits": gap.mean("replicate").values.tolist(),
        "gap_std_bits": gap.std("replicate").values.tolist(),
        "beta": [float(value) if np.isfinite(value) else None for value in beta],
    }
