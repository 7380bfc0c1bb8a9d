"""Do all replicates follow the same path? Bands of I(X;T) and I(T;Y), and the distance between paths ([ST17])."""

from __future__ import annotations

from typing import Any, Literal

import xarray as xr

from infoplane.analyses.base import conditions
from infoplane.analyses.spread import Spread
from infoplane.figures.base import Drawing, InformationFigure
from infoplane.figures.style import band, epoch_axis, layer_colors, layer_legend, panels

SHOWN = {
    "I_XT": "$I(X;T)$ [bits]",
    "I_TY": "$I(T;Y)$ [bits]",
    "distance": "distance between paths [bits]",
}


class ReplicateSpread(InformationFigure):
    """I(X;T) and I(T;Y) of each layer over the epochs, and how far apart the replicates' paths are."""

    kind: Literal["replicate_spread"] = "replicate_spread"

    def analysis(self) -> Spread:
        """The distances between paths."""
        return Spread(experiment=self.experiment, estimator=self.estimator, bound=self.bound)

    def draw(self, analysis: xr.DataTree) -> Drawing:
        """A row per condition."""
        spreads = conditions(analysis)
        shared: dict[str, Any] = {"xlabel": "epoch", "sharex": True, "sharey": "col"}
        with panels(3 * len(spreads), height=2.4, per_row=3, **shared) as (figure, axes):
            for row, spread in enumerate(spreads):
                columns = axes[3 * row : 3 * row + 3]
                for panel, (name, label) in zip(columns, SHOWN.items(), strict=True):
                    for layer, color in enumerate(layer_colors(spread.sizes["layer"])):
                        band(panel, spread.isel(layer=layer), name, color)
                    epoch_axis(panel, spread["epoch"].values)
                    panel.set_ylim(bottom=0)
                    panel.set_ylabel(label)
                columns[0].set_title(spread.attrs["name"], loc="left")
            layers = max(spread.sizes["layer"] for spread in spreads)
            layer_legend(axes[2], layers, ncols=2, handletextpad=0.3, columnspacing=0.8, labelspacing=0.25)
        return Drawing(figure)
