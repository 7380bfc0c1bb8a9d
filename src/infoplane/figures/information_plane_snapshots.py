"""The information plane at three moments, every replicate a point ([ST17] fig. 2)."""

from __future__ import annotations

from typing import Any, Literal

import xarray as xr
from matplotlib.axes import Axes

from infoplane.analyses.base import conditions
from infoplane.analyses.moments import Moments
from infoplane.figures.base import Drawing, InformationFigure
from infoplane.figures.plane import AXES
from infoplane.figures.style import layer_colors, layer_legend, panels


class InformationPlaneSnapshots(InformationFigure):
    """A point per replicate and layer: with the initial weights, at the transition, and at the end."""

    kind: Literal["information_plane_snapshots"] = "information_plane_snapshots"

    def analysis(self) -> Moments:
        """The plane at three moments."""
        return Moments(experiment=self.experiment, estimator=self.estimator, bound=self.bound)

    def draw(self, analysis: xr.DataTree) -> Drawing:
        """A row of three panels per condition."""
        planes = conditions(analysis)
        shared: dict[str, Any] = {"sharex": True, "sharey": True, **AXES}
        with panels(3 * len(planes), height=2.5, per_row=3, **shared) as (figure, axes):
            for row, plane in enumerate(planes):
                for number, panel in enumerate(axes[3 * row : 3 * row + 3]):
                    _points(panel, plane.isel(moment=number))
                    name = plane["moment"].values[number]
                    condition = plane.attrs["name"] if number == 0 else ""
                    panel.set_title("\n".join(filter(None, [condition, name])))
            layers = max(plane.sizes["layer"] for plane in planes)
            layer_legend(axes[0], layers, loc="upper left", handletextpad=0.3, labelspacing=0.25)
        return Drawing(figure)


def _points(panel: Axes, plane: xr.Dataset) -> None:
    for layer, color in enumerate(layer_colors(plane.sizes["layer"])):
        at = plane.isel(layer=layer)
        panel.scatter(at["I_XT"], at["I_TY"], s=12, color=color, alpha=0.75, linewidths=0)
