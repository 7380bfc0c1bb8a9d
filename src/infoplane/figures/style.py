"""The one look of all figures: seaborn's style at the width of a paper's column, and the two palettes.

Layers have one palette, from the input's dark side to the output's light one; epochs have another, on a
logarithmic scale. Both order by lightness, so they survive colour blindness and grey print.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

SINGLE, DOUBLE = 3.4, 7.0  # widths in inches of one column and of two
PER_ROW = 4  # panels
_FONTS = {
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.titlepad": 10,  # points: layers are named above the panel too
    "axes.labelsize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "legend.title_fontsize": 7,
}
_LINES = {
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "xtick.minor.size": 1.5,
    "ytick.minor.size": 1.5,
    "lines.linewidth": 1.0,
    "legend.frameon": False,
    "legend.handlelength": 1.2,
}
TRAIN, TEST = "#0173b2", "#de8f05"  # the first of seaborn's "colorblind"
KNOWN = mpl.colormaps["PuOr_r"]  # of a bit: 0, 1, and white where nothing is known
EPOCHS = mpl.colormaps["viridis"]
# Without its ends: black is for annotations, pale yellow cannot be read on white.
_LAYERS = LinearSegmentedColormap.from_list("layers", mpl.colormaps["inferno"](np.linspace(0.12, 0.85, 256)))


@contextmanager
def panels(
    number: int = 1,
    height: float = 2.6,
    per_row: int = PER_ROW,
    xlabel: str | None = None,
    ylabel: str | None = None,
    width: float | None = None,
    **subplots: Any,
) -> Iterator[tuple[Figure, list[Axes]]]:
    """A figure of up to `number` panels in rows, drawn in the project's style; laid out when the block ends.

    One panel takes one column of a paper, more take two, where no `width` is given; `height` is a row's, in inches.
    The labels go to the panels at the left and at the bottom, panels without data go away. `subplots` goes to
    `Figure.subplots`.
    """
    rows = -(-number // per_row)
    columns = -(-number // rows)  # no panel alone in the last row where all rows can have nearly as many
    import seaborn as sns  # a second of imports that no plan should wait for

    look: dict[Any, Any] = {**sns.axes_style("ticks"), **_FONTS, **_LINES}
    with mpl.rc_context(look):
        figure = Figure(figsize=(width or (SINGLE if number == 1 else DOUBLE), height * rows), layout="constrained")
        grid = figure.subplots(rows, columns, squeeze=False, **subplots)
        for axes in grid.ravel():  # how many ticks there are hangs on it, also while a file is saved
            axes.tick_params(labelsize=_FONTS["xtick.labelsize"])
        yield figure, grid.ravel()[:number].tolist()
        _finish(grid, xlabel, ylabel)
        sns.despine(figure)
        # Lays out now: artists first made while a file is saved would take matplotlib's default look.
        figure.draw_without_rendering()
        figure.set_layout_engine(None)  # the layout stands: files, and frames of a film, have the same


def _finish(grid: np.ndarray, xlabel: str | None, ylabel: str | None) -> None:
    for spare in [axes for axes in grid.ravel() if not axes.has_data()]:
        spare.remove()
    for column in grid.T:
        filled = [axes for axes in column if axes.figure]
        if filled and xlabel:
            filled[-1].set_xlabel(xlabel)
            filled[-1].xaxis.set_tick_params(labelbottom=True)
    for axes in grid[:, 0]:
        if axes.figure and ylabel:
            axes.set_ylabel(ylabel)


def palette(number: int) -> list[tuple[float, ...]]:
    """Colours that tell kinds apart, also for the colour-blind."""
    import seaborn as sns

    return [*sns.color_palette("colorblind", number)]


def layer_colors(layers: int) -> list[tuple[float, float, float, float]]:
    """One colour per layer, first hidden layer first, output layer last."""
    return [_LAYERS(place) for place in np.linspace(0, 1, layers)]


def layer_names(layers: int) -> list[str]:
    """The layers as the paper writes them: T₁, T₂, ..., and Ŷ for the output layer."""
    return [f"$T_{{{number}}}$" for number in range(1, layers)] + [r"$\hat{Y}$"]


def layer_legend(where: Axes | Figure, layers: int, **legend: Any) -> None:
    """A legend of the layers' colours, in a panel or beside them all."""
    handles = [
        Line2D([], [], color=color, marker="o", markersize=3.5, linestyle="none", label=name)
        for color, name in zip(layer_colors(layers), layer_names(layers), strict=True)
    ]
    where.legend(handles=handles, **legend)


def epoch_norm(epochs: np.ndarray) -> LogNorm:
    """The logarithmic scale of epochs; the initial weights, epoch 0, share the colour of epoch 1."""
    return LogNorm(1, max(int(np.max(epochs)), 2), clip=True)


def epoch_colors(epochs: np.ndarray, norm: LogNorm) -> np.ndarray:
    """One colour per epoch, (epoch, 4)."""
    return EPOCHS(norm(np.maximum(epochs, 1)))


def epoch_colorbar(figure: Figure, axes: Sequence[Axes], norm: LogNorm) -> None:
    """The colour scale of epochs beside the axes."""
    bar = figure.colorbar(ScalarMappable(norm, EPOCHS), ax=axes, label="epoch", pad=0.02, fraction=0.04, aspect=30)
    bar.outline.set_visible(False)


def epoch_axis(axes: Axes, epochs: np.ndarray) -> None:
    """A logarithmic axis of epochs that starts at 0, the initial weights."""
    axes.set_xscale("symlog", linthresh=1, linscale=0.4)
    axes.set_xlim(0, float(np.max(epochs)))
    axes.xaxis.set_major_formatter(lambda epoch, _: "" if epoch == 1 else f"{epoch:g}")


def band(axes: Axes, data: xr.Dataset, name: str, color: Any, center: str = "mean", **line: Any) -> None:
    """The line `NAME_mean` (or `_median`) of an analysis (epoch,) in a band from `NAME_10th` to `NAME_90th`."""
    epoch = data["epoch"].values
    axes.fill_between(epoch, data[f"{name}_10th"], data[f"{name}_90th"], color=color, alpha=0.2, linewidth=0)
    axes.plot(epoch, data[f"{name}_{center}"], color=color, **line)
