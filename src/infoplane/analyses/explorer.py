"""What the explorer shows: every network's plane, curves and gradients over the epochs, and some inputs followed.

Nothing in it is reduced to a statistic but for the centres over networks, which are drawn as one network more.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from math import isqrt
from typing import Any, ClassVar, Literal

import numpy as np
import xarray as xr
from pydantic import Field

from infoplane.analyses.base import CENTERS, QUANTITIES, Analysis, Run, result, stated
from infoplane.analyses.estimators import Names
from infoplane.measures.derived import limits

COMPARE = "Estimators that the reader can choose from: names under `estimators`."
PLANE = {name: QUANTITIES[name] for name in ("I_XT", "I_TY", "I_ST", "I_XT_given_S")}
CURVES = {
    "train_loss": ("nats", "cross-entropy, training set"),
    "test_loss": ("nats", "cross-entropy, held out"),
    "train_error": ("1", "error, training set"),
    "test_error": ("1", "error, held out"),
}
FOLLOWED = {
    "pattern": ("1", "mean of the inputs in a followed input's cell"),
    "cell_size": ("1", "inputs in a followed input's cell"),
    "followed_XT": ("bits", "information on X of a followed input's cell"),
    "followed_TY": ("bits", "information on Y of a followed input's cell"),
}


class Explorer(Analysis):
    """Planes by estimator, learning curves, gradient SNR, and the cells of some inputs, of every network."""

    of_classes: ClassVar[bool] = True
    reads_curves: ClassVar[bool] = True
    reads_dataset: ClassVar[bool] = True
    measures: ClassVar[tuple[str, ...]] = ("gradients", "followed")

    kind: Literal["explorer"] = "explorer"
    compare: Names = Field(("binned",), description=COMPARE)

    def estimators(self) -> tuple[str, ...]:
        """Those that the reader can choose from."""
        return self.compare

    def analyse(self, runs: Sequence[Run]) -> xr.DataTree:
        """By condition: `PLANE` (estimator, replicate, epoch, layer), `CURVES` and `gradient_snr`, with their centres.

        `FOLLOWED` (replicate, epoch, layer, input) and what the inputs are (`chosen`); NaN where an estimator, or what
        follows, skips an epoch, and from where on a network has diverged. `H_X` and `I_XY` are the most that can be
        known.
        """
        return result(runs, [self._of(run) for run in runs])

    def _of(self, run: Run) -> xr.Dataset:
        planes = [_plane(run.measurements[name]) for name in self.compare]
        plane = xr.concat(planes, xr.Variable("estimator", list(self.compare)), join="outer")
        found: dict[str, xr.DataArray] = {}
        for name, quantity in PLANE.items():
            found |= _centred(plane[name], name, "bits", quantity)
        for name, (units, long_name) in CURVES.items():
            found |= _centred(run.curves[name], name, units, long_name)
        snr = run.measurements["gradients"]["gradient_snr"]
        found |= _centred(snr, "gradient_snr", "1", "mean / standard deviation of the gradient", "median")
        # A picture of each cell: as a coordinate it is in the store, but makes no rows of the CSV: millions.
        return xr.Dataset(found | _followed(run), attrs=_head(run)).set_coords("pattern")


def _plane(measured: xr.Dataset) -> xr.Dataset:
    """`PLANE` of one estimator, upper bounds where it gives bounds; NaN for the parts that it does not give."""
    if "bound" in measured.dims:
        measured = measured.sel(bound="upper", drop=True)
    nothing = xr.full_like(measured["I_XT"], np.nan)
    return xr.Dataset({name: measured.get(name, nothing) for name in PLANE}).drop_attrs()


def _centred(
    values: xr.DataArray, name: str, units: str, long_name: str, center: str = "mean"
) -> dict[str, xr.DataArray]:
    """The values of every network, and their centre over those that did not diverge."""
    whole = values.notnull().any("layer") if "layer" in values.dims else values.notnull()
    whole = whole.isel(epoch=-1, drop=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # where no network is left, or an epoch is skipped
        middle = CENTERS[center](values.where(whole))
    return {name: stated(values, units, long_name), f"{name}_center": stated(middle, units, f"{center} of {long_name}")}


def _followed(run: Run) -> dict[str, xr.DataArray]:
    """The cells of the followed inputs, what these are, and the most that can be known."""
    cells, data = run.measurements["followed"], run.dataset[["x", "p_x", "p_y_given_x"]].load()
    found = {name: stated(cells[name], units, long_name) for name, (units, long_name) in FOLLOWED.items()}
    chosen = data.isel(sample=cells["input"].values).rename(sample="input").assign_coords(input=cells["input"])
    x = chosen["x"].transpose("input", "feature").astype(np.float64).drop_vars("feature", errors="ignore")
    found["chosen"] = stated(x, "1", "a followed input")
    found["likely_class"] = stated(chosen["p_y_given_x"].argmax("class"), "1", "likeliest class of a followed input")
    h_x, i_xy = limits(data)
    found["H_X"] = stated(xr.DataArray(float(h_x)), "bits", "H(X), the most that a layer can know of X")
    found["I_XY"] = stated(xr.DataArray(float(i_xy)), "bits", "I(X;Y), the most that a layer can know of Y")
    return found


def _head(run: Run) -> dict[str, Any]:
    """What is said of the data, where the workflow made them: how an input is drawn, and what S is."""
    known = run.dataset.get("sufficient_class")
    classes = np.unique(run.dataset["p_y_given_x"].values, axis=0) if known is None else np.unique(known.values)
    features = run.dataset.sizes["feature"]
    kind = run.dataset.attrs.get("settings", {}).get("kind")
    square = isqrt(features) ** 2 == features and features >= 16
    drawn = "icosahedron" if kind == "spherical" else "image" if square else "strip"
    return {"drawn_as": drawn, "sufficient_classes": len(classes)}
