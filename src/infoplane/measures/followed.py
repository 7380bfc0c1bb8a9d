"""Some inputs followed through each network: what each layer can no longer tell from them, epoch by epoch."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import numpy as np
import xarray as xr
from pydantic import Field

from infoplane.measures.base import Layer, LayerEstimator, layers, read
from infoplane.measures.binned import Binned
from infoplane.measures.cells import cell_labels
from infoplane.measures.derived import describe
from infoplane.measures.entropy import xlog2x
from infoplane.section import Int

INPUTS = 12
ATTRIBUTES = {
    "pattern": ("1", "mean of the inputs in a followed input's cell"),
    "cell_size": ("1", "inputs in a followed input's cell"),
    "followed_XT": ("bits", "information on X of a followed input's cell"),
    "followed_TY": ("bits", "information on Y of a followed input's cell"),
    "input": ("1", "number of a followed input in the dataset"),
}


def followed(p_y_given_x: np.ndarray, inputs: int = INPUTS) -> np.ndarray:
    """The samples to follow, int, rising: as many of each class, spread over its numbers, of p(y|x) (sample, class).

    Places in a class are multiples of the golden ratio, which no pattern in the numbering meets often.
    """
    likely = p_y_given_x.argmax(axis=1)
    classes = [np.flatnonzero(likely == y) for y in range(p_y_given_x.shape[1])]
    classes = [samples for samples in classes if len(samples)]
    each = max(1, inputs // len(classes))
    places = np.arange(1, each * len(classes) + 1).reshape(-1, each) * (np.sqrt(5) - 1) / 2 % 1
    chosen = [samples[(place * len(samples)).astype(int)] for samples, place in zip(classes, places, strict=True)]
    return np.unique(np.concatenate(chosen)[:inputs])


def of_cells(
    cell: np.ndarray, chosen: np.ndarray, x: np.ndarray, p_x: np.ndarray, p_y_given_x: np.ndarray
) -> dict[str, np.ndarray]:
    """Of the chosen samples' cells t: mean input, size, -log2 p(t) and Σ_y p(y|t) log2 p(y|t)/p(y), (..., input).

    `cell` int (..., sample) is negative where the network has diverged; `x` is (sample, feature), `p_y_given_x`
    (sample, class), the mean input, `pattern`, (..., input, feature).
    """
    alike = cell[..., None, :] == cell[..., chosen, None]
    weight = alike * p_x
    p_t = weight.sum(axis=-1)
    p_y, p_y_given_t = p_x @ p_y_given_x, weight @ p_y_given_x / p_t[..., None]
    ratio = p_y_given_t / np.where(p_y > 0, p_y, 1)
    found = {
        "cell_size": alike.sum(axis=-1),
        "followed_XT": -np.log2(p_t),
        "followed_TY": (p_y * xlog2x(ratio)).sum(axis=-1),
        "pattern": (weight @ x / p_t[..., None]).astype(np.float32),
    }
    defined = cell[..., chosen] >= 0
    return {
        name: np.where(defined if values.ndim == defined.ndim else defined[..., None], values, np.nan)
        for name, values in found.items()
    }


class Followed(LayerEstimator):
    """Of every network: the cells, of 30 equal bins, in which some inputs lie ([ST17] binning)."""

    quantities: ClassVar[tuple[str, ...]] = ()

    kind: Literal["followed"] = "followed"
    snapshots: Annotated[Int, Field(ge=2)] | None = Field(
        30, description="Snapshots in which they are followed, at most."
    )

    def information(self, activation: xr.DataArray, dataset: xr.Dataset, layer: Layer) -> xr.Dataset:
        """`pattern` (replicate, input, feature), `cell_size`, ... (replicate, input) of one snapshot of a layer.

        NaN where the network has diverged.
        """
        digitize, ends, options = Binned().binning(layer)
        cells = cell_labels(activation, digitize, *ends, **options).values
        chosen = followed(dataset["p_y_given_x"].values)
        found = of_cells(cells, chosen, *(dataset[name].values for name in ("x", "p_x", "p_y_given_x")))
        dims = ("replicate", "input", "feature")
        told = {name: (dims[: values.ndim], values) for name, values in found.items()}
        return xr.Dataset(told, {"input": chosen, "epoch": activation["epoch"], "replicate": activation["replicate"]})

    def measure(self, training: xr.DataTree, dataset: xr.Dataset) -> xr.Dataset:
        """Of (replicate, epoch, layer, input): what `derive` adds to an estimator has no meaning here."""
        dataset = read(dataset, "x", "p_x", "p_y_given_x").astype(np.float64)
        measured = [self._layer(number, node, dataset) for number, node in layers(training)]
        return describe(xr.concat(measured, "layer", coords="minimal", compat="override"), ATTRIBUTES)
