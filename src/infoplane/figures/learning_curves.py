"""Loss and error over the epochs, on the samples trained on and on those held out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import xarray as xr

from infoplane.figures.base import Drawing, Figure, Run
from infoplane.figures.plane import complete, head
from infoplane.figures.style import TEST, TRAIN, band, condition_name, epoch_axis, panels

SETS = {"train": TRAIN, "test": TEST}
QUANTITIES = {"loss": "cross-entropy [nats]", "error": "error [share of samples]"}


class LearningCurves(Figure):
    """Mean over replicates of loss and error, in a band from the 10th to the 90th percentile."""

    kind: Literal["learning_curves"] = "learning_curves"
    reads_curves: ClassVar[bool] = True

    def draw(self, runs: Sequence[Run]) -> Drawing:
        """Loss and error side by side; conditions below each other."""
        curves = [complete(run.curves[[f"{s}_{q}" for q in QUANTITIES for s in SETS]]) for run in runs]
        with panels(2 * len(runs), height=2.2, per_row=2, xlabel="epoch", sharex=True, sharey="col") as (
            figure,
            axes,
        ):
            for row, (run, curve) in enumerate(zip(runs, curves, strict=True)):
                for panel, (quantity, label) in zip(axes[2 * row :], QUANTITIES.items(), strict=False):
                    for name, color in SETS.items():
                        band(panel, curve[f"{name}_{quantity}"], color, label=name)
                    panel.set_ylabel(label)
                    panel.set_title(condition_name(run.varied, "\n"))
                    panel.set_ylim(bottom=0)
                    epoch_axis(panel, curve["epoch"].values)
            axes[0].legend()
        return Drawing(figure, {"conditions": [_numbers(*pair) for pair in zip(runs, curves, strict=True)]})


def _numbers(run: Run, curves: xr.Dataset) -> dict[str, Any]:
    """Means in the last epoch, and the generalisation gap in error."""
    last = curves.isel(epoch=-1).mean("replicate")
    return {
        **head(run, curves),
        "last_epoch": int(last["epoch"]),
        **{str(name): float(value) for name, value in last.data_vars.items()},
        "generalisation_gap": float(last["test_error"] - last["train_error"]),
    }
