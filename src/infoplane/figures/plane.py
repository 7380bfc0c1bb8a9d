"""What figures of the information plane share: the axes, layers' paths, and where their names go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Affine2D

from infoplane.figures.style import epoch_colors, layer_names

AXES: dict[str, Any] = {"xlabel": "$I(X;T)$ [bits]", "ylabel": "$I(T;Y)$ [bits]"}
_LETTER, _LINE = 3.5, 7.0  # points that a letter of a layer's name takes, and its height

_SIGNS = str.maketrans("", "", "${}_")  # of mathematics, which take no room

# Directions from a path's end to its name, the best first, and how far it is from there, in points: near before far.
_DIRECTIONS = ((0, 1), (-1, 1), (1, 1), (-1, 0), (1, 0), (-1, -1), (1, -1), (0, -1))
_AROUND = np.array(3 * _DIRECTIONS, dtype=float)
_AWAY = np.repeat([3.5, 7.0, 12.0], len(_DIRECTIONS))[:, None]


def paths(panel: Axes, mean: xr.Dataset, norm: LogNorm) -> None:
    """Draw `I_XT_mean`, `I_TY_mean` (epoch, layer): a point per layer and epoch, a line through an epoch's layers."""
    points = _points(mean)
    colors = epoch_colors(mean["epoch"].values, norm)
    panel.add_collection(LineCollection(list(points), colors=colors, linewidths=0.4, alpha=0.5))
    x, y = points.reshape(-1, 2).T
    panel.scatter(x, y, c=np.repeat(colors, mean.sizes["layer"], axis=0), s=7, linewidths=0)
    panel.autoscale_view()
    panel.set_xlim(left=0, auto=True)  # panels that share the axis may need more of it
    panel.xaxis.set_major_locator(MaxNLocator(6, integer=True))


def _points(mean: xr.Dataset) -> np.ndarray:
    """The mean paths as an array (epoch, layer, 2)."""
    return np.stack([mean[name].transpose("epoch", "layer") for name in ("I_XT_mean", "I_TY_mean")], axis=-1)


def name_layers(panel: Axes, mean: xr.Dataset, text: Callable[[Sequence[int]], str] | None = None) -> None:
    """Write each layer's name beside the end of its path, where it covers least of what is drawn; best over it.

    `text` makes one of several layers' names, the paper's if it is not given. Layers whose names would overlap share
    one text. To be called when the axes' limits are final.
    """
    name = text or partial(_name, mean.sizes["layer"])
    size = _size(panel)
    to_points = panel.transLimits + Affine2D().scale(*size)
    points = _points(mean)
    ways = to_points.transform(points.reshape(-1, 2)).reshape(points.shape)
    last = ways[-1]
    steps = np.linspace(0, 1, 10)[:, None, None, None]
    lines = (ways[:, :-1] + steps * np.diff(ways, axis=1)).reshape(-1, 2)
    drawn = np.concatenate([lines, np.repeat(ways.reshape(-1, 2), 10, axis=0)])  # a point hides more than a line
    placed: list[tuple[np.ndarray, np.ndarray]] = []  # centre and extent
    for group in _groups(last[:, 0], name):
        end = np.array([last[group, 0].mean(), last[group, 1].max()])
        extent = np.array([_LETTER * _letters(name(group)), _LINE])
        centres = end + _AROUND * extent / 2 + _AWAY * _AROUND
        best = np.argmin([_covered(centre, extent, drawn, placed, size) for centre in centres] + _AWAY[:, 0])
        placed.append((centres[best], extent))
        panel.annotate(
            name(group),
            (points[-1, group, 0].mean(), points[-1, group, 1].max()),
            centres[best] - end,
            textcoords="offset points",
            ha="center",
            va="center",
            size=6,
        )


def letters(panel: Axes) -> float:
    """How many letters of a layer's name a panel is wide."""
    return float(_size(panel)[0] / _LETTER)


def _size(panel: Axes) -> np.ndarray:
    """A panel's width and height in points before it is laid out: about four fifths of its share of the page."""
    figure, grid = panel.figure, panel.get_gridspec()
    assert isinstance(figure, Figure)  # as `panels` makes them
    assert grid
    return 0.77 * 72 * figure.get_size_inches() / np.array([grid.ncols, grid.nrows])


def _groups(x: np.ndarray, name: Callable[[Sequence[int]], str]) -> list[list[int]]:
    """Layers by their place in points, from left to right; together where names side by side would overlap."""
    groups = [[layer] for layer in np.argsort(x, kind="stable")]
    position = 0
    while position + 1 < len(groups):
        left, right = groups[position : position + 2]
        room = _LETTER * (_letters(name(left)) + _letters(name(right))) / 2
        if x[right].mean() - x[left].mean() < room:
            groups[position : position + 2] = [left + right]
            position = max(position - 1, 0)
        else:
            position += 1
    return groups


def _covered(centre: np.ndarray, extent: np.ndarray, drawn: np.ndarray, placed: list[Any], size: np.ndarray) -> int:
    """How much of what is drawn a name there would cover; a name, an axis or the title count as a thousand."""
    hit = (np.abs(drawn - centre) < extent / 2 + 1.5).all(axis=1).sum()
    crossed = sum((np.abs(other - centre) < (extent + width) / 2).all() for other, width in placed)
    outside = (centre - extent / 2 < 0).any() or (centre + extent / 2 > size + 6).any()
    return int(hit + 1000 * (crossed + outside))


def _runs_of(layers: Sequence[int], number: int | None = None) -> list[list[int]]:
    """Layers in stretches of consecutive ones; the output layer, the last of a `number` of them, alone."""
    stretches: list[list[int]] = []
    for layer in sorted(layers):
        if stretches and layer == stretches[-1][-1] + 1 and layer + 1 != number:
            stretches[-1].append(layer)
        else:
            stretches.append([layer])
    return stretches


def _name(number: int, layers: Sequence[int]) -> str:
    names = layer_names(number)
    return ",".join(names[s[0]] if len(s) == 1 else numbered([n + 1 for n in s]) for s in _runs_of(layers, number))


def numbered(layers: Sequence[int]) -> str:
    """The paper's names of layers by their numbers, from 1, where it is not known which is the output: T₁,T₃₋₅."""
    ends = [dict.fromkeys((stretch[0], stretch[-1])) for stretch in _runs_of(layers)]
    return ",".join(f"$T_{{{'-'.join(map(str, numbers))}}}$" for numbers in ends)


def _letters(text: str) -> int:
    """How many letters wide a text is; the hat of Ŷ counts as one."""
    return len(text.translate(_SIGNS).replace(r"\hat", "^"))
