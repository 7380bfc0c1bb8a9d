"""No bins at all: what a deterministic network has, counted in distinct vectors of floats."""

from __future__ import annotations

from typing import Any, Literal

import xarray as xr

from infoplane.measures.base import Layer
from infoplane.measures.cells import Digitize, EveryDigitEstimator, discrete_information, float_patterns


def exact_information(activation: xr.DataArray, p_x: xr.DataArray, p_y_given_x: xr.DataArray) -> xr.Dataset:
    """I_XT, I_TY, H_T in bits of activations (..., sample, unit), distinct if any of their digits is."""
    return discrete_information(activation, p_x, p_y_given_x, float_patterns)


class Exact(EveryDigitEstimator):
    """I(X;T), I(T;Y), H(T) of the activations as stored: two inputs differ if any float does [S18, G19]."""

    kind: Literal["exact"] = "exact"

    def binning(self, layer: Layer) -> tuple[Digitize, tuple[xr.DataArray, ...], dict[str, Any]]:
        """Every float is a bin."""
        return float_patterns, (), {}
