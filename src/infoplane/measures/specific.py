"""What a layer can no longer tell apart from a chosen input."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

import xarray as xr
from pydantic import Field

from infoplane.measures.base import Layer
from infoplane.measures.binned import EqualBins
from infoplane.measures.cells import cell_labels
from infoplane.measures.entropy import xlog2x
from infoplane.section import Int


def specific_information(cell: xr.DataArray, p_x: xr.DataArray, p_y_given_x: xr.DataArray, chosen: int) -> xr.Dataset:
    """What T says when X is the chosen sample, from cells (..., sample): the cell's inputs, and two
    informations in bits.

    `shares_cell` bool (..., sample): the inputs in the chosen one's cell t;
    `specific_XT` = -log2 p(t), what observing t tells of X; `specific_TY` = Σ_y p(y|t) log2 p(y|t)/p(y), what
    it tells of Y.
    """
    shares = cell == cell.isel(sample=chosen, drop=True)
    p_t = xr.dot(shares.astype(float), p_x, dim="sample")
    p_y_given_t = xr.dot(shares.astype(float), p_x, p_y_given_x, dim="sample") / p_t
    p_y = xr.dot(p_x, p_y_given_x, dim="sample")
    ratio = p_y_given_t / p_y.where(p_y > 0, 1)
    specific_ty = (p_y * xr.apply_ufunc(xlog2x, ratio)).sum("class")
    information = xr.apply_ufunc(lambda p: -xlog2x(p) / p, p_t)
    defined = cell.isel(sample=chosen, drop=True) >= 0
    specific = {"specific_XT": information.where(defined), "specific_TY": specific_ty.where(defined)}
    return xr.Dataset({"shares_cell": shares & defined} | specific)


class Specific(EqualBins):
    """`binned`, and for a chosen input which others share its cell in each layer, and what the layer tells of
    it.

    Inputs that share a cell are what the layer can no longer tell apart.
    """

    quantities: ClassVar[tuple[str, ...]] = (*EqualBins.quantities, "specific_XT", "specific_TY")

    kind: Literal["specific"] = "specific"
    input: Annotated[Int, Field(ge=0)] = Field(0, description="The chosen input: its number in the dataset.")

    def misfits(self, condition: Any, samples: int, features: int) -> Iterator[tuple[str, str]]:
        """An input that the dataset has not got."""
        yield from super().misfits(condition, samples, features)
        if self.input >= samples:
            yield "input", f"allowed: 0 to {samples - 1}, the samples of `{condition.dataset}`"

    def information(self, activation: xr.DataArray, dataset: xr.Dataset, layer: Layer) -> xr.Dataset:
        """The information of the layer (replicate), and the specific information of the chosen input."""
        if self.input >= dataset.sizes["sample"]:
            raise ValueError(f"input: there is no sample {self.input}; the last is {dataset.sizes['sample'] - 1}")
        digitize, parameters, options = self.binning(layer)
        cell = cell_labels(activation, digitize, *parameters, **options)
        specific = specific_information(cell, dataset.p_x, dataset.p_y_given_x, self.input)
        specific["shares_cell"].attrs["input"] = self.input
        return super().information(activation, dataset, layer).merge(specific)
