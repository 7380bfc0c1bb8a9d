"""Bins that follow the activations: entropy-based adaptive binning [Chelombiev et al. 2019]."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import xarray as xr
from pydantic import Field

from infoplane.measures.base import Layer
from infoplane.measures.cells import Digitize, EveryDigitEstimator, discrete_information
from infoplane.section import Bins


def equal_mass_bins(activation: np.ndarray, bins: int) -> tuple[np.ndarray, int]:
    """Index of each activation (row, sample, unit) among bins that hold equally many distinct values of their
    row.

    Distinct values, as in [C19, section 3]: the mass at a ReLU's 0 or at saturation then fills one bin, not
    several. Fewer distinct values than bins get a bin each.
    """
    return np.stack([_equal_mass(row, bins) for row in activation]), bins


def _equal_mass(activation: np.ndarray, bins: int) -> np.ndarray:
    values = np.sort(activation, axis=None)
    if np.isnan(values[-1]):
        return np.full(activation.shape, np.nan)
    values = values[np.concatenate([[True], values[1:] != values[:-1]])]
    first = np.unique(np.arange(bins) * len(values) // bins)
    return np.searchsorted(values[first], activation, side="right") - 1.0


def adaptive_information(
    activation: xr.DataArray, p_x: xr.DataArray, p_y_given_x: xr.DataArray, *, bins: int = 30
) -> xr.Dataset:
    """I_XT, I_TY, H_T in bits of activations (..., sample, unit), in `equal_mass_bins` of each snapshot."""
    return discrete_information(activation, p_x, p_y_given_x, equal_mass_bins, bins=bins)


class Adaptive(EveryDigitEstimator):
    """I(X;T), I(T;Y), H(T) in bins of equally many distinct values, per layer and snapshot [C19]."""

    kind: Literal["adaptive"] = "adaptive"
    bins: Bins = Field(30, description="Bins of each unit.")

    def binning(self, layer: Layer) -> tuple[Digitize, tuple[xr.DataArray, ...], dict[str, Any]]:
        """Quantiles of the snapshot."""
        return equal_mass_bins, (), {"bins": self.bins}
