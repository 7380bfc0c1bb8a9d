"""The information plane: every layer's mean path over the epochs ([ST17] figs. 2, 3 and 5)."""

from __future__ import annotations

from typing import Literal

import numpy as np
import xarray as xr

from infoplane.analyses.base import condition_name, conditions
from infoplane.analyses.plane import Plane
from infoplane.figures.base import Drawing, InformationFigure
from infoplane.figures.plane import AXES, name_layers, paths
from infoplane.figures.style import epoch_colorbar, epoch_norm, panels


class InformationPlane(InformationFigure):
    """Mean over replicates of I(X;T) and I(T;Y): a point per layer and snapshot, a line per snapshot."""

    kind: Literal["information_plane"] = "information_plane"

    def analysis(self) -> Plane:
        """The paths of the layers."""
        return Plane(experiment=self.experiment, estimator=self.estimator, bound=self.bound)

    def draw(self, analysis: xr.DataTree) -> Drawing:
        """One panel per condition."""
        planes = conditions(analysis)
        norm = epoch_norm(np.concatenate([plane["epoch"].values for plane in planes]))
        tops = [float(plane["I_TY"].max()) for plane in planes]
        alike = max(tops) < 2 * min(tops)  # else labels of two classes and of ten, say: a scale for each
        with panels(len(planes), sharex=True, sharey=alike, **AXES) as (figure, axes):
            for panel, plane in zip(axes, planes, strict=True):
                paths(panel, plane, norm)
                panel.set_title(condition_name(plane.attrs["varied"], "\n") or plane.attrs["experiment"])
            for panel, plane in zip(axes, planes, strict=True):
                name_layers(panel, plane)
            epoch_colorbar(figure, axes, norm)
        return Drawing(figure)
