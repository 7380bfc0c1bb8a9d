"""The information plane: every layer's mean path over the epochs ([ST17] figs. 2, 3 and 5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import LogNorm
from matplotlib.ticker import MaxNLocator

from infoplane.figures.base import Drawing, Run
from infoplane.figures.plane import AXES, InformationFigure, head
from infoplane.figures.style import (
    PER_ROW,
    condition_name,
    epoch_colorbar,
    epoch_colors,
    epoch_norm,
    layer_names,
    panels,
)


class InformationPlane(InformationFigure):
    """Mean over replicates of I(X;T) and I(T;Y): a point per layer and snapshot, a line per snapshot."""

    kind: Literal["information_plane"] = "information_plane"

    def draw(self, runs: Sequence[Run]) -> Drawing:
        """One panel per condition."""
        planes = [self.information(run) for run in runs]
        norm = epoch_norm(np.concatenate([plane["epoch"].values for plane in planes]))
        with panels(len(runs), sharex=True, sharey=True, **AXES) as (figure, axes):
            for panel, run, plane in zip(axes, runs, planes, strict=True):
                _paths(panel, plane.mean("replicate"), norm)
                panel.set_title(condition_name(run.varied))
            for panel, plane in zip(axes, planes, strict=True):
                ends = plane.isel(epoch=-1).mean("replicate")
                _name_layers(panel, np.stack([ends["I_XT"], ends["I_TY"]], axis=1), min(len(runs), PER_ROW))
            epoch_colorbar(figure, axes, norm)
        return Drawing(figure, {"conditions": [_numbers(*pair) for pair in zip(runs, planes, strict=True)]})


def _paths(panel: Axes, mean: xr.Dataset, norm: LogNorm) -> None:
    points = np.stack([mean["I_XT"], mean["I_TY"]], axis=-1)  # (epoch, layer, 2)
    colors = epoch_colors(mean["epoch"].values, norm)
    panel.add_collection(LineCollection(points, colors=colors, linewidths=0.4, alpha=0.5))
    panel.scatter(*points.reshape(-1, 2).T, c=np.repeat(colors, mean.sizes["layer"], axis=0), s=7, linewidths=0)
    panel.autoscale_view()
    panel.set_xlim(left=0)
    panel.xaxis.set_major_locator(MaxNLocator(6, integer=True))


def _name_layers(panel: Axes, ends: np.ndarray, panels_in_row: int) -> None:
    """Write each layer's name over the end of its path (layer, 2); neighbours share one text."""
    names = layer_names(len(ends))
    near = (0.06 + 0.02 * panels_in_row) * np.ptp(panel.get_xlim())
    groups: list[list[int]] = []
    for layer in np.argsort(-ends[:, 0], kind="stable"):
        if groups and ends[groups[-1][0], 0] - ends[layer, 0] < near:
            groups[-1].append(layer)
        else:
            groups.append([layer])
    for group in groups:
        text = ",".join(names[layer] for layer in sorted(group))
        highest = ends[group, 1].max()
        panel.annotate(text, (ends[group, 0].mean(), highest), (0, 4), textcoords="offset points", ha="center", size=6)


def _numbers(run: Run, plane: xr.Dataset) -> dict[str, Any]:
    """The means that the plane shows, at the end and at each layer's peak of I(X;T)."""
    mean = plane.mean("replicate")
    return {
        **head(run, plane),
        "last_epoch": int(mean["epoch"][-1]),
        "I_XT_last_bits": mean["I_XT"][-1].values.tolist(),
        "I_TY_last_bits": mean["I_TY"][-1].values.tolist(),
        "I_XT_peak_bits": mean["I_XT"].max("epoch").values.tolist(),
        "I_XT_peak_epoch": mean["I_XT"].idxmax("epoch").values.astype(int).tolist(),
    }
