"""Do all replicates follow the same path? Bands of I(X;T) and I(T;Y), and the distance between paths ([ST17])."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import xarray as xr

from infoplane.figures.base import Drawing, Run
from infoplane.figures.plane import InformationFigure, head
from infoplane.figures.style import band, condition_name, epoch_axis, layer_colors, layer_legend, panels

LABELS = ("$I(X;T)$ [bits]", "$I(T;Y)$ [bits]", "distance between paths [bits]")


class ReplicateSpread(InformationFigure):
    """I(X;T) and I(T;Y) of each layer over the epochs, and how far apart the replicates' paths are."""

    kind: Literal["replicate_spread"] = "replicate_spread"

    def draw(self, runs: Sequence[Run]) -> Drawing:
        """A row per condition."""
        planes = [self.information(run) for run in runs]
        with panels(3 * len(runs), height=2.4, per_row=3, xlabel="epoch", sharex=True, sharey="col") as (figure, axes):
            for row, (run, plane) in enumerate(zip(runs, planes, strict=True)):
                columns = axes[3 * row : 3 * row + 3]
                shown = (plane["I_XT"], plane["I_TY"], distance_from_others(plane))
                for panel, values, label in zip(columns, shown, LABELS, strict=True):
                    for layer, color in enumerate(layer_colors(plane.sizes["layer"])):
                        band(panel, values.isel(layer=layer), color)
                    epoch_axis(panel, plane["epoch"].values)
                    panel.set_ylim(bottom=0)
                    panel.set_ylabel(label)
                columns[0].set_title(condition_name(run.varied), loc="left")
            layers = max(plane.sizes["layer"] for plane in planes)
            layer_legend(axes[2], layers, ncols=2, handletextpad=0.3, columnspacing=0.8, labelspacing=0.25)
        return Drawing(figure, {"conditions": [_numbers(*pair) for pair in zip(runs, planes, strict=True)]})


def distances(plane: xr.Dataset) -> xr.DataArray:
    """Distance in the plane, in bits, between the points of each two replicates (replicate, other, epoch, layer)."""
    others = plane.rename(replicate="other")
    return np.hypot(plane["I_XT"] - others["I_XT"], plane["I_TY"] - others["I_TY"])


def distance_from_others(plane: xr.Dataset) -> xr.DataArray:
    """Mean distance in the plane, in bits, of each replicate's point from the others' (replicate, epoch, layer)."""
    return distances(plane).sum("other") / max(plane.sizes["replicate"] - 1, 1)


def _numbers(run: Run, plane: xr.Dataset) -> dict[str, Any]:
    """Mean distance between paths beside the length of the mean path, and the spread at the end, by layer."""
    mean = plane.mean("replicate")
    steps = np.hypot(mean["I_XT"].diff("epoch"), mean["I_TY"].diff("epoch"))
    last = plane.isel(epoch=-1)
    return {
        **head(run, plane),
        "distance_bits": distance_from_others(plane).mean(["replicate", "epoch"]).values.tolist(),
        "path_length_bits": steps.sum("epoch").values.tolist(),
        "I_XT_last_std_bits": last["I_XT"].std("replicate", ddof=1).values.tolist(),
        "I_TY_last_std_bits": last["I_TY"].std("replicate", ddof=1).values.tolist(),
    }
