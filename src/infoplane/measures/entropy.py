"""Entropy of a discrete distribution, in bits."""

from __future__ import annotations

import numpy as np
import xarray as xr


def xlog2x(p: np.ndarray) -> np.ndarray:
    """p log2 p, element by element, 0 where p is 0."""
    return p * np.log2(p + np.finfo(np.float64).tiny)


def entropy(p: xr.DataArray, dim: str) -> xr.DataArray:
    """H = -Σ p log2 p over `dim`, in bits; `p` sums to 1 along it."""
    return -xr.apply_ufunc(xlog2x, p).sum(dim)
