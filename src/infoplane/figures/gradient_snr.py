"""Drift and diffusion: mean and standard deviation of the gradient, layer by layer ([ST17] fig. 4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from infoplane.figures.base import Drawing, Figure, Run
from infoplane.figures.plane import complete, head, transition
from infoplane.figures.style import (
    PER_ROW,
    band,
    condition_name,
    epoch_axis,
    layer_colors,
    layer_names,
    panels,
)

SHOWN = {"gradient_mean": ("mean", "-"), "gradient_std": ("standard deviation", "--")}


class GradientSNR(Figure):
    """Norms of the mean and of the standard deviation of the gradient over batches, by the weights' norm."""

    kind: Literal["gradient_snr"] = "gradient_snr"
    measures: ClassVar[tuple[str, ...]] = ("gradients",)

    def draw(self, runs: Sequence[Run]) -> Drawing:
        """A panel per layer; conditions below each other."""
        gradients = [complete(run.measurements["gradients"][[*SHOWN]]) for run in runs]
        rows = [-(-layers.sizes["layer"] // PER_ROW) for layers in gradients]
        labels = {"xlabel": "epoch", "ylabel": "gradient / weights"}
        with panels(PER_ROW * sum(rows), height=1.6, sharex=True, sharey=True, **labels) as (figure, axes):
            for row, run, layers in zip(np.cumsum([0, *rows]), runs, gradients, strict=False):
                for panel, number in zip(axes[PER_ROW * row :], layers["layer"].values, strict=False):
                    _layer(panel, layers, number, transition(run))
                    panel.set_title(", ".join(filter(None, [panel.get_title(), condition_name(run.varied)])))
            handles = axes[0].get_legend_handles_labels()
            figure.legend(*handles, loc="outside upper center", ncols=2)
        return Drawing(figure, {"conditions": [_numbers(*pair) for pair in zip(runs, gradients, strict=True)]})


def _layer(panel: Axes, gradients: xr.Dataset, number: int, change: float | None) -> None:
    place = list(gradients["layer"].values).index(number)
    for name, (label, style) in SHOWN.items():
        color = layer_colors(gradients.sizes["layer"])[place]
        band(panel, gradients[name].sel(layer=number), color, "median", linestyle=style, label=label)
    if change is not None:
        panel.axvline(change, color="black", linestyle=":", linewidth=0.8)
    panel.set_yscale("log")
    epoch_axis(panel, gradients["epoch"].values)
    panel.set_title(layer_names(gradients.sizes["layer"])[place])


def _numbers(run: Run, gradients: xr.Dataset) -> dict[str, Any]:
    """The transition, and the ratio mean / standard deviation in the first and last epoch, by layer."""
    change = run.measurements["gradients"]["phase_change"]
    ratio = (gradients["gradient_mean"] / gradients["gradient_std"]).median("replicate")
    return {
        **head(run, gradients),
        "transition_epoch": transition(run),
        "transition_epoch_by_layer": change.median("replicate").values.tolist(),
        "replicates_with_transition": change.notnull().sum("replicate").values.tolist(),
        "snr_first": ratio[0].values.tolist(),
        "snr_last": ratio[-1].values.tolist(),
    }
