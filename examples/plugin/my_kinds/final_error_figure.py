"""A figure: a point for each network, by the errors of its last epoch."""

from __future__ import annotations

from typing import Literal

import xarray as xr

from infoplane.analyses.base import condition_name, conditions
from infoplane.figures.base import Drawing, Figure
from infoplane.figures.style import panels
from my_kinds.final_error import FinalError


class FinalErrorFigure(Figure):
    """Test error over training error, a point for each network and a panel for each condition."""

    kind: Literal["final_error"] = "final_error"

    def analysis(self) -> FinalError:
        """The errors of the last epoch."""
        return FinalError(experiment=self.experiment)

    def draw(self, analysis: xr.DataTree) -> Drawing:
        """A panel for each condition."""
        found = conditions(analysis)
        with panels(len(found), xlabel="training error", ylabel="test error") as (figure, axes):
            for panel, errors in zip(axes, found, strict=False):
                panel.scatter(errors["train_error"], errors["test_error"])
                panel.set_title(condition_name(errors.attrs["varied"], "\n"))
        return Drawing(figure)
