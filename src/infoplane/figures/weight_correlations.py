"""Are the final weights random? Correlations between a layer's neurons beside those of random directions ([ST17])."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from infoplane.figures.base import Drawing, Figure, Run
from infoplane.figures.plane import complete, head
from infoplane.figures.style import PER_ROW, condition_name, layer_colors, layer_names, panels

COARSE = 4  # bins of the measure that are drawn as one


class WeightCorrelations(Figure):
    """Cosines between the incoming weights of all pairs of a layer's neurons, in the first and in the last epoch."""

    kind: Literal["weight_correlations"] = "weight_correlations"
    measures: ClassVar[tuple[str, ...]] = ("weights",)

    def draw(self, runs: Sequence[Run]) -> Drawing:
        """A panel per layer that has two neurons or more; conditions below each other."""
        weights = [_with_pairs(run.measurements["weights"]) for run in runs]
        rows = [-(-layers.sizes["layer"] // PER_ROW) for layers in weights]
        labels = {"xlabel": "cosine of weights", "ylabel": "share of pairs"}
        with panels(PER_ROW * sum(rows), height=1.6, sharex=True, **labels) as (figure, axes):
            for row, run, layers in zip(np.cumsum([0, *rows]), runs, weights, strict=False):
                for panel, number in zip(axes[PER_ROW * row :], layers["layer"].values, strict=False):
                    _distributions(
                        panel, layers.sel(layer=number), layer_colors(len(run.condition.hidden) + 1)[number - 1]
                    )
                    title = layer_names(len(run.condition.hidden) + 1)[number - 1]
                    panel.set_title(", ".join(filter(None, [title, condition_name(run.varied)])))
            figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
        return Drawing(figure, {"conditions": [_numbers(*pair) for pair in zip(runs, weights, strict=True)]})


def _with_pairs(weights: xr.Dataset) -> xr.Dataset:
    """The layers of two neurons or more, of the replicates that did not diverge."""
    names = ["correlation_rms", "correlation_rms_random", "correlation_share", "correlation_share_random"]
    pairs = weights["correlation_share"].isel(epoch=0).notnull().any(["replicate", "correlation"])
    chosen = weights[names].isel(layer=np.flatnonzero(pairs))
    used = complete(chosen[["correlation_rms"]])["replicate"]
    return chosen.sel(replicate=used)


def _distributions(panel: Axes, layer: xr.Dataset, color: Any) -> None:
    coarse = layer.coarsen(correlation=COARSE).sum()  # a layer has few pairs
    edges = np.linspace(-1, 1, coarse.sizes["correlation"] + 1)
    share = coarse["correlation_share"].mean("replicate")
    panel.stairs(share.isel(epoch=-1), edges, fill=True, color=color, alpha=0.5, label="last epoch")
    panel.stairs(share.isel(epoch=0), edges, color="0.4", linewidth=0.8, label="initial weights")
    panel.stairs(coarse["correlation_share_random"], edges, color="black", linestyle=":", label="random directions")
    panel.set_xlim(-1, 1)


def _numbers(run: Run, weights: xr.Dataset) -> dict[str, Any]:
    """Root mean square of the correlations, and of random directions, by layer."""
    rms = weights["correlation_rms"].mean("replicate")
    random = weights["correlation_rms_random"]
    return {
        **head(run, weights),
        "layers": weights["layer"].values.tolist(),
        "rms_initial": rms.isel(epoch=0).values.tolist(),
        "rms_last": rms.isel(epoch=-1).values.tolist(),
        "rms_random": random.mean([dim for dim in random.dims if dim != "layer"]).values.tolist(),
    }
