"""Does depth help? Epochs to given errors and to a given compression, against the number of layers ([ST17] fig. 6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from pydantic import Field

from infoplane.analyses import depth
from infoplane.analyses.base import EXPERIMENT, Experiments, conditions
from infoplane.figures.base import Drawing, InformationFigure
from infoplane.figures.style import palette, panels
from infoplane.section import Positive

MARKERS = "os^D"
NEVER = (1.6, 2.5, 3.9, 6.0)  # ends of training at which the networks of a series that never arrive are counted


class Depth(InformationFigure):
    """Epochs until the held-out error, and the compression of the output layer, reach their targets."""

    kind: Literal["depth"] = "depth"
    errors: depth.Errors = Field((0.1, 0.05), description=depth.ERRORS)
    compression: Positive = Field(1.0, description=depth.COMPRESSION)
    experiment: Experiments = Field("depth", description=EXPERIMENT)

    def analysis(self) -> depth.Depth:
        """When each network reaches the targets."""
        targets = {"errors": self.errors, "compression": self.compression}
        return depth.Depth(experiment=self.experiment, estimator=self.estimator, bound=self.bound, **targets)

    def draw(self, analysis: xr.DataTree) -> Drawing:
        """A panel per target; a point per replicate, a colour and marker per series, medians joined."""
        reached = conditions(analysis)
        names = list(dict.fromkeys(condition.attrs["experiment"] for condition in reached))
        targets = reached[0]["target"].values
        shared: dict[str, Any] = {"xlabel": "hidden layers", "ylabel": "epoch", "sharex": True, "sharey": True}
        with panels(len(targets), height=2.6, per_row=3, **shared) as (figure, axes):
            for panel, target in zip(axes, targets, strict=True):
                for number, name in enumerate(names):
                    own = [c.sel(target=target) for c in reached if c.attrs["experiment"] == name]
                    side = 0.12 * (number - (len(names) - 1) / 2)
                    _points(panel, own, side, palette(len(names))[number], MARKERS[number % len(MARKERS)], name)
                panel.set_title(_title(str(target)))
                panel.set_yscale("log")
            end = max(condition.attrs["condition"]["epochs"] for condition in reached)
            axes[0].set_ylim(top=2 * NEVER[(len(names) - 1) % len(NEVER)] * end)
            handles, _ = axes[0].get_legend_handles_labels()
            never = Line2D([], [], color="0.3", marker="$n$", markersize=4, linestyle="none", label="never reach it")
            figure.legend(handles=[*handles, never], loc="outside lower center", ncols=len(names) + 1)
        return Drawing(figure)


def _title(target: str) -> str:
    """`error 0.1` as a title: what is reached."""
    quantity, number, *_ = target.split()
    if quantity == "error":
        return f"held-out error ≤ {number}"
    return rf"$I(X;\hat{{Y}})$ {number} {'bit' if number == '1' else 'bits'} below its peak"


def _points(
    panel: Axes, reached: Sequence[xr.Dataset], side: float, color: tuple[float, ...], marker: str, name: str
) -> None:
    depths = np.array([int(condition["hidden_layers"]) for condition in reached])
    for layers, condition in zip(depths, reached, strict=True):
        epochs, never = condition["epochs_to"].values, int(condition["never"])
        spread = layers + side + np.linspace(-0.05, 0.05, epochs.size)
        style: dict[str, Any] = {"s": 8, "color": color, "marker": marker, "alpha": 0.5, "linewidths": 0}
        panel.scatter(spread, np.maximum(epochs, 1), **style)
        if never:  # above the end of training, where they would be
            last = condition.attrs["condition"]["epochs"]
            at = (layers + side, NEVER[MARKERS.index(marker)] * last)
            panel.annotate(f"{never}", at, ha="center", va="center", size=6, color=color, weight="bold")
    medians = np.array([float(condition["epochs_to_median"]) for condition in reached])
    finite = np.where(np.isfinite(medians), medians, np.nan)
    panel.plot(depths + side, finite, color=color, marker="_", markersize=8, linewidth=0.8)
    panel.plot([], [], color=color, marker=marker, markersize=3.5, linewidth=0.8, label=name)
    panel.set_xticks(range(int(depths.min()), int(depths.max()) + 1))
