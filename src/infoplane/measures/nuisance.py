"""What a layer of cells knows of the nuisance: inputs N that the label, and all other inputs, are independent of."""

from __future__ import annotations

import numpy as np
import xarray as xr

from infoplane.measures.entropy import xlog2x


def nuisance_information(cells: xr.DataArray, p_x: xr.DataArray, nuisance: xr.DataArray) -> xr.DataArray:
    """I(N;T) = H(T) + H(N) - H(N,T) in bits, by counting (Cover & Thomas, theorem 2.4.1).

    `cells` int (..., sample) is the cell of each sample, -1 where there is none (then NaN); `p_x` and `nuisance`, whole
    numbers from 0 on, (sample).
    """

    def kernel(cells: np.ndarray, p_x: np.ndarray, nuisance: np.ndarray) -> np.ndarray:
        values, samples = int(nuisance.max()) + 1, cells.shape[-1]
        rows = cells.reshape(-1, samples)

        def entropy(keys: np.ndarray, number: int) -> np.ndarray:
            keys = keys + number * np.arange(len(keys))[:, None]
            weights = np.broadcast_to(p_x, keys.shape)
            p = np.bincount(keys.ravel(), weights.ravel(), number * len(keys)).reshape(-1, number)
            return -xlog2x(p).sum(1)

        known = np.maximum(rows, 0)
        h_t, h_nt = entropy(known, samples), entropy(known * values + nuisance, samples * values)
        found = h_t + entropy(nuisance[None], values) - h_nt
        return np.where((rows < 0).any(1), np.nan, found).reshape(cells.shape[:-1])

    core = [["sample"]] * 3
    return xr.apply_ufunc(kernel, cells, p_x, nuisance, input_core_dims=core)
