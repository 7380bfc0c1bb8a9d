"""Do networks that compress more generalise better? Every network of every condition ([S18])."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import xarray as xr
from matplotlib.axes import Axes

from infoplane.analyses.base import conditions
from infoplane.analyses.generalization import Generalization
from infoplane.figures.base import Drawing, InformationFigure
from infoplane.figures.style import palette, panels
from infoplane.statistics import INTERVAL

MARKERS = "osD^vP*X<>"


class CompressionGeneralization(InformationFigure):
    """Compression of the last hidden layer against the generalisation gap, and their correlation in each condition."""

    group: ClassVar[str] = "The critique"
    kind: Literal["compression_generalization"] = "compression_generalization"

    def analysis(self) -> Generalization:
        """Both of every network, and their rank correlation."""
        return Generalization(experiment=self.experiment, estimator=self.estimator, bound=self.bound)

    def draw(self, analysis: xr.DataTree) -> Drawing:
        """Left: every network, numbered by its condition. Right: the rank correlation within each condition."""
        networks = [data for data in conditions(analysis) if data.attrs["replicates_used"]]
        names = [_name(data) for data in networks]
        height = max(2.6, 0.6 + 0.13 * (len(names) + 2))
        with panels(2, height=height, per_row=2, width_ratios=(1, 0.55)) as (figure, (cloud, within)):
            for number, (data, color) in enumerate(zip(networks, _colors(networks), strict=True)):
                marker = MARKERS[number % len(MARKERS)]
                cloud.scatter(
                    data["compression"], data["gap"], s=10, alpha=0.7, linewidths=0, color=color, marker=marker
                )
                within.plot(float(data["rank_correlation"]), number, marker, color=color, markersize=3.5)
            _summary(within, analysis, len(names))
            within.set_yticks(range(len(names) + 2), [*names, "mean within", "pooled"], size=6)
            within.set(xlim=(-1.02, 1.02), ylim=(len(names) + 1.7, -0.7), xlabel="rank correlation")
            within.axvline(0, color="0.7", linewidth=0.6, zorder=0)
            cloud.set(xlabel="compression of the last hidden layer [bits]", ylabel="test error − train error")
        return Drawing(figure)


def _name(data: xr.Dataset) -> str:
    """The condition, and its experiment where that says more."""
    return ", ".join(filter(None, [data.attrs["experiment"], data.attrs["name"]])) or "all networks"


def _colors(networks: Sequence[xr.Dataset]) -> list[tuple[float, ...]]:
    """One for each experiment."""
    kinds = list(dict.fromkeys(data.attrs["experiment"] for data in networks))
    return [palette(len(kinds))[kinds.index(data.attrs["experiment"])] for data in networks]


def _summary(panel: Axes, analysis: xr.DataTree, first: int) -> None:
    """The mean within conditions and the pooled correlation, each with its interval."""
    for row, name in enumerate(("within", "pooled"), first):
        estimate, low, high = (float(analysis[name].sel({INTERVAL: part})) for part in ("estimate", "low", "high"))
        panel.plot([low, high], [row, row], color="black", linewidth=1)
        panel.plot(estimate, row, "D", color="black", markersize=3.5)
    panel.axhline(first - 0.5, color="0.7", linewidth=0.6)
