"""What one unit tells of its input as its weight grows ([S18] fig. 2)."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import xarray as xr
from matplotlib.ticker import MultipleLocator
from pydantic import Field

from infoplane.analyses import minimal_model
from infoplane.analyses.minimal_model import ACTIVATIONS, BINS, Activations
from infoplane.figures.base import Drawing, Picture
from infoplane.figures.style import palette, panels
from infoplane.section import Int


class MinimalModel(Picture):
    """I(h;X) of one unit h = f(w x), x ~ N(0, 1), in bins, as a function of w; nothing is trained."""

    group: ClassVar[str] = "The critique"

    kind: Literal["minimal_model"] = "minimal_model"
    activations: Activations = Field(ACTIVATIONS, description="Activation functions f.")
    bins: Annotated[Int, Field(ge=2)] = Field(30, description=BINS)

    def analysis(self) -> minimal_model.MinimalModel:
        """The information by weight, in closed form."""
        return minimal_model.MinimalModel(activations=self.activations, bins=self.bins)

    def draw(self, analysis: xr.DataTree) -> Drawing:
        """A line per activation function."""
        found = analysis.to_dataset()
        with panels(xlabel="weight w", ylabel="I(h;X) [bits]") as (figure, (axes,)):
            for name, color in zip(found["activation"].values, palette(found.sizes["activation"]), strict=True):
                axes.plot(found["weight"], found["I_XT"].sel(activation=name), color=color, label=name)
            axes.set_xscale("log")
            axes.set_xlim(float(found["weight"][0]), float(found["weight"][-1]))
            axes.set_ylim(bottom=0)
            axes.yaxis.set_major_locator(MultipleLocator(4))
            axes.legend(title="f")
        return Drawing(figure)
