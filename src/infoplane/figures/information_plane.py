"""The information plane: every layer's mean path over the epochs ([ST17] figs. 2, 3 and 5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import xarray as xr

from infoplane.figures.base import Drawing, Run
from infoplane.figures.plane import AXES, InformationFigure, head, name_layers, paths
from infoplane.figures.style import condition_name, epoch_colorbar, epoch_norm, panels


class InformationPlane(InformationFigure):
    """Mean over replicates of I(X;T) and I(T;Y): a point per layer and snapshot, a line per snapshot."""

    kind: Literal["information_plane"] = "information_plane"

    def draw(self, runs: Sequence[Run]) -> Drawing:
        """One panel per condition."""
        planes = [self.information(run) for run in runs]
        norm = epoch_norm(np.concatenate([plane["epoch"].values for plane in planes]))
        tops = [float(plane["I_TY"].max()) for plane in planes]
        alike = max(tops) < 2 * min(tops)  # else labels of two classes and of ten, say: a scale for each
        with panels(len(runs), sharex=True, sharey=alike, **AXES) as (figure, axes):
            for panel, run, plane in zip(axes, runs, planes, strict=True):
                paths(panel, plane.mean("replicate"), norm)
                panel.set_title(condition_name(run.varied, "\n"))
            for panel, plane in zip(axes, planes, strict=True):
                name_layers(panel, plane.mean("replicate"))
            epoch_colorbar(figure, axes, norm)
        return Drawing(figure, {"conditions": [_numbers(*pair) for pair in zip(runs, planes, strict=True)]})


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
