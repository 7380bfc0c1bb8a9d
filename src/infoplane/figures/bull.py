"""The bull: Picasso's plates of a network. What each layer can no longer tell apart from one chosen input.

As his lithographs of a bull lose line after line until only what makes it a bull is left, the layers of a trained
network lose what does not matter for the label.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import isqrt
from typing import ClassVar, Literal

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from pydantic import Field

from infoplane import icosahedron
from infoplane.analyses import bull
from infoplane.analyses.base import conditions
from infoplane.condition import Condition
from infoplane.figures.base import Drawing, Figure
from infoplane.figures.style import KNOWN, layer_names, panels


class Bull(Figure):
    """Mean pattern, and number, of the inputs in the chosen one's cell: layer by layer, at three moments."""

    group: ClassVar[str] = "Beyond"

    kind: Literal["bull"] = "bull"
    estimator: str = Field("specific", description=bull.ESTIMATOR)
    replicate: bull.Replicate = Field(0, description=bull.REPLICATE)
    drawn_as: Literal["icosahedron", "image", "strip"] = Field(
        "icosahedron",
        description="How an input is drawn: its 12 bits on the icosahedron, a square image, or a strip.",
    )

    def misfits(self, condition: Condition, samples: int, features: int) -> Iterator[tuple[str, str]]:
        """A network that was not trained, or inputs that cannot be drawn like this."""
        if self.replicate >= condition.replicates:
            yield "replicate", f"allowed: 0 to {condition.replicates - 1}, the replicates of its condition"
        fits = {"icosahedron": features == 12, "image": isqrt(features) ** 2 == features, "strip": True}
        if not fits[self.drawn_as]:
            fitting = ", ".join(form for form in fits if fits[form])
            yield "drawn_as", f"allowed: {fitting}, for the {features} features of `{condition.dataset}`"

    def analysis(self) -> bull.Bull:
        """The cells of one network."""
        return bull.Bull(experiment=self.experiment, estimator=self.estimator, replicate=self.replicate)

    def draw(self, analysis: xr.DataTree) -> Drawing:
        """Three rows per condition, of the input and one panel per layer."""
        cells = conditions(analysis)
        columns = 1 + max(cell.sizes["layer"] for cell in cells)
        with panels(3 * columns * len(cells), height=0.92, per_row=columns) as (figure, axes):
            for row, cell in enumerate(cells):
                block = axes[3 * columns * row : 3 * columns * (row + 1)]
                self._plates(block, columns, cell)
                for number, name in enumerate(cell["moment"].values):
                    block[columns * number].set_ylabel(str(name).replace(", ", "\n"))
                    block[columns * number].set_xlabel("inputs:", labelpad=1)
                block[0].set_title("\n".join(filter(None, [cell.attrs["name"], "$X$"])))
            if self.drawn_as != "image":
                unit = ScalarMappable(Normalize(0, 1), KNOWN)
                bar = figure.colorbar(unit, ax=axes, label="mean of the bit", pad=0.02, fraction=0.02, aspect=30)
                bar.outline.set_visible(False)
        return Drawing(figure)

    def _plates(self, axes: list[Axes], columns: int, cells: xr.Dataset) -> None:
        draw = {"icosahedron": _on_icosahedron, "image": _as_image, "strip": _as_strip}[self.drawn_as]
        names = layer_names(cells.sizes["layer"])
        for row in range(cells.sizes["moment"]):
            draw(axes[columns * row], cells["chosen"].values)
            for layer, name in enumerate(names):
                panel, cell = axes[columns * row + 1 + layer], cells.isel(moment=row, layer=layer)
                draw(panel, cell["pattern"].values)
                panel.set_xlabel(f"{int(cell['cell_size']):,}", labelpad=1)
                if row == 0:
                    panel.set_title(name)
        for panel in axes:
            panel.set_xticks([])
            panel.set_yticks([])
            panel.set_frame_on(False)


# Turned so that no vertex hides another, and antipodes are apart.
_TURN = np.linalg.qr(np.array([[0.9, 0.3, 0.3], [-0.25, 0.95, 0.2], [-0.2, -0.3, 0.93]]))[0]


def _on_icosahedron(panel: Axes, pattern: np.ndarray) -> None:
    """The 12 bits as vertices seen from afar; those behind are smaller."""
    x, y, depth = (icosahedron.vertices() @ _TURN.T).T
    edges = icosahedron.edges()
    shades = np.where(depth[edges].sum(axis=1) < 0, "0.85", "0.55")
    panel.add_collection(LineCollection(np.stack([x, y], axis=1)[edges], colors=shades, linewidths=0.4, zorder=0))
    order = np.argsort(depth)
    panel.scatter(
        x[order], y[order], c=pattern[order], s=16 + 8 * depth[order], cmap=KNOWN, vmin=0, vmax=1,
        edgecolors="0.3", linewidths=0.4, zorder=2,
    )  # fmt: skip
    panel.set_aspect("equal")
    panel.margins(0.15)


def _as_image(panel: Axes, pattern: np.ndarray) -> None:
    side = isqrt(pattern.size)
    panel.imshow(pattern.reshape(side, side), cmap="Greys", vmin=0)


def _as_strip(panel: Axes, pattern: np.ndarray) -> None:
    panel.imshow(pattern[None, :], cmap=KNOWN, vmin=0, vmax=1, aspect="auto")
