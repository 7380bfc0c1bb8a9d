"""Are the final weights random? Correlations between a layer's neurons beside those of random directions ([ST17])."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from infoplane.analyses.base import conditions
from infoplane.analyses.weights import Weights
from infoplane.figures.base import Drawing, Figure
from infoplane.figures.style import PER_ROW, layer_colors, layer_names, panels


class WeightCorrelations(Figure):
    """Cosines between the incoming weights of all pairs of a layer's neurons, in the first and in the last epoch."""

    kind: Literal["weight_correlations"] = "weight_correlations"

    def analysis(self) -> Weights:
        """Shares of the pairs by their cosine."""
        return Weights(experiment=self.experiment)

    def draw(self, analysis: xr.DataTree) -> Drawing:
        """A panel per layer that has two neurons or more; conditions below each other."""
        weights = conditions(analysis)
        rows = [-(-layers.sizes["layer"] // PER_ROW) for layers in weights]
        labels: dict[str, Any] = {"xlabel": "cosine of weights", "ylabel": "share of pairs"}
        with panels(PER_ROW * max(sum(rows), 1), height=1.6, sharex=True, sharey=True, **labels) as (figure, axes):
            for row, layers in zip(np.cumsum([0, *rows]), weights, strict=False):
                number = len(layers.attrs["condition"]["hidden"]) + 1
                for panel, layer in zip(axes[PER_ROW * row :], layers["layer"].values, strict=False):
                    _distributions(panel, layers.sel(layer=layer), layer_colors(number)[layer - 1])
                    title = layer_names(number)[layer - 1]
                    panel.set_title(", ".join(filter(None, [title, layers.attrs["name"]])))
            if sum(rows):
                figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
            else:
                figure.text(0.5, 0.5, "no layer has two neurons, so there is no pair", ha="center", va="center")
        return Drawing(figure)


def _distributions(panel: Axes, layer: xr.Dataset, color: Any) -> None:
    edges = np.linspace(-1, 1, layer.sizes["correlation"] + 1)
    panel.stairs(layer["share_last"], edges, fill=True, color=color, alpha=0.5, label="last epoch")
    panel.stairs(layer["share_initial"], edges, color="0.4", linewidth=0.8, label="initial weights")
    panel.stairs(layer["share_random"], edges, color="black", linestyle=":", label="random directions")
    panel.set(xlim=(-1, 1), xticks=(-1, 0, 1))
