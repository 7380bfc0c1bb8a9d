"""Does depth help? Epochs to a given error and to a given compression, against the number of layers ([ST17] fig. 6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from pydantic import Field

from infoplane.figures.base import EXPERIMENT, Drawing, Experiments, Run
from infoplane.figures.plane import InformationFigure, complete, head
from infoplane.figures.style import TRAIN, panels
from infoplane.section import Float, Positive
from infoplane.statistics import epochs_until, epochs_until_compressed


class Depth(InformationFigure):
    """Epochs until the held-out error, and until the compression of the output layer, reach a target."""

    kind: Literal["depth"] = "depth"
    reads_curves: ClassVar[bool] = True
    error: Annotated[Float, Field(gt=0, lt=1)] = Field(0.1, description="Held-out error to reach, a share.")
    compression: Positive = Field(
        1.5, description="Compression of the output layer to reach: I(X;T) below its peak so far, in bits."
    )
    experiment: Experiments = Field("depth", description=EXPERIMENT)

    def draw(self, runs: Sequence[Run]) -> Drawing:
        """Error on the left, compression on the right; a point per replicate, medians joined."""
        reached = [self._epochs(run) for run in runs]
        depths = [len(run.condition.hidden) for run in runs]
        with panels(2, height=2.6, per_row=2, xlabel="hidden layers", sharex=True, sharey=True) as (figure, axes):
            last = max(run.condition.epochs for run in runs)
            for panel, name in zip(axes, ("error", "compression"), strict=True):
                _points(panel, depths, [epochs[name] for epochs in reached], last)
            axes[0].set_ylabel("epoch")
            axes[0].set_title(f"held-out error ≤ {self.error:g}")
            axes[1].set_title(rf"$I(X;\hat{{Y}})$ {self.compression:g} bits below its peak")
        conditions = [
            {**head(run, epochs), "hidden_layers": depth, **_summary(epochs)}
            for run, epochs, depth in zip(runs, reached, depths, strict=True)
        ]
        return Drawing(figure, {"error": self.error, "compression_bits": self.compression, "conditions": conditions})

    def _epochs(self, run: Run) -> xr.Dataset:
        """Epochs to the error and to the compression (replicate); infinite where never."""
        output = self.information(run)["I_XT"].isel(layer=-1, drop=True)
        error = complete(run.curves[["test_error"]])["test_error"]
        to_error = epochs_until(error, self.error).rename("error")
        to_compression = epochs_until_compressed(output, self.compression).rename("compression")
        return xr.merge([to_error, to_compression], join="inner")


def _points(panel: Axes, depths: list[int], reached: list[xr.DataArray], last: int) -> None:
    for depth, epochs in zip(depths, reached, strict=True):
        spread = np.linspace(-0.15, 0.15, epochs.size)
        panel.scatter(depth + spread, np.maximum(epochs, 1), s=8, color=TRAIN, alpha=0.5, linewidths=0)
        never = int(np.isinf(epochs).sum())
        if never:
            panel.annotate(f"{never} never", (depth, last), (0, 5), textcoords="offset points", ha="center", size=6)
    medians = np.array([np.median(epochs) for epochs in reached])
    panel.plot(depths, np.where(np.isfinite(medians), medians, np.nan), color="0.2", marker="_", markersize=10)
    panel.set_yscale("log")
    if any(np.isinf(epochs).any() for epochs in reached):
        panel.set_ylim(top=1.3 * last)
    panel.set_xticks(depths)


def _summary(epochs: xr.Dataset) -> dict[str, Any]:
    """Medians (none where most replicates never got there) and counts."""
    summary: dict[str, Any] = {}
    for name, values in epochs.items():
        median = float(np.median(values))
        summary[f"epochs_to_{name}_median"] = median if np.isfinite(median) else None
        summary[f"reached_{name}"] = int(np.isfinite(values).sum())
    return summary
