"""Single units at both ends of a training: what each tells of the label, and what it takes to compare networks [ST17].

Units of two networks have no common order or sign, and their weights are of units that have none either. What they
compute has: two units are alike as far as their activations correlate over the inputs (Li et al. 2015).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import xarray as xr

from infoplane.measures.base import Layer, Measure, layers, read
from infoplane.measures.binned import Binned, binned_information
from infoplane.measures.derived import describe

INPUTS = 4096  # over which units are compared, at most
ENDS = 2  # snapshots: the first and the last
ATTRIBUTES = {
    "unit_TY": ("bits", "I(t;Y) of a single unit"),
    "layer_TY": ("bits", "I(T;Y) of its layer"),
    "signature": ("1", "activation over the inputs: products of two units' are their correlation"),
    "prediction": ("1", "class that the network predicts, -1 where it has diverged"),
    "p_input": ("1", "probability of an input, of those over which networks are compared"),
    "unit": ("1", "number of the unit, counted through all layers"),
    "layer_of_unit": ("1", "number of the unit's layer"),
    "input": ("1", "number of the input in the dataset"),
}


def signatures(activation: np.ndarray, p: np.ndarray) -> np.ndarray:
    """Activations (..., sample), centred and scaled, times √p(x): their inner products are correlations.

    0 of a unit that does not vary, which correlates with none.
    """
    centred = (activation - (activation @ p)[..., None]) * np.sqrt(p)
    size = np.linalg.norm(centred, axis=-1, keepdims=True)
    rounding = np.finfo(np.float32).eps * np.abs(activation).max(-1, keepdims=True)
    return np.where(size > rounding, centred / np.where(size > 0, size, 1), np.where(np.isnan(size), np.nan, 0.0))


class Units(Measure):
    """Of every unit in the first and the last snapshot: I(t;Y) in 30 equal bins, and its activation over the inputs."""

    kind: Literal["units"] = "units"

    def measure(self, training: xr.DataTree, dataset: xr.Dataset) -> xr.Dataset:
        """`unit_TY` (replicate, epoch, unit), `layer_TY` (..., layer), `signature` (..., unit, input), `prediction`."""
        data = read(dataset, *(name for name in ("p_x", "p_y_given_x") if name in dataset))
        chosen = np.unique(np.linspace(0, data.sizes["sample"] - 1, INPUTS).round().astype(int))
        p = data["p_x"].values[chosen]
        p /= p.sum()
        found = [self._layer(number, node, data, chosen, p) for number, node in layers(training)]
        of_units = xr.concat([units for units, _ in found], "unit")
        of_layers = xr.concat([layer for _, layer in found], "layer")
        *_, (_, output) = layers(training)
        whole = xr.merge([of_units, of_layers, _predictions(output, chosen)])
        of_inputs = {"input": chosen, "p_input": ("input", p)}
        named = whole.set_coords("layer_of_unit").assign_coords(of_inputs | {"unit": np.arange(whole.sizes["unit"])})
        return describe(named, ATTRIBUTES)

    def _layer(
        self, number: int, node: xr.Dataset, data: xr.Dataset, chosen: np.ndarray, p: np.ndarray
    ) -> tuple[xr.Dataset, xr.Dataset]:
        """Of the layer's units, and of the layer."""
        activation = _ends(node["activation"]).astype(np.float32).transpose("replicate", "epoch", "unit", "sample")
        signature = signatures(activation.values[..., chosen].astype(np.float64), p).astype(np.float32)
        axes = ("replicate", "epoch", "unit", "input")
        units = xr.Dataset({"signature": (axes, signature)}, {name: activation[name] for name in axes[:2]})
        units["layer_of_unit"] = ("unit", np.full(node.sizes["unit"], number))
        layer = xr.Dataset(coords={"layer": number})
        if "p_y_given_x" in data:
            ends = Binned().ends(Layer.of(number, node))
            of_layer = activation.drop_vars(("unit", "sample"), errors="ignore")
            of_unit = of_layer.rename(unit="one").expand_dims("unit", -1)
            units["unit_TY"] = _of_label(of_unit, data, *ends).rename(one="unit")
            layer["layer_TY"] = _of_label(of_layer, data, *ends)
        return units, layer


def _of_label(activation: xr.DataArray, data: xr.Dataset, lower: xr.DataArray, upper: xr.DataArray) -> xr.DataArray:
    return binned_information(activation, data["p_x"], data["p_y_given_x"], lower=lower, upper=upper)["I_TY"]


def _ends(values: xr.DataArray) -> xr.DataArray:
    """The first and the last snapshot."""
    return values.isel(epoch=[0, -1]).load()


def _predictions(output: xr.Dataset, chosen: np.ndarray) -> xr.Dataset:
    """The classes that the output layer predicts of the chosen inputs; nothing of real-valued targets."""
    if output.attrs["activation"] not in ("sigmoid", "softmax"):
        return xr.Dataset()
    values = _ends(output["activation"]).transpose("replicate", "epoch", "unit", "sample").isel(sample=chosen)
    lost = values.isnull().any("unit")
    numbers = values.values.argmax(2) if values.sizes["unit"] > 1 else values.values[:, :, 0] > 0.5
    classes = lost.copy(data=np.where(lost, -1, numbers).astype(np.int16)).drop_vars("sample", errors="ignore")
    return xr.Dataset({"prediction": classes.rename(sample="input")})
