"""Does the verdict depend on the estimator? The same networks as several estimators see them ([S18], [C19], [G19])."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import xarray as xr
from pydantic import Field

from infoplane.figures.base import Drawing, Figure, Run
from infoplane.figures.plane import AXES, Bound, head, information, name_layers, paths
from infoplane.figures.style import condition_name, epoch_colorbar, epoch_norm, panels


class EstimatorComparison(Figure):
    """The information plane by each of several estimators, side by side."""

    group: ClassVar[str] = "The critique"
    kind: Literal["estimator_comparison"] = "estimator_comparison"
    compare: Annotated[tuple[str, ...], Field(min_length=1)] = Field(
        ("binned",), description="Estimators that are drawn: names under `estimators`."
    )
    bound: Bound = "upper"

    def estimators(self) -> tuple[str, ...]:
        """All that are compared."""
        return self.compare

    def draw(self, runs: Sequence[Run]) -> Drawing:
        """A column per estimator, a row per condition."""
        planes = [[information(run, estimator, self.bound) for estimator in self.compare] for run in runs]
        flat = [plane for row in planes for plane in row]
        norm = epoch_norm(np.concatenate([plane["epoch"].values for plane in flat]))
        columns = len(self.compare)
        with panels(columns * len(runs), per_row=columns, sharey=True, **AXES) as (figure, axes):
            for panel, plane in zip(axes, flat, strict=True):
                paths(panel, plane.mean("replicate"), norm)
            for number, panel in enumerate(axes):
                name = condition_name(runs[number // columns].varied)
                panel.set_title("\n".join(filter(None, [name, self.compare[number % columns]])))
                name_layers(panel, flat[number].mean("replicate"))
            epoch_colorbar(figure, axes, norm)
        numbers = [
            {**head(run, row[0]), "estimators": {n: _compression(p) for n, p in zip(self.compare, row, strict=True)}}
            for run, row in zip(runs, planes, strict=True)
        ]
        return Drawing(figure, {"conditions": numbers})


def _compression(plane: xr.Dataset) -> dict[str, Any]:
    """Mean and standard deviation over replicates of the compression, by layer."""
    lost = plane["compression"]
    return {
        "replicates_used": plane.sizes["replicate"],
        "compression_mean_bits": lost.mean("replicate").values.tolist(),
        "compression_std_bits": lost.std("replicate").values.tolist(),
    }
