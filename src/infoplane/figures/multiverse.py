"""Who sees compression, and where: one grid of estimators, layers and nonlinearities ([S18], [C19], [G19])."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from pydantic import Field

from infoplane.analyses.base import EXPERIMENT, Bound, Experiments, conditions
from infoplane.analyses.estimators import COMPARED, Names
from infoplane.analyses.multiverse import Multiverse as Analysis
from infoplane.figures.base import Drawing, Figure
from infoplane.figures.style import layer_names, panels
from infoplane.section import Positive

DARK = 0.55  # of the scale: from here on, text is white


class Multiverse(Figure):
    """Mean compression with its interval in every cell: bold where it counts, with a star where it is saturated."""

    group: ClassVar[str] = "The critique"
    kind: Literal["multiverse"] = "multiverse"
    experiment: Experiments = Field("nonlinearity", description=EXPERIMENT)
    compare: Names = Field(("binned",), description=COMPARED)
    bound: Bound = "upper"
    bits: Positive = Field(1.0, description="Compression that counts, in bits.")

    def analysis(self) -> Analysis:
        """Compression in every cell of the grid."""
        return Analysis(experiment=self.experiment, compare=self.compare, bound=self.bound)

    def draw(self, analysis: xr.DataTree) -> Drawing:
        """A panel per condition: estimators down, layers across."""
        found = conditions(analysis)
        found = [data for data in found if data.attrs["replicates_used"]] or found[:1]  # of others nothing is known
        highest = max(float(np.nanmax(data["compression_mean"][0].fillna(0))) for data in found)
        norm = Normalize(0, max(highest, self.bits))
        columns = min(len(found), 2)
        height = max(1.9, 0.5 + 0.26 * len(self.compare))
        with panels(len(found), height=height, per_row=columns, width=7.0) as (figure, axes):
            for number, (panel, data) in enumerate(zip(axes, found, strict=True)):
                self._grid(panel, data, norm, named=number % columns == 0)
                used = f"n = {data.attrs['replicates_used']}"
                panel.set_title(", ".join(filter(None, [data.attrs["name"], used])))
            bar = figure.colorbar(ScalarMappable(norm, "cividis_r"), ax=axes, label="compression [bits]", fraction=0.03)
            bar.outline.set_visible(False)
            bar.ax.axhline(self.bits, color="black", linewidth=0.8)
        return Drawing(figure)

    def _grid(self, panel: Axes, data: xr.Dataset, norm: Normalize, *, named: bool) -> None:
        mean, low, high = (data["compression_mean"].sel(interval=part).values for part in ("estimate", "low", "high"))
        panel.imshow(mean, norm=norm, cmap="cividis_r", aspect="auto")
        for (row, column), bits in np.ndenumerate(mean):
            if not np.isfinite(bits):
                continue
            half = (high - low)[row, column] / 2
            mark = "*" if data["saturated"].values[row, column] > 0.5 else ""
            text = f"{bits:.1f}{mark}\n±{half:.1f}" if np.isfinite(half) else f"{bits:.1f}{mark}"
            weight = "bold" if low[row, column] >= self.bits else "normal"
            undecided = low[row, column] < self.bits < high[row, column]
            panel.text(
                column, row, text, ha="center", va="center", size=6, linespacing=0.85, weight=weight,
                style="italic" if undecided else "normal", color="white" if norm(bits) > DARK else "black",
            )  # fmt: skip
        panel.set_xticks(range(mean.shape[1]), layer_names(mean.shape[1]))
        panel.set_yticks(
            range(mean.shape[0]), [str(name) for name in data["estimator"].values] if named else [""] * mean.shape[0]
        )
        panel.tick_params(length=0)
