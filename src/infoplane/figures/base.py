"""What every figure is: a `Section` whose `draw` turns an analysis into one drawing, and computes nothing."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import matplotlib.figure
import xarray as xr
from pydantic import Field

from infoplane.analyses.base import EXPERIMENT, Analysis, Bound, Experiments
from infoplane.section import Section

GROUPS = ("Claims", "The paper", "The critique", "Beyond")  # chapters of the report


@dataclass(frozen=True)
class Drawing:
    """A drawn figure; a film has a GIF too."""

    figure: matplotlib.figure.Figure
    animation: bytes | None = None


class Picture(Section):
    """What can be drawn: one result of the stage that it `reads`.

    `group` is its chapter in the report, one of `GROUPS`; `animated` says that its drawing has an animation.
    """

    if TYPE_CHECKING:
        kind: str = ""  # each kind has its own

    reads: ClassVar[str] = "analysis"
    group: ClassVar[str] = "The paper"
    animated: ClassVar[bool] = False

    @abstractmethod
    def draw(self, result: Any) -> Drawing:
        """Draw the result, and nothing that is not in it."""


class Figure(Picture):
    """A figure of one analysis."""

    experiment: Experiments = Field("main", description=EXPERIMENT)

    @abstractmethod
    def analysis(self) -> Analysis:
        """The analysis whose numbers it draws."""

    @abstractmethod
    def draw(self, analysis: xr.DataTree) -> Drawing:
        """Draw what the analysis found."""


class InformationFigure(Figure):
    """A figure of I(X;T) and I(T;Y) as one estimator sees them."""

    estimator: str = Field("binned", description="Whose I(X;T) and I(T;Y) are drawn: a name under `estimators`.")
    bound: Bound = "upper"
