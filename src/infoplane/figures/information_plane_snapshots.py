"""The information plane at three moments, every replicate a point ([ST17] fig. 2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import xarray as xr

from infoplane.figures.base import Drawing, Run
from infoplane.figures.plane import AXES, InformationFigure, head, moments, transition
from infoplane.figures.style import condition_name, layer_colors, layer_legend, panels


class InformationPlaneSnapshots(InformationFigure):
    """A point per replicate and layer: with the initial weights, at the transition, and at the end."""

    kind: Literal["information_plane_snapshots"] = "information_plane_snapshots"
    measures: ClassVar[tuple[str, ...]] = ("gradients",)

    def draw(self, runs: Sequence[Run]) -> Drawing:
        """A row of three panels per condition."""
        numbers = []
        shared = {"sharex": True, "sharey": True, **AXES}
        with panels(3 * len(runs), height=2.5, per_row=3, **shared) as (figure, axes):
            for row, run in enumerate(runs):
                plane = self.information(run)
                at = moments(run, plane["epoch"].values)
                for panel, (name, epoch) in zip(axes[3 * row :], at.items(), strict=False):
                    _points(panel, plane.sel(epoch=epoch))
                    condition = condition_name(run.varied)
                    panel.set_title(f"{condition}\n{name}" if condition and name == "initial weights" else name)
                numbers.append(_numbers(run, plane, list(at.values())))
            layers = max(len(run.condition.hidden) for run in runs) + 1
            layer_legend(axes[0], layers, loc="upper left", handletextpad=0.3, labelspacing=0.25)
        return Drawing(figure, {"conditions": numbers})


def _points(panel: Any, plane: xr.Dataset) -> None:
    for layer, color in zip(plane["layer"].values, layer_colors(plane.sizes["layer"]), strict=True):
        at = plane.sel(layer=layer)
        panel.scatter(at["I_XT"], at["I_TY"], s=12, color=color, alpha=0.75, linewidths=0)


def _numbers(run: Run, plane: xr.Dataset, epochs: list[int]) -> dict[str, Any]:
    """Mean and standard deviation over replicates at the three moments, (moment, layer)."""
    chosen = plane.sel(epoch=epochs)
    return {
        **head(run, plane),
        "epochs": epochs,
        "transition_epoch": transition(run),
        **{
            f"{name}_{statistic}_bits": getattr(chosen[name], statistic)("replicate").values.tolist()
            for name in ("I_XT", "I_TY")
            for statistic in ("mean", "std")
        },
    }
