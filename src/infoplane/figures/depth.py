"""Does depth help? Epochs to a given error and to a given compression, against the number of layers ([ST17] fig. 6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from pydantic import Field

from infoplane.analyses import depth
from infoplane.analyses.base import EXPERIMENT, Experiments, conditions
from infoplane.figures.base import Drawing, InformationFigure
from infoplane.figures.style import TRAIN, panels
from infoplane.section import Positive


class Depth(InformationFigure):
    """Epochs until the held-out error, and until the compression of the output layer, reach a target."""

    kind: Literal["depth"] = "depth"
    error: depth.Error = Field(0.1, description=depth.ERROR)
    compression: Positive = Field(1.5, description=depth.COMPRESSION)
    experiment: Experiments = Field("depth", description=EXPERIMENT)

    def analysis(self) -> depth.Depth:
        """When each network reaches the targets."""
        targets = {"error": self.error, "compression": self.compression}
        return depth.Depth(experiment=self.experiment, estimator=self.estimator, bound=self.bound, **targets)

    def draw(self, analysis: xr.DataTree) -> Drawing:
        """Error on the left, compression on the right; a point per replicate, medians joined."""
        reached = conditions(analysis)
        with panels(2, height=2.6, per_row=2, xlabel="hidden layers", sharex=True, sharey=True) as (figure, axes):
            for panel, name in zip(axes, ("error", "compression"), strict=True):
                _points(panel, reached, name)
            axes[0].set_ylabel("epoch")
            axes[0].set_title(f"held-out error ≤ {self.error:g}")
            axes[1].set_title(rf"$I(X;\hat{{Y}})$ {self.compression:g} bits below its peak")
        return Drawing(figure)


def _points(panel: Axes, reached: Sequence[xr.Dataset], name: str) -> None:
    last = max(condition.attrs["condition"]["epochs"] for condition in reached)
    depths = [int(condition["hidden_layers"]) for condition in reached]
    for layers, condition in zip(depths, reached, strict=True):
        epochs, never = condition[f"epochs_to_{name}"].values, int(condition[f"never_{name}"])
        spread = np.linspace(-0.15, 0.15, epochs.size)
        panel.scatter(layers + spread, np.maximum(epochs, 1), s=8, color=TRAIN, alpha=0.5, linewidths=0)
        if never:
            panel.annotate(f"{never} never", (layers, last), (0, 5), textcoords="offset points", ha="center", size=6)
    medians = np.array([float(condition[f"epochs_to_{name}_median"]) for condition in reached])
    panel.plot(depths, np.where(np.isfinite(medians), medians, np.nan), color="0.2", marker="_", markersize=10)
    panel.set_yscale("log")
    if any(condition[f"never_{name}"] for condition in reached):
        panel.set_ylim(top=1.3 * last)
    panel.set_xticks(depths)
