"""Drift and diffusion: mean and standard deviation of the gradient, layer by layer ([ST17] fig. 4)."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from infoplane.analyses import gradient_snr
from infoplane.analyses.base import conditions
from infoplane.figures.base import Drawing, Figure
from infoplane.figures.style import PER_ROW, band, epoch_axis, layer_colors, layer_names, panels

SHOWN = {"gradient_mean": ("mean", "-"), "gradient_std": ("standard deviation", "--")}


class GradientSNR(Figure):
    """Norms of the mean and of the standard deviation of the gradient over batches, by the weights' norm."""

    kind: Literal["gradient_snr"] = "gradient_snr"

    def analysis(self) -> gradient_snr.GradientSNR:
        """Medians and bands over replicates, and the transition."""
        return gradient_snr.GradientSNR(experiment=self.experiment)

    def draw(self, analysis: xr.DataTree) -> Drawing:
        """A panel per layer; conditions below each other."""
        gradients = conditions(analysis)
        rows = [-(-layers.sizes["layer"] // PER_ROW) for layers in gradients]
        labels: dict[str, Any] = {"xlabel": "epoch", "ylabel": "gradient / weights"}
        with panels(PER_ROW * sum(rows), height=1.6, sharex=True, sharey=True, **labels) as (figure, axes):
            for row, layers in zip(np.cumsum([0, *rows]), gradients, strict=False):
                for place, panel in enumerate(axes[PER_ROW * row :][: layers.sizes["layer"]]):
                    _layer(panel, layers, place)
                    panel.set_title(", ".join(filter(None, [panel.get_title(), layers.attrs["name"]])))
            handles = axes[0].get_legend_handles_labels()
            figure.legend(*handles, loc="outside upper center", ncols=2)
        return Drawing(figure)


def _layer(panel: Axes, gradients: xr.Dataset, place: int) -> None:
    color = layer_colors(gradients.sizes["layer"])[place]
    for name, (label, style) in SHOWN.items():
        band(panel, gradients.isel(layer=place), name, color, "median", linestyle=style, label=label)
    if np.isfinite(gradients["transition_epoch"]):
        panel.axvline(float(gradients["transition_epoch"]), color="black", linestyle=":", linewidth=0.8)
    panel.set_yscale("log")
    epoch_axis(panel, gradients["epoch"].values)
    panel.set_title(layer_names(gradients.sizes["layer"])[place])
