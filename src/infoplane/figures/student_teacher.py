"""Learning curves of linear students beside their information plane, both exact ([S18] figs. 3 and 4)."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from pydantic import Field

from infoplane.analyses import student_teacher
from infoplane.analyses.base import conditions
from infoplane.figures.base import Drawing, InformationFigure
from infoplane.figures.plane import name_layers, paths
from infoplane.figures.style import TEST, TRAIN, band, epoch_axis, epoch_colorbar, epoch_norm, panels

CURVES = {"train_loss": ("training", TRAIN), "generalisation_error": ("generalisation", TEST)}


class StudentTeacher(InformationFigure):
    """Training loss and exact generalisation error on the left, the exact plane on the right; a row per condition."""

    group: ClassVar[str] = "The critique"
    kind: Literal["student_teacher"] = "student_teacher"
    estimator: str = Field("gaussian", description="Whose exact I(X;T) and I(T;Y) are drawn: a `gaussian`.")

    def analysis(self) -> student_teacher.StudentTeacher:
        """Curves, paths and what over-training costs."""
        return student_teacher.StudentTeacher(experiment=self.experiment, estimator=self.estimator, bound=self.bound)

    def draw(self, analysis: xr.DataTree) -> Drawing:
        """A row per condition."""
        rows = conditions(analysis)
        norm = epoch_norm(np.concatenate([row["epoch"].values for row in rows]))
        with panels(2 * len(rows), height=2.2, per_row=2) as (figure, axes):
            for curves, plane, row in zip(axes[::2], axes[1::2], rows, strict=True):
                _curves(curves, row)
                paths(plane, row, norm)
                plane.set(xlabel="$I(X;T)$ [bits]", ylabel="$I(T;Y)$ [bits]")
            for plane, row in zip(axes[1::2], rows, strict=True):
                name_layers(plane, row)
            axes[0].legend()
            epoch_colorbar(figure, axes[1::2], norm)
        return Drawing(figure)


def _curves(panel: Axes, row: xr.Dataset) -> None:
    for name, (label, color) in CURVES.items():
        band(panel, row, name, color, label=label)
    epoch_axis(panel, row["epoch"].values)
    panel.set_title(row.attrs["name"] or row.attrs["experiment"], loc="left")
    panel.set_ylim(bottom=0)
    panel.set(xlabel="epoch", ylabel="mean squared error")
