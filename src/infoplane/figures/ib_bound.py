"""How close do converged layers come to the information-bottleneck bound? ([ST17] fig. 7, [TPB99])."""

from __future__ import annotations

from typing import Literal

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from infoplane.analyses.base import condition_name, conditions
from infoplane.analyses.bound import Bound
from infoplane.figures.base import Drawing, InformationFigure
from infoplane.figures.plane import AXES
from infoplane.figures.style import layer_colors, layer_legend, panels

BETAS = (2, 5, 10, 20, 50, 100, 200, 500, 1000)  # marked along the bound where there is room


class IBBound(InformationFigure):
    """The layers in the last epoch beside the bound: the most of Y that any T of that I(X;T) can keep."""

    kind: Literal["ib_bound"] = "ib_bound"

    def analysis(self) -> Bound:
        """The bound, and where the layers end."""
        return Bound(experiment=self.experiment, estimator=self.estimator, bound=self.bound)

    def draw(self, analysis: xr.DataTree) -> Drawing:
        """A row per condition: the plane, and the bend of the bound."""
        rows = conditions(analysis)
        with panels(2 * len(rows), height=2.4, per_row=2, **AXES) as (figure, axes):
            for row, layers in enumerate(rows):
                whole, bend = axes[2 * row : 2 * row + 2]
                for panel in (whole, bend):
                    _layers_and_bound(panel, layers)
                whole.set_xlim(0, _right(layers))
                whole.set_ylim(0, 1.08 * layers["I_Y"].max())
                _zoom(bend, layers)
                whole.set_title(condition_name(layers.attrs["varied"], "\n"))
            number = max(layers.sizes["layer"] for layers in rows)
            layer_legend(axes[0], number, loc="lower right", ncols=2, handletextpad=0.3, columnspacing=0.8)
        return Drawing(figure)


def _layers_and_bound(panel: Axes, layers: xr.Dataset) -> None:
    x = np.append(layers["I_X"], _right(layers))
    y = np.append(layers["I_Y"], layers["I_Y"].max())
    panel.plot(x, y, color="black", linewidth=0.8)
    panel.fill_between(x, y, 2 * y.max(), color="0.93", linewidth=0)
    for layer, color in enumerate(layer_colors(layers.sizes["layer"])):
        at = layers.isel(layer=layer)
        panel.scatter(at["I_XT"], at["I_TY"], s=10, color=color, alpha=0.7, linewidths=0, zorder=3)


def _right(layers: xr.Dataset) -> float:
    """Where the axis of I(X;T) ends."""
    return 1.05 * max(float(layers["I_XT"].max()), float(layers["I_X"].max()))


def _zoom(panel: Axes, layers: xr.Dataset) -> None:
    """Show where the bound bends, the layers that are near, and β along the bound."""
    x, y, beta = (layers[name].values for name in ("I_X", "I_Y", "beta"))
    bend = float(np.interp(0.999 * y[-1], y, x))
    left, right = 0.8 * y[-1], 1.3 * bend
    near = layers["I_TY"].where((layers["I_XT"] > left) & (layers["I_XT"] < right))
    lowest = np.nanmin([0.97 * y[-1], float(near.min())])
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
