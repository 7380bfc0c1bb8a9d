"""Does the verdict depend on the estimator? The same networks as several estimators see them ([S18], [C19], [G19])."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import xarray as xr
from pydantic import Field

from infoplane.analyses.base import Bound, conditions
from infoplane.analyses.estimators import COMPARED, Estimators, Names
from infoplane.figures.base import Drawing, Figure
from infoplane.figures.plane import AXES, name_layers, paths
from infoplane.figures.style import epoch_colorbar, epoch_norm, panels

MOST = 5  # panels that a row has room for


class EstimatorComparison(Figure):
    """The information plane by each of several estimators, side by side."""

    group: ClassVar[str] = "The critique"
    kind: Literal["estimator_comparison"] = "estimator_comparison"
    compare: Names = Field(("binned",), description=COMPARED)
    bound: Bound = "upper"

    def analysis(self) -> Estimators:
        """The plane by each estimator."""
        return Estimators(experiment=self.experiment, compare=self.compare, bound=self.bound)

    def draw(self, analysis: xr.DataTree) -> Drawing:
        """A column per estimator, a row per condition."""
        planes = [plane for condition in conditions(analysis) for plane in _by_estimator(condition)]
        # a row for each condition; a single one of many estimators takes two
        columns = -(-len(self.compare) // (2 if len(planes) == len(self.compare) > MOST else 1))
        norm = epoch_norm(np.concatenate([plane["epoch"].values for plane in planes]))
        with panels(len(planes), per_row=columns, sharey=True, **AXES) as (figure, axes):
            for panel, plane in zip(axes, planes, strict=True):
                paths(panel, plane, norm)
            for panel, plane in zip(axes, planes, strict=True):
                panel.set_title("\n".join(filter(None, [plane.attrs["name"], str(plane["estimator"].values)])))
                name_layers(panel, plane)
            epoch_colorbar(figure, axes, norm)
        return Drawing(figure)


def _by_estimator(condition: xr.Dataset) -> list[xr.Dataset]:
    """The mean paths by each estimator, in the epochs that it has looked at."""
    means = condition[["I_XT_mean", "I_TY_mean"]]
    return [means.isel(estimator=place).dropna("epoch") for place in range(means.sizes["estimator"])]
