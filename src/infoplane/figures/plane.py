"""What figures of the information plane share: whose numbers they draw, the axes, and layers' paths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import LogNorm
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Affine2D
from pydantic import Field

from infoplane.figures.base import Figure, Run
from infoplane.figures.style import condition_name, epoch_colors, layer_names

AXES = {"xlabel": "$I(X;T)$ [bits]", "ylabel": "$I(T;Y)$ [bits]"}
# What every estimator that gives the plane stores with it.
DERIVED = ("compression", "dpi_excess_XT", "dpi_excess_TY")
_LETTER, _LINE = 3.5, 7.0  # points that a letter of a layer's name takes, and its height

# Directions from a path's end to its name, the best first, and how far it is from there, in points: near before far.
_DIRECTIONS = ((0, 1), (-1, 1), (1, 1), (-1, 0), (1, 0), (-1, -1), (1, -1), (0, -1))
_AROUND = np.array(3 * _DIRECTIONS, dtype=float)
_AWAY = np.repeat([3.5, 7.0, 12.0], len(_DIRECTIONS))[:, None]


def complete(measured: xr.Dataset) -> xr.Dataset:
    """Without the replicates that diverged: they are NaN from then on.

    Raises ValueError where none is left.
    """
    missing = measured.to_array().isnull()
    kept = ~missing.any([dim for dim in missing.dims if dim != "replicate"])
    if not kept.any():
        raise ValueError(f"all {kept.size} replicates diverged: there is nothing to draw; lower the learning rate")
    return measured.isel(replicate=np.flatnonzero(kept))


Bound = Annotated[
    Literal["upper", "lower"], Field(description="Which bound is drawn, where an estimator gives bounds.")
]


def information(run: Run, estimator: str, bound: str) -> xr.Dataset:
    """`I_XT`, `I_TY` (replicate, epoch, layer) and `DERIVED` in bits, of the replicates that did not diverge.

    Raises ValueError where the estimator has not got both, or no replicate is left.
    """
    measured = run.measurements[estimator]
    missing = {"I_XT", "I_TY"} - set(measured)
    if missing:
        raise ValueError(f"the estimator {estimator} gives no {' and no '.join(sorted(missing))}; choose another")
    measured = measured[["I_XT", "I_TY", *DERIVED]]
    if "bound" in measured.dims:
        measured = measured.sel(bound=bound, drop=True)
    return complete(measured).transpose("replicate", "epoch", "layer")


class InformationFigure(Figure):
    """A figure of I(X;T) and I(T;Y) as one estimator sees them."""

    estimator: str = Field("binned", description="Whose I(X;T) and I(T;Y) are drawn: a name under `estimators`.")
    bound: Bound = "upper"

    def information(self, run: Run) -> xr.Dataset:
        """What `information` says of the run by this figure's estimator."""
        return information(run, self.estimator, self.bound)


def head(run: Run, measured: xr.Dataset) -> dict[str, Any]:
    """What the numbers of every condition start with: which condition, and how many replicates count."""
    return {
        "name": condition_name(run.varied),
        "varied": dict(run.varied),
        "replicates": run.condition.replicates,
        "replicates_used": measured.sizes["replicate"],
    }


def transition(run: Run) -> float | None:
    """Epoch where drift turns to diffusion: median over replicates; None where no network has one."""
    changes = run.measurements["gradients"]["network_phase_change"].values
    return float(np.nanmedian(changes)) if np.isfinite(changes).any() else None


def moments(run: Run, epochs: np.ndarray) -> dict[str, int]:
    """Three recorded epochs by their names: the first, the nearest to the transition, the last.

    Without a transition the one in between is the middle of training in log(epoch).
    """
    change = transition(run)
    middle = np.sqrt(epochs[-1]) if change is None else change
    recorded = int(epochs[np.argmin(np.abs(np.log1p(epochs) - np.log1p(middle)))])
    label = "no transition" if change is None else "transition"
    return {
        "initial weights": int(epochs[0]),
        f"{label}, epoch {recorded}": recorded,
        f"epoch {epochs[-1]}": int(epochs[-1]),
    }


