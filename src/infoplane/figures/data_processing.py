"""Does the data-processing inequality hold along the layers, and where it does not, by how much? ([ST17])."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from infoplane.figures.base import Drawing, Run
from infoplane.figures.plane import InformationFigure, head
from infoplane.figures.style import condition_name, layer_colors, layer_names, panels

QUANTITIES = {"I_XT": "$I(X;T_{i+1}) - I(X;T_i)$ [bits]", "I_TY": "$I(T_{i+1};Y) - I(T_i;Y)$ [bits]"}


class DataProcessing(InformationFigure):
    """By how much each layer's information exceeds that of the layer before: never, says the inequality."""

    kind: Literal["data_processing"] = "data_processing"

    def draw(self, runs: Sequence[Run]) -> Drawing:
        """A row per condition: I(X;T) on the left, I(T;Y) on the right; a point per replicate and epoch."""
        planes = [self.information(run) for run in runs]
        with panels(2 * len(runs), height=2.3, per_row=2, xlabel="layer pair") as (figure, axes):
            for row, (run, plane) in enumerate(zip(runs, planes, strict=True)):
                for panel, (name, label) in zip(axes[2 * row :], QUANTITIES.items(), strict=False):
                    _pairs(panel, plane[name].diff("layer"))
                    panel.set_ylabel(label)
                axes[2 * row].set_title(condition_name(run.varied), loc="left")
        return Drawing(figure, {"conditions": [_numbers(*pair) for pair in zip(runs, planes, strict=True)]})


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


def _numbers(run: Run, plane: xr.Dataset) -> dict[str, Any]:
    """Share of (replicate, epoch) that break the inequality, and the largest excess in bits, by layer pair."""
    numbers: dict[str, Any] = head(run, plane)
    for name in QUANTITIES:
        excess = plane[f"dpi_excess_{name.removeprefix('I_')}"].isel(layer=slice(1, None))
        numbers[f"{name}_violations_share"] = (excess > 0).mean(["replicate", "epoch"]).values.tolist()
        numbers[f"{name}_largest_excess_bits"] = excess.max(["replicate", "epoch"]).values.tolist()
    return numbers
