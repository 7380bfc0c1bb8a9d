"""The minimal model [S18, fig. 2]: what one unit h = f(w x) of a Gaussian input x ~ N(0, 1) tells of it, in bins.

Nothing is trained, and nothing estimated: h is a function of x, so I(h;X) = H(bin of h), and the probability of a bin
is the normal probability of the x that f(w x) takes there, Φ(f⁻¹(upper)/w) - Φ(f⁻¹(lower)/w).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
import xarray as xr
from pydantic import Field
from scipy.special import entr, logit, ndtr

from infoplane.activations import LIMITS
from infoplane.analyses.base import Analysis, Run, result, stated
from infoplane.section import Int

INVERSES: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "tanh": np.arctanh,
    "softsign": lambda h: h / (1 - np.abs(h)),
    "sigmoid": logit,
    "relu": lambda h: np.where(h > 0, h, -np.inf),
    "linear": lambda h: h,
}
WEIGHTS = np.geomspace(0.01, 1000, 251)
BEYOND = 9.0  # deviations of x: farther out lie 1e-19 of it
BINS = "Bins between the limits of the activation function; without limits, bins as wide as those of tanh."
if TYPE_CHECKING:  # a type checker reads no Literal of a tuple
    Activations = tuple[str, ...]
else:
    Activations = Annotated[tuple[Literal[tuple(INVERSES)], ...], Field(min_length=1)]
ACTIVATIONS = ("tanh", "softsign", "relu", "linear")


def bin_edges(activation: str, weight: float, bins: int) -> np.ndarray:
    """Edges of the bins of h (edge,), from end to end of what f(w x) reaches, weight > 0.

    `bins` equal ones between the limits of the activation function, as [ST17] bins; without limits, bins as wide as
    those of tanh, aligned at 0.
    """
    if activation in LIMITS:
        return np.linspace(*LIMITS[activation], bins + 1)
    width = 2 / bins
    last = np.ceil(BEYOND * weight / width)
    return width * np.arange(0 if activation == "relu" else -last, last + 1)


def information(activation: str, weight: float, bins: int) -> float:
    """I(h;X) in bits of h = f(weight · x), x ~ N(0, 1), in `bin_edges`; weight > 0, activation one of `INVERSES`."""
    with np.errstate(divide="ignore"):
        x = INVERSES[activation](bin_edges(activation, weight, bins)) / weight
    x = np.concatenate([[-np.inf], x[1:-1], [np.inf]])
    # both tails by their small numbers: 1 - Φ(x) would be rounded
    probability = np.where(x[1:] <= 0, np.diff(ndtr(x)), -np.diff(ndtr(-x)))
    return float(entr(probability).sum() / np.log(2))


class MinimalModel(Analysis):
    """I(h;X) of one unit h = f(w x), x ~ N(0, 1), as a function of w, in closed form; it reads no experiment."""

    kind: Literal["minimal_model"] = "minimal_model"
    activations: Activations = Field(ACTIVATIONS, description="Activation functions f.")
    bins: Annotated[Int, Field(ge=2)] = Field(30, description=BINS)

    def experiments(self) -> tuple[str, ...]:
        """None."""
        return ()

    def analyse(self, runs: Sequence[Run]) -> xr.DataTree:
        """`I_XT` (activation, point), w as the coordinate `weight` (point); peak, where it is, and the largest w's."""
        values = [[information(name, weight, self.bins) for weight in WEIGHTS] for name in self.activations]
        bits = xr.DataArray(values, {"activation": list(self.activations)}, ("activation", "point"))
        weight = xr.DataArray(WEIGHTS, dims="point")
        found = {
            "I_XT": stated(bits, "bits", "I(h;X)"),
            "peak": stated(bits.max("point"), "bits", "largest I(h;X)"),
            "peak_weight": stated(weight[bits.argmax("point")], "1", "w at the largest I(h;X)"),
            "last": stated(bits.isel(point=-1), "bits", "I(h;X) at the largest w"),
        }
        pooled = xr.Dataset(found).assign_coords(weight=stated(weight, "1", "weight w"))
        return result([], [], pooled, bins=self.bins, largest_weight=float(WEIGHTS[-1]))
