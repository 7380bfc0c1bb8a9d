"""Does depth help? Epochs to a given error and to a given compression, against the number of layers ([ST17] fig. 6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from pydantic import Field

from infoplane.figures.base import Drawing, Run
from infoplane.figures.plane import InformationFigure, complete, head
from infoplane.figures.style import TRAIN, panels
from infoplane.section import Float, Positive


class Depth(InformationFigure):
    """The first recorded epoch with a held-out error, and with an I(X;T) of the output layer, below a limit."""

    kind: Literal["depth"] = "depth"
    reads_curves: ClassVar[bool] = True
    error: Annotated[Float, Field(gt=0, lt=1)] = Field(0.1, description="Held-out error to reach, a share.")
    information_left: Positive = Field(2.0, description="I(X;T) of the output layer to come down to, in bits.")
    experiment: str = Field("depth", description="Whose conditions are drawn: a name under `experiments`.")

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
            axes[1].set_title(rf"$I(X;\hat{{Y}})$ ≤ {self.information_left:g} bits, past its peak")
        conditions = [
            {**head(run, epochs), "hidden_layers": depth, **_summary(epochs)}
            for run, epochs, depth in zip(runs, reached, depths, strict=True)
        ]
        return Drawing(
            figure, {"error": self.error, "information_left_bits": self.information_left, "conditions": conditions}
        )

    def _epochs(self, run: Run) -> xr.Dataset:
        """Epochs to error and to compression (replicate); NaN where never."""
        output = self.information(run)["I_XT"].isel(layer=-1, drop=True)
        error = complete(run.curves[["test_error"]])["test_error"]
        past_peak = output["epoch"] >= output.idxmax("epoch")
        reached = {"error": error <= self.error, "compression": (output <= self.information_left) & past_peak}
        epochs = [yes["epoch"].where(yes).min("epoch").rename(name) for name, yes in reached.items()]
        return xr.merge(epochs, join="inner")


def _points(panel: Axes, depths: list[int], reached: list[xr.DataArray], last: int) -> None:
    for depth, epochs in zip(depths, reached, strict=True):
        spread = np.linspace(-0.15, 0.15, epochs.size)
        panel.scatter(depth + spread, epochs, s=8, color=TRAIN, alpha=0.5, linewidths=0)
        never = int(epochs.isnull().sum())
        if never:
            panel.annotate(f"{never} never", (depth, last), (0, 5), textcoords="offset points", ha="center", size=6)
    # A median counts those that never got there as later than all others.
    medians = np.array([np.median(epochs.fillna(np.inf)) for epochs in reached])
    panel.plot(depths, np.where(np.isfinite(medians), medians, np.nan), color="0.2", marker="_", markersize=10)
    panel.set_yscale("log")
    panel.set_xticks(depths)
    panel.set_ylim(top=1.3 * last)


def _summary(epochs: xr.Dataset) -> dict[str, Any]:
    """Medians (none where most replicates never got there) and counts."""
    summary: dict[str, Any] = {}
    for name, values in epochs.items():
        median = float(np.median(values.fillna(np.inf)))
        summary[f"epochs_to_{name}_median"] = median if np.isfinite(median) else None
        summary[f"reached_{name}"] = int(values.notnull().sum())
    return summary
