"""The bull: Picasso's plates of a network. What each layer can no longer tell apart from one chosen input.

As his lithographs of a bull lose line after line until only what makes it a bull is left, the layers of a trained
network lose what does not matter for the label.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isqrt
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from pydantic import Field

from infoplane import icosahedron
from infoplane.condition import Condition
from infoplane.figures.base import Drawing, Figure, Run
from infoplane.figures.plane import head, moments
from infoplane.figures.style import KNOWN, condition_name, layer_names, panels
from infoplane.section import Int


class Bull(Figure):
    """Mean pattern, and number, of the inputs in the chosen one's cell: layer by layer, at three moments."""

    group: ClassVar[str] = "Beyond"
    measures: ClassVar[tuple[str, ...]] = ("gradients",)
    needs: ClassVar[tuple[str, ...]] = ("specific_XT",)  # and with it `shares_cell`
    reads_stores: ClassVar[bool] = True

    kind: Literal["bull"] = "bull"
    estimator: str = Field("specific", description="Whose cells are drawn: an estimator of kind `specific`.")
    replicate: Annotated[Int, Field(ge=0)] = Field(0, description="The network that is looked into.")
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

    def draw(self, runs: Sequence[Run]) -> Drawing:
        """Three rows per condition, of the input and one panel per layer."""
        cells = [self._cells(run) for run in runs]
        columns = 1 + max(cell.sizes["layer"] for cell in cells)
        numbers = []
        with panels(3 * columns * len(runs), height=0.92, per_row=columns) as (figure, axes):
            for row, (run, cell) in enumerate(zip(runs, cells, strict=True)):
                data = xr.open_zarr(run.dataset, consolidated=False, chunks=None)[["x", "p_x"]].load()
                at = moments(run, cell["epoch"].values)
                block = axes[3 * columns * row : 3 * columns * (row + 1)]
                self._plates(block, columns, cell.sel(epoch=list(at.values())), data)
                for number, name in enumerate(at):
                    block[columns * number].set_ylabel(name.replace(", ", "\n"))
                    block[columns * number].set_xlabel("inputs:", labelpad=1)
                block[0].set_title("\n".join(filter(None, [condition_name(run.varied), "$X$"])))
                numbers.append(_numbers(run, cell, at, data))
            if self.drawn_as != "image":
                unit = ScalarMappable(Normalize(0, 1), KNOWN)
                bar = figure.colorbar(unit, ax=axes, label="mean of the bit", pad=0.02, fraction=0.02, aspect=30)
                bar.outline.set_visible(False)
        return Drawing(figure, {"replicate": self.replicate, "conditions": numbers})

    def _cells(self, run: Run) -> xr.DataArray:
        """Which inputs share the chosen one's cell (epoch, layer, sample) in the network that is looked into."""
        measured = run.measurements[self.estimator]
        cell = measured["shares_cell"].sel(replicate=self.replicate).transpose("epoch", "layer", "sample")
        if not cell.any("sample").all():
            raise ValueError(f"bull: replicate {self.replicate} diverged; choose another")
        return cell

    def _plates(self, axes: list[Axes], columns: int, cells: xr.DataArray, data: xr.Dataset) -> None:
        draw = {"icosahedron": _on_icosahedron, "image": _as_image, "strip": _as_strip}[self.drawn_as]
        chosen = data["x"].values[cells.attrs["input"]]
        names = layer_names(cells.sizes["layer"])
        for row in range(cells.sizes["epoch"]):
            draw(axes[columns * row], chosen)
            for layer, name in enumerate(names):
                panel, cell = axes[columns * row + 1 + layer], cells.isel(epoch=row, layer=layer).values
                draw(panel, np.average(data["x"].values[cell], axis=0, weights=data["p_x"].values[cell]))
                panel.set_xlabel(f"{cell.sum():,}", labelpad=1)
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


def _numbers(run: Run, cells: xr.DataArray, at: Mapping[str, int], data: xr.Dataset) -> dict[str, Any]:
    """Inputs in the cell, and how many bits of X the layer still gives, -log2 p(cell): (moment, layer)."""
    shown = cells.sel(epoch=list(at.values()))
    weight = xr.dot(shown.astype(float), data["p_x"], dim="sample")
    return {
        **head(run, cells.expand_dims("replicate")),
        "input": int(cells.attrs["input"]),
        "epochs": list(at.values()),
        "cell_size": shown.sum("sample").values.tolist(),
        "specific_information_bits": (-np.log2(weight)).values.tolist(),
    }