def paths(panel: Axes, mean: xr.Dataset, norm: LogNorm) -> None:
    """Draw `I_XT`, `I_TY` (epoch, layer): a point per layer and epoch, a line through the layers of one epoch."""
    points = np.stack([mean["I_XT"], mean["I_TY"]], axis=-1)  # (epoch, layer, 2)
    colors = epoch_colors(mean["epoch"].values, norm)
    panel.add_collection(LineCollection(points, colors=colors, linewidths=0.4, alpha=0.5))
    panel.scatter(*points.reshape(-1, 2).T, c=np.repeat(colors, mean.sizes["layer"], axis=0), s=7, linewidths=0)
    panel.autoscale_view()
    panel.set_xlim(left=0)
    panel.xaxis.set_major_locator(MaxNLocator(6, integer=True))


def name_layers(panel: Axes, mean: xr.Dataset) -> None:
    """Write each layer's name beside the end of its path, where it covers least of what is drawn; best over it.

    Layers whose names would overlap share one text. To be called when the axes' limits are final.
    """
    size = _size(panel)
    to_points = panel.transLimits + Affine2D().scale(*size)
    ways = np.stack([mean["I_XT"], mean["I_TY"]], axis=-1)  # (epoch, layer, 2)
    ways = to_points.transform(ways.reshape(-1, 2)).reshape(ways.shape)
    last = ways[-1]
    steps = np.linspace(0, 1, 10)[:, None, None, None]
    lines = (ways[:, :-1] + steps * np.diff(ways, axis=1)).reshape(-1, 2)
    drawn = np.concatenate([lines, np.repeat(ways.reshape(-1, 2), 10, axis=0)])  # a point hides more than a line
    names: list[tuple[np.ndarray, np.ndarray]] = []  # centre and extent
    for group in _groups(last[:, 0]):
        end = np.array([last[group, 0].mean(), last[group, 1].max()])
        extent = np.array([_LETTER * _letters(group, len(last)), _LINE])
        centres = end + _AROUND * extent / 2 + _AWAY * _AROUND
        best = np.argmin([_covered(centre, extent, drawn, names, size) for centre in centres] + _AWAY[:, 0])
        names.append((centres[best], extent))
        panel.annotate(
            _name(group, len(last)),
            (mean["I_XT"][-1, group].mean(), mean["I_TY"][-1, group].max()),
            centres[best] - end,
            textcoords="offset points",
            ha="center",
            va="center",
            size=6,
        )


def _size(panel: Axes) -> np.ndarray:
    """A panel's width and height in points before it is laid out: about four fifths of its share of the page."""
    grid = panel.get_gridspec()
    return 0.77 * 72 * panel.figure.get_size_inches() / (grid.ncols, grid.nrows)


def _groups(x: np.ndarray) -> list[list[int]]:
    """Layers by their place in points, from left to right; together where names side by side would overlap."""
    groups = [[layer] for layer in np.argsort(x, kind="stable")]
    position = 0
    while position + 1 < len(groups):
        left, right = groups[position : position + 2]
        if x[right].mean() - x[left].mean() < _LETTER * (_letters(left, len(x)) + _letters(right, len(x))) / 2:
            groups[position : position + 2] = [left + right]
            position = max(position - 1, 0)
        else:
            position += 1
    return groups


def _covered(centre: np.ndarray, extent: np.ndarray, drawn: np.ndarray, names: list[Any], size: np.ndarray) -> int:
    """How much of what is drawn a name there would cover; a name, an axis or the title count as a thousand."""
    hit = (np.abs(drawn - centre) < extent / 2 + 1.5).all(axis=1).sum()
    crossed = sum((np.abs(other - centre) < (extent + width) / 2).all() for other, width in names)
    outside = (centre - extent / 2 < 0).any() or (centre + extent / 2 > size + 6).any()
    return int(hit + 1000 * (crossed + outside))


def _runs_of(layers: Sequence[int], number: int) -> list[list[int]]:
    """Hidden layers in stretches of consecutive ones, then the output layer."""
    stretches: list[list[int]] = []
    for layer in sorted(layers):
        if stretches and layer == stretches[-1][-1] + 1 and layer != number - 1:
            stretches[-1].append(layer)
        else:
            stretches.append([layer])
    return stretches


def _name(layers: Sequence[int], number: int) -> str:
    names = layer_names(number)
    texts = [names[s[0]] if len(s) == 1 else f"$T_{{{s[0] + 1}-{s[-1] + 1}}}$" for s in _runs_of(layers, number)]
    return ",".join(texts)


def _letters(layers: Sequence[int], number: int) -> int:
    stretches = _runs_of(layers, number)
    return sum(2 if len(s) == 1 else 4 for s in stretches) + len(stretches) - 1
