"""Equal bins: the estimator of Shwartz-Ziv & Tishby 2017, and the binnings that were used in the debate."""

from __future__ import annotations

from typing import Any, Literal, Self

import numpy as np
import xarray as xr
from pydantic import Field, model_validator

from infoplane.measures.base import Layer
from infoplane.measures.cells import (
    FLOAT32_PATTERNS,
    CellEstimator,
    Digitize,
    discrete_information,
    float_patterns,
)
from infoplane.section import Bins, Float, Width

SAXE_WIDTH = 0.5  # of the published code of Saxe et al. 2018


def equal_bins(activation: np.ndarray, lower: np.ndarray, upper: np.ndarray, bins: int) -> tuple[np.ndarray, int]:
    """Index of each activation (row, sample, unit) among `bins` equal bins of [lower, upper] (row, 1, 1).

    The last bin is closed; what lies outside falls into the first or the last bin.
    """
    span = np.where(upper > lower, upper - lower, 1)
    index = activation - lower.astype(np.float32)
    index *= (bins / span).astype(np.float32)
    np.floor(index, out=index)
    return np.clip(index, 0, bins - 1, out=index), bins


def wide_bins(activation: np.ndarray, lower: np.ndarray, upper: np.ndarray, width: float) -> tuple[np.ndarray, int]:
    """Index of each activation in bins of `width` from `lower` (row, 1, 1); the last one holds `upper`."""
    last = np.maximum(np.ceil((upper - lower) / width) - 1, 0).astype(np.float32)
    index = np.floor((activation - lower.astype(np.float32)) / np.float32(width))
    return _whole(np.clip(index, 0, last, out=index))


def floor_bins(activation: np.ndarray, width: float) -> tuple[np.ndarray, int]:
    """floor(t / width): bins of one width, aligned at 0, as many as it takes [S18]."""
    return _whole(np.floor(activation / np.float32(width)))


def _whole(index: np.ndarray) -> tuple[np.ndarray, int]:
    if np.isnan(index).all():
        return index, 1
    index -= np.nanmin(index)
    radix = int(np.nanmax(index)) + 1
    # Whole numbers beyond 2^24 are still distinct float32 values, and as such they are counted.
    return (index, radix) if radix < FLOAT32_PATTERNS else float_patterns(index)


def edge_bins(activation: np.ndarray, bins: int) -> tuple[np.ndarray, int]:
    """`bins` edges from -1 to 1 by `digitize`, as in the published code of [ST17].

    Each value becomes the edge at its left; the code writes `edges[index - 1]`, so that a value below -1
    becomes the last edge. The last edge is a cell of its own, t >= 1, which leaves bins - 1 cells inside.
    """
    edges = np.linspace(-1, 1, bins).astype(np.float32)
    index = np.searchsorted(edges, activation, side="right") - 1.0
    index[index < 0] = bins - 1
    return np.where(np.isnan(activation), np.nan, index), bins


def binned_information(
    activation: xr.DataArray,
    p_x: xr.DataArray,
    p_y_given_x: xr.DataArray,
    *,
    lower: xr.DataArray | float = -1.0,
    upper: xr.DataArray | float = 1.0,
    bins: int = 30,
) -> xr.Dataset:
    """I_XT, I_TY, H_T in bits of activations (..., sample, unit) in equal bins over [lower, upper] [ST17].

    `lower` and `upper` broadcast against the leading dimensions of `activation`.
    """
    ends = [xr.DataArray(end) for end in (lower, upper)]
    return discrete_information(activation, p_x, p_y_given_x, equal_bins, *ends, bins=bins)


class EqualBins(CellEstimator):
    """An estimator whose cells are equal bins, or those of a preset."""

    bins: Bins = Field(30, description="Bins of each unit (edges, for `shwartz_ziv`).")
    width: Width | None = Field(None, description="Width of a bin, in place of `bins`.")
    range: Literal["limits", "observed"] | tuple[Float, Float] = Field(
        "limits",
        description="What the bins cover: the activation's limits (where it has none: `observed`), the range "
        "observed in the layer over all epochs, or [lower, upper].",
    )
    preset: Literal["shwartz_ziv", "saxe"] | None = Field(
        None,
        description="A published binning: `shwartz_ziv` (digitize by `bins` edges over [-1, 1] whatever the layer: 29 "
        "cells for 30; in a sigmoid output up to 0.93 bits from `limits`) or `saxe` (floor(t / width)).",
    )

    @model_validator(mode="after")
    def _one_binning(self) -> Self:
        given = self.model_fields_set
        if isinstance(self.range, tuple) and not 1e-12 <= self.range[1] - self.range[0] <= 1e12:
            raise ValueError(f"range: [lower, upper], 1e-12 to 1e12 apart, is needed, not {list(self.range)}")
        if self.preset and self.range != "limits":
            raise ValueError(f"range: the preset {self.preset} has its own; leave `range` out")
        if self.preset == "shwartz_ziv" and self.width is not None:
            raise ValueError("width: the preset shwartz_ziv takes `bins`, not `width`")
        if (self.width is not None or self.preset == "saxe") and "bins" in given and self.bins != 30:
            raise ValueError("bins: give `bins` or `width`, not both (the preset saxe takes `width`)")
        return self

    def ends(self, layer: Layer) -> tuple[xr.DataArray, xr.DataArray]:
        """Lower and upper end (replicate) of the bins."""
        if self.range == "limits":
            return layer.limits
        if self.range == "observed":
            return layer.minimum, layer.maximum
        return xr.full_like(layer.minimum, self.range[0]), xr.full_like(layer.maximum, self.range[1])

    def binning(self, layer: Layer) -> tuple[Digitize, tuple[xr.DataArray, ...], dict[str, Any]]:
        """Equal bins over the range, or the preset's."""
        if self.preset == "shwartz_ziv":
            return edge_bins, (), {"bins": self.bins}
        if self.preset == "saxe":
            return floor_bins, (), {"width": self.width or SAXE_WIDTH}
        lower, upper = self.ends(layer)
        if self.width is None:
            return equal_bins, (lower, upper), {"bins": self.bins}
        return wide_bins, (lower, upper), {"width": self.width}

    def layer_variables(self, layer: Layer) -> xr.Dataset:
        """The range of the bins (replicate); a preset has the same for every layer, and none is stated."""
        if self.preset:
            return xr.Dataset()
        lower, upper = self.ends(layer)
        return xr.Dataset({"range_min": lower, "range_max": upper})


class Binned(EqualBins):
    """I(X;T), I(T;Y), H(T) of activations in equal bins [ST17].

    Presets: `shwartz_ziv` digitizes with `bins` edges over [-1, 1] whatever the activation, `saxe` takes
    floor(t / width), width 0.5 unless given; each is the published code's binning, value for value.
    """

    kind: Literal["binned"] = "binned"
