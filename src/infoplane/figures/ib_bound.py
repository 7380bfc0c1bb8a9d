"""How close do converged layers come to the information-bottleneck bound? ([ST17] fig. 7, [TPB99])."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from infoplane.analyses.base import condition_name, conditions
from infoplane.analyses.bound import Bound
from infoplane.figures.base import Drawing, InformationFigure
from infoplane.figures.plane import AXES
from infoplane.figures.style import layer_colors, layer_legend, layer_names, panels

ROOM = 0.25  # of the width, that a value of β takes
BETAS = (2, 5, 10, 20, 50, 100, 200, 500, 1000)  # marked along the bound where there is room


class IBBound(InformationFigure):
    """The layers beside the bound, and how much more of X they know than it needs, before and after training."""

    kind: Literal["ib_bound"] = "ib_bound"

    def analysis(self) -> Bound:
        """The bound, and where the layers end."""
        return Bound(experiment=self.experiment, estimator=self.estimator, bound=self.bound)

    def draw(self, analysis: xr.DataTree) -> Drawing:
        """A row per condition: the plane before and after training, the bend of the bound, the excess by layer."""
        rows = conditions(analysis)
        with panels(3 * len(rows), height=2.6, per_row=3) as (figure, axes):
            for row, layers in enumerate(rows):
                whole, bend, excess = axes[3 * row : 3 * row + 3]
                for panel in (whole, bend):
                    _layers_and_bound(panel, layers)
                    panel.set(**AXES)
                whole.set_xlim(0, _right(layers))
                whole.set_ylim(-0.03, 1.08 * float(layers["I_Y"].max()))
                _zoom(bend, layers)
                _excess(excess, layers)
                whole.set_title(condition_name(layers.attrs["varied"], "\n"))
            number = max(layers.sizes["layer"] for layers in rows)
            layer_legend(figure, number, loc="outside lower center", ncols=number, handletextpad=0.1, columnspacing=0.8)
        return Drawing(figure)


def _excess(panel: Axes, layers: xr.Dataset) -> None:
    """Mean excess of I(X;T) by layer, with its interval; hollow before training."""
    place = np.arange(layers.sizes["layer"])
    for end, side, face, label in (("untrained", -0.12, "white", "untrained"), ("last", 0.12, None, "last epoch")):
        mean, low, high = (layers["excess_mean"].sel(end=end, interval=p).values for p in ("estimate", "low", "high"))
        for at, color in zip(place, layer_colors(len(place)), strict=True):
            panel.plot([at + side] * 2, [low[at], high[at]], color=color, linewidth=1)
            panel.plot(at + side, mean[at], "o", color=color, markerfacecolor=face or color, markersize=4)
        panel.plot([], [], "o", color="0.4", markerfacecolor=face or "0.4", markersize=4, linestyle="none", label=label)
    panel.set_xticks(place, layer_names(len(place)))
    panel.set_ylim(bottom=-0.03 * panel.get_ylim()[1])
    panel.set_ylabel("excess of $I(X;T)$ [bits]")
    panel.legend(loc="upper right", handletextpad=0.1)


def _layers_and_bound(panel: Axes, layers: xr.Dataset) -> None:
    x = np.append(layers["I_X"], _right(layers))
    y = np.append(layers["I_Y"], layers["I_Y"].max())
    panel.plot(x, y, color="black", linewidth=0.8)
    panel.fill_between(x, y, 2 * y.max(), color="0.93", linewidth=0)
    for layer, color in enumerate(layer_colors(layers.sizes["layer"])):
        at = layers.isel(layer=layer)
        for end, face in (("untrained", "none"), ("last", color)):
            points = at.sel(end=end)
            style: dict[str, Any] = {
                "facecolors": face,
                "edgecolors": color,
                "linewidths": 0.5 if face == "none" else 0,
            }
            panel.scatter(points["I_XT"], points["I_TY"], s=9, alpha=0.7, zorder=3, **style)


def _right(layers: xr.Dataset) -> float:
    """Where the axis of I(X;T) ends."""
    return 1.05 * max(float(layers["I_XT"].max()), float(layers["I_X"].max()))


def _zoom(panel: Axes, layers: xr.Dataset) -> None:
    """Show where the bound bends, the layers that are near, and β along the bound."""
    x, y, beta = (layers[name].values for name in ("I_X", "I_Y", "beta"))
    bend = float(np.interp(0.999 * y[-1], y, x))
    left, right = 0.8 * y[-1], 1.3 * bend
    last = layers[["I_XT", "I_TY"]].sel(end="last")
    near = last["I_TY"].where((last["I_XT"] > left) & (last["I_XT"] < right))
    lowest = np.nanmin([0.97 * y[-1], float(near.min())])
    panel.set_xlim(left, right)
    panel.set_ylim(y[-1] - 1.1 * (y[-1] - lowest), y[-1] + 0.2 * (y[-1] - lowest))
    labelled = -np.inf
    for value in BETAS:
        place = np.nanargmin(np.abs(np.log(np.where(np.isfinite(beta), beta, np.nan) / value)))
        if np.isfinite(beta[place]) and x[place] - labelled > ROOM * (right - left) and x[place] > left:
            labelled = x[place]
            panel.plot(x[place], y[place], "o", color="black", markersize=2.5)
            text = rf"$\beta={beta[place]:.0f}$"
            panel.annotate(text, (x[place], y[place]), (0, 4), textcoords="offset points", ha="center", size=6)
