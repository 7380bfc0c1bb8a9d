"""Does the data-processing inequality hold along the layers, and where it does not, by how much? ([ST17])."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from infoplane.analyses import data_processing
from infoplane.analyses.base import conditions
from infoplane.figures.base import Drawing, InformationFigure
from infoplane.figures.style import layer_colors, layer_names, panels

SHOWN = {"rise_XT": "$I(X;T_{i+1}) - I(X;T_i)$ [bits]", "rise_TY": "$I(T_{i+1};Y) - I(T_i;Y)$ [bits]"}


class DataProcessing(InformationFigure):
    """By how much each layer's information exceeds that of the layer before: never, says the inequality."""

    kind: Literal["data_processing"] = "data_processing"

    def analysis(self) -> data_processing.DataProcessing:
        """What each layer has more than the layer before."""
        return data_processing.DataProcessing(experiment=self.experiment, estimator=self.estimator, bound=self.bound)

    def draw(self, analysis: xr.DataTree) -> Drawing:
        """A row per condition: I(X;T) on the left, I(T;Y) on the right; a point per replicate and epoch."""
        found = conditions(analysis)
        with panels(2 * len(found), height=2.3, per_row=2, xlabel="layer pair") as (figure, axes):
            for row, condition in enumerate(found):
                for panel, (name, label) in zip(axes[2 * row :], SHOWN.items(), strict=False):
                    _pairs(panel, condition[name])
                    panel.set_ylabel(label)
                axes[2 * row].set_title(condition.attrs["name"], loc="left")
        return Drawing(figure)


def _pairs(panel: Axes, rise: xr.DataArray) -> None:
    names, colors = layer_names(rise.sizes["layer"] + 1), layer_colors(rise.sizes["layer"] + 1)
    for pair in range(rise.sizes["layer"]):
        values = rise.isel(layer=pair).transpose("replicate", "epoch").values
        spread = np.linspace(-0.3, 0.3, values.shape[1])
        panel.scatter(
            np.broadcast_to(pair + spread, values.shape), values, s=2, color=colors[pair + 1], alpha=0.4, linewidths=0
        )
    panel.axhline(0, color="black", linewidth=0.6)
    panel.axhspan(0, max(1.1 * float(rise.max()), 0.05 * abs(float(rise.min()))), color="0.93", linewidth=0, zorder=0)
    panel.set_xticks(range(rise.sizes["layer"]), [f"{a}\n{b}" for a, b in pairwise(names)])
