"""`infoplane.plane`: the information plane of what was measured, recorded, or made by a workflow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import ScaledTranslation

from infoplane.analyses.base import complete
from infoplane.api.measuring import measure
from infoplane.api.table import Run, Runs
from infoplane.figures.plane import AXES, letters, name_layers, numbered, paths
from infoplane.figures.style import epoch_colorbar, epoch_norm, panels
from infoplane.section import one_of

_TICKS, _LINE = 26, 10  # points: the height of an axis' ticks and name, that of a line of a key below


def plane(
    measured: Any, *, estimator: str = "binned", bound: str = "upper", titles: Sequence[str] = (), **options: Any
) -> Figure:
    """Draw every layer's path in the information plane: a point per layer and epoch, a line through an epoch's layers.

    Args:
        measured: what `infoplane.measure` returned, a training's store (path or tree), a run of `infoplane.runs`; or a
            dict of these by title, a list, or a table of runs: a panel for each.
        estimator: whose measurement is drawn of a run, or is made of a store with `options` (as `infoplane.measure`).
        bound: which is drawn, where the estimator gives bounds.
        titles: of the panels.

    Returns:
        A matplotlib figure, to be shown or saved (`figure.savefig("plane.pdf")`). Several replicates are drawn as their
        mean, without those that diverged.

    Raises:
        ValueError: what there is nothing to draw of, in one line.
    """
    several = isinstance(measured, Mapping | Sequence) and not isinstance(measured, str | xr.Dataset | xr.DataTree)
    if isinstance(measured, Mapping) and several:
        titles, measured = list(measured), list(measured.values())
    elif isinstance(measured, Runs):
        titles = titles or measured.titles()
    items = list(measured) if several else [measured]
    if not items or len(titles) not in (0, len(items)):
        raise ValueError(
            f"titles: found {len(titles)} for {len(items)} panels; allowed: as many, at least one, or none"
        )
    means = [_mean(_measured(item, estimator, options), bound) for item in items]
    epochs = np.concatenate([mean["epoch"].values for mean in means])
    norm = epoch_norm(epochs)
    with panels(len(means), sharex=True, sharey=True, **AXES) as (figure, axes):
        for panel, mean in zip(axes, means, strict=True):
            paths(panel, mean, norm)
        for panel, title in zip(axes, titles or [""] * len(means), strict=True):
            panel.set_title(title)
        lines = max(_name(panel, mean) for panel, mean in zip(axes, means, strict=True))
        grid = axes[0].get_gridspec()
        assert grid  # as `panels` makes them
        figure.set_figheight(figure.get_figheight() + grid.nrows * lines * _LINE / 72)
        if len(set(epochs)) > 1:
            epoch_colorbar(figure, axes, norm)
    return figure


def _measured(item: Any, estimator: str, options: Mapping[str, Any]) -> xr.Dataset:
    if isinstance(item, xr.Dataset):
        return item
    if isinstance(item, Run):
        if estimator not in item.measurements:
            raise ValueError(
                f"estimator: found {estimator!r}; measured of this run: {one_of(item.measurements, estimator)}"
            )
        return item.measurement(estimator, **options)
    if isinstance(item, str | Path | xr.DataTree):
        return measure(item, estimator=estimator, **options)
    raise ValueError(
        f"measured: found {type(item).__name__}; allowed: what `infoplane.measure` returns, a training's store, a run"
    )


def _mean(measured: xr.Dataset, bound: str) -> xr.Dataset:
    """`I_XT_mean`, `I_TY_mean` (epoch, layer) over replicates that did not diverge."""
    missing = [name for name in ("I_XT", "I_TY") if name not in measured]
    if missing:
        raise ValueError(f"measured: found no {' and no '.join(missing)}; allowed: an estimator that gives both")
    found = measured[["I_XT", "I_TY"]]
    if "bound" in found.dims:
        if bound not in found["bound"].values:
            raise ValueError(f"bound: found {bound!r}; allowed: {', '.join(found['bound'].values)}")
        found = found.sel(bound=bound, drop=True)
    found = found.expand_dims(
        {d: [n] for d, n in {"replicate": 0, "epoch": 0, "layer": 1}.items() if d not in found.dims}
    )
    mean = complete(found).mean("replicate").transpose("epoch", "layer")
    return mean.rename(I_XT="I_XT_mean", I_TY="I_TY_mean")


def _name(panel: Axes, mean: xr.Dataset) -> int:
    """Name the layers in the plane: by number if they have no names, or such long ones that a key below has these.

    Returns the lines of the key.
    """
    numbers = mean["layer"].values.tolist()
    names = [str(name) for name in mean["name"].values] if "name" in mean.coords else []
    room = letters(panel)
    if names and len(", ".join(names)) < room / 2:
        name_layers(panel, mean, lambda layers: ", ".join(names[layer] for layer in sorted(layers)))
        return 0
    name_layers(panel, mean, lambda layers: numbered([numbers[layer] for layer in layers]))
    if not names:
        return 0
    columns = max(1, int(room // (max(map(len, names)) + 7)))
    panel.legend(
        [Line2D([], [], linestyle="none") for _ in names],
        [f"{numbered([number])} {name}" for number, name in zip(numbers, names, strict=True)],
        loc="upper center",
        bbox_to_anchor=(0.5, 0),
        bbox_transform=panel.transAxes + ScaledTranslation(0, -_TICKS / 72, panel.figure.dpi_scale_trans),
        ncols=columns,
        fontsize=6,
        handlelength=0,
        handletextpad=0,
    )
    return -(-len(names) // columns)
