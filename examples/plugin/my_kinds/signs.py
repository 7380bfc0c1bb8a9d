"""An estimator: what the signs of a layer's units tell."""

from __future__ import annotations

from typing import Literal

import xarray as xr

from infoplane.measures.base import Layer, LayerEstimator
from infoplane.measures.exact import exact_information


class Signs(LayerEstimator):
    """I(X;T), I(T;Y) and H(T) of the signs of the units: one bit each."""

    kind: Literal["signs"] = "signs"

    def information(self, activation: xr.DataArray, dataset: xr.Dataset, layer: Layer) -> xr.Dataset:
        """Bits of the signs of activations (..., sample, unit); NaN, of a network that has diverged, stays NaN."""
        signs = xr.where(activation.isnull(), activation, activation > 0).astype("float32")
        return exact_information(signs, dataset.p_x, dataset.p_y_given_x)
