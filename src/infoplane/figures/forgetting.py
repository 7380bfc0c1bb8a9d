"""What is kept of the class, and what of the rest: the plane of I(X;T) = I(S;T) + I(X;T|S), split by phase."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.lines import Line2D

from infoplane.analyses.base import conditions
from infoplane.analyses.forgetting import Forgetting as Analysis
from infoplane.figures.base import Drawing, InformationFigure
from infoplane.figures.plane import name_layers, paths
from infoplane.figures.style import epoch_axis, epoch_colorbar, epoch_norm, layer_names, panels

RELEVANT, IRRELEVANT, NUISANCE = "#0173b2", "#d55e00", "#cc78bc"  # of seaborn's "colorblind"
NEAR = 0.02  # of the highest I(X;T): lines that end so close share a name
SHOWN = 2  # last hidden layers whose parts are drawn over the epochs


class Forgetting(InformationFigure):
    """Paths in the plane of relevant and irrelevant information, and both parts of the last layers over the epochs."""

    group: ClassVar[str] = "Beyond"
    kind: Literal["forgetting"] = "forgetting"

    def analysis(self) -> Analysis:
        """Both parts of I(X;T), and how they change in either phase."""
        return Analysis(experiment=self.experiment, estimator=self.estimator, bound=self.bound)

    def draw(self, analysis: xr.DataTree) -> Drawing:
        """A row per condition: I(S;T) against I(X;T|S) on the left, and the parts of the last hidden layer."""
        rows = conditions(analysis)
        rows = [row for row in rows if row.attrs["replicates_used"]] or rows[:1]  # of others there is nothing to see
        norm = epoch_norm(np.concatenate([row["epoch"].values for row in rows]))
        with panels(2 * len(rows), height=2.9, per_row=2) as (figure, axes):
            for number, row in enumerate(rows):
                plane, parts = axes[2 * number : 2 * number + 2]
                _plane(plane, row, norm)
                _parts(parts, row)
                names = (row.attrs["name"] or row.attrs["experiment"], f"n = {row.attrs['replicates_used']}")
                plane.set_title(", ".join(filter(None, names)), loc="left")
            epoch_colorbar(figure, axes[::2], norm)
            kinds = [("irrelevant: $I(X;T\\,|\\,S)$", IRRELEVANT), ("of the class: $I(S;T)$", RELEVANT)]
            if any("I_NT_mean" in row for row in rows):
                kinds.append(("of the nuisance: $I(N;T)$", NUISANCE))
            lines = [Line2D([], [], color=color, label=label) for label, color in kinds]
            figure.legend(handles=lines, loc="outside lower right", ncols=len(lines))
        return Drawing(figure)


def _plane(panel: Axes, row: xr.Dataset, norm: LogNorm) -> None:
    renamed = row[["I_XT_given_S_mean", "I_ST_mean"]].rename(I_XT_given_S_mean="I_XT_mean", I_ST_mean="I_TY_mean")
    paths(panel, renamed, norm)
    name_layers(panel, renamed)
    panel.set_xlabel("irrelevant: $I(X;T\\,|\\,S)$ [bits]")
    panel.set_ylabel("of the class: $I(S;T)$ [bits]")


def _parts(panel: Axes, row: xr.Dataset) -> None:
    """Both parts of the last hidden layers over the epochs; the end of fitting as a line."""
    layers = row.sizes["layer"]
    hidden = range(max(layers - 1 - SHOWN, 0), layers - 1)
    widths = np.linspace(0.5, 1.6, len(hidden)) if len(hidden) > 1 else [1.6]
    names = layer_names(layers)
    for layer, width in zip(hidden, widths, strict=True):
        at = row.isel(layer=layer)
        drawn = {"I_XT_given_S_mean": IRRELEVANT, "I_ST_mean": RELEVANT, "I_NT_mean": NUISANCE}
        for name, color in drawn.items():
            if name not in row:
                continue
            panel.plot(row["epoch"], at[name], color=color, linewidth=width)
            end, of_last = float(at[name][-1]), float(row[name].isel(layer=layers - 2)[-1])
            if layer < layers - 2 and abs(end - of_last) < NEAR * float(row["I_XT_mean"].max()):
                continue  # one name for both lines
            panel.annotate(
                names[layer], (1, end), (2, 0), xycoords=("axes fraction", "data"),
                textcoords="offset points", va="center", size=6, color=color, annotation_clip=False,
            )  # fmt: skip
    fitted = float(row["fitted_median"].isel(layer=layers - 2))
    if np.isfinite(fitted):
        panel.axvline(fitted, color="0.4", linewidth=0.6, linestyle=":")
        panel.annotate(
            "fitted", (fitted, 1), (2, -5), xycoords=("data", "axes fraction"), textcoords="offset points", size=6
        )
    epoch_axis(panel, row["epoch"].values)
    panel.set_ylim(0, 1.08 * panel.get_ylim()[1])
    panel.set_xlabel("epoch")
    panel.set_ylabel("information [bits]")
