"""Loss and error over the epochs, on the samples trained on and on those held out."""

from __future__ import annotations

from typing import Any, Literal

import xarray as xr

from infoplane.analyses import learning_curves
from infoplane.analyses.base import condition_name, conditions
from infoplane.figures.base import Drawing, Figure
from infoplane.figures.style import TEST, TRAIN, band, epoch_axis, panels

SETS = {"train": TRAIN, "test": TEST}
SHOWN = {"loss": "cross-entropy [nats]", "error": "error [share of samples]"}


class LearningCurves(Figure):
    """Mean over replicates of loss and error, in a band from the 10th to the 90th percentile."""

    kind: Literal["learning_curves"] = "learning_curves"

    def analysis(self) -> learning_curves.LearningCurves:
        """Losses and errors."""
        return learning_curves.LearningCurves(experiment=self.experiment)

    def draw(self, analysis: xr.DataTree) -> Drawing:
        """Loss and error side by side; conditions below each other."""
        curves = conditions(analysis)
        shared: dict[str, Any] = {"xlabel": "epoch", "sharex": True, "sharey": "col"}
        with panels(2 * len(curves), height=2.2, per_row=2, **shared) as (figure, axes):
            for row, curve in enumerate(curves):
                for panel, (quantity, label) in zip(axes[2 * row :], SHOWN.items(), strict=False):
                    for name, color in SETS.items():
                        band(panel, curve.sel(set=name), quantity, color, label=name)
                    panel.set_ylabel(label)
                    panel.set_title(condition_name(curve.attrs["varied"], "\n"))
                    panel.set_ylim(bottom=0)
                    epoch_axis(panel, curve["epoch"].values)
            axes[0].legend()
        return Drawing(figure)
