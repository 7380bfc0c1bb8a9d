"""Discrete layers: which inputs share a cell of T, and the information that is left of X and Y.

A cell is a distinct vector of bin indices. T is a function of X, so I(X;T) = H(T), and with p(x), p(y|x)
exact
    p(t) = Σ_{x in t} p(x),  p(t,y) = Σ_{x in t} p(x) p(y|x),  I(T;Y) = H(T) + H(Y) - H(T,Y)   (Cover &
    Thomas, ch. 2).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from infoplane.measures.base import Estimator, Layer
from infoplane.measures.entropy import xlog2x

FLOAT32_PATTERNS = 2**32
BLOCK = 2**19  # activations digitized at once


class Cells(NamedTuple):
    """Samples sorted by cell, for each row of a stack.

    `order` int (row, sample): the samples, those of a cell side by side; `first` bool (row, sample): where in
    `order` a cell begins; `valid` bool (row): False where an activation is NaN.
    """

    order: np.ndarray
    first: np.ndarray
    valid: np.ndarray

    def labels(self) -> np.ndarray:
        """The cell of each sample, int (row, sample), counted from 0 in each row."""
        labels = np.empty_like(self.order)
        np.put_along_axis(labels, self.order, np.cumsum(self.first, axis=-1) - 1, axis=-1)
        return labels


def find_cells(indices: np.ndarray, radix: int) -> Cells:
    """Sort samples by their vectors of bin indices: float (row, sample, unit), whole numbers in [0, radix).

    The indices of a block of units are the digits of one integer; where another block would overflow it, the
    integer is first replaced by its rank, so that no two vectors can ever collide.
    """
    rows, samples, units = indices.shape
    valid = np.ones(rows, bool)
    labels, n_labels, start = None, 1, 0
    while True:
        size = _block_size(radix, n_labels, units - start)
        key = _read_digits(indices[..., start : start + size], radix)
        is_nan = np.isnan(key)
        if is_nan.any():
            valid &= ~is_nan.any(-1)
            key[is_nan] = 0
        key = key.astype(np.uint64)
        if labels is not None:
            key += labels * np.uint64(radix**size)
        order, first = _sort(key, n_labels * radix**size)
        start += size
        if start >= units:
            return Cells(order, first, valid)
        labels, n_labels = Cells(order, first, valid).labels().astype(np.uint64), samples


def _block_size(radix: int, n_labels: int, units: int) -> int:
    """How many more units fit: their digits exactly into a float64 (2^53), with the label into a uint64."""
    size = 1
    while size < units and radix ** (size + 1) <= 2**53 and n_labels * radix ** (size + 1) <= 2**64:
        size += 1
    return size


def _read_digits(indices: np.ndarray, radix: int) -> np.ndarray:
    """Σ_u indices_u radix^u, float64 (row, sample), exact up to 2^53.

    As many digits as fit are summed in the precision of `indices`: most of the time goes into reading them.
    """
    units, bits = indices.shape[-1], np.finfo(indices.dtype).nmant + 1
    together = 1
    while together < units and radix ** (together + 1) <= 2**bits:
        together += 1
    weights = np.zeros((units, -(-units // together)), indices.dtype)
    for unit in range(units):
        weights[unit, unit // together] = radix ** (unit % together)
    parts = indices @ weights
    return parts @ float(radix) ** (together * np.arange(parts.shape[-1]))


def _sort(key: np.ndarray, n_keys: int) -> tuple[np.ndarray, np.ndarray]:
    samples = key.shape[-1]
    bits = (samples - 1).bit_length()
    if n_keys << bits <= 2**64:
        # The sample's number rides along in the low bits: numpy sorts integers faster than it argsorts them.
        packed = np.sort((key << np.uint64(bits)) | np.arange(samples, dtype=np.uint64), axis=-1)
        order = (packed & np.uint64((1 << bits) - 1)).view(np.int64)
        sorted_key = packed >> np.uint64(bits)
    else:
        order = np.argsort(key, axis=-1)
        sorted_key = np.take_along_axis(key, order, axis=-1)
    first = np.ones(key.shape, bool)
    np.not_equal(sorted_key[:, 1:], sorted_key[:, :-1], out=first[:, 1:])
    return order, first


def float_patterns(values: np.ndarray) -> tuple[np.ndarray, int]:
    """Each float32 as the whole number that its bits spell, and how many there are; NaN stays NaN."""
    values = np.ascontiguousarray(values, np.float32) + np.float32(0)  # -0.0 and 0.0 are one value
    return np.where(np.isnan(values), np.nan, values.view(np.uint32).astype(np.float64)), FLOAT32_PATTERNS


def cell_information(
    cells: Cells, p_x: np.ndarray, p_y_given_x: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """I(X;T), I(T;Y) and H(T), each (row), in bits; p_x (sample), p_y_given_x (sample, class)."""
    cell = np.cumsum(cells.first.ravel()) - 1
    row_start = cell[:: cells.order.shape[1]]
    p_xy = np.ascontiguousarray((p_x[:, None] * p_y_given_x).T)
    p_t, h_ty = 0.0, 0.0
    for p in p_xy:
        p_ty = np.bincount(cell, p[cells.order].ravel())
        p_t = p_t + p_ty
        h_ty = h_ty - np.add.reduceat(xlog2x(p_ty), row_start)
    h_t = -np.add.reduceat(xlog2x(p_t), row_start)
    h_y = -xlog2x(p_xy.sum(1)).sum()
    h_t, i_ty = (np.where(cells.valid, bits, np.nan) for bits in (h_t, h_t + h_y - h_ty))
    return h_t, i_ty, h_t


# Bin indices of activations (row, sample, unit) and their radix, given further arrays (row, 1, 1).
Digitize = Callable[..., tuple[np.ndarray, int]]


def discrete_information(
    activation: xr.DataArray,
    p_x: xr.DataArray,
    p_y_given_x: xr.DataArray,
    digitize: Digitize,
    *parameters: xr.DataArray,
    **options: Any,
) -> xr.Dataset:
    """I_XT, I_TY, H_T in bits of T = digitize(activation[..., sample, unit], *parameters, **options)."""

    def kernel(activation, p_x, p_y_given_x, *parameters):
        blocks = _blocks(digitize, activation, parameters, options)
        bits = np.concatenate([cell_information(cells, p_x, p_y_given_x) for cells in blocks], axis=1)
        return tuple(bits.reshape(3, *activation.shape[:-2]))

    core = [["sample", "unit"], ["sample"], ["sample", "class"]] + [[]] * len(parameters)
    i_xt, i_ty, h_t = xr.apply_ufunc(
        kernel, activation, p_x, p_y_given_x, *parameters, input_core_dims=core, output_core_dims=[[]] * 3
    )
    return xr.Dataset({"I_XT": i_xt, "I_TY": i_ty, "H_T": h_t})


def cell_labels(
    activation: xr.DataArray, digitize: Digitize, *parameters: xr.DataArray, **options: Any
) -> xr.DataArray:
    """The cell of each sample, int (..., sample): samples with the same number are the same to the layer.

    -1 where an activation of the row is NaN.
    """

    def kernel(activation, *parameters):
        blocks = _blocks(digitize, activation, parameters, options)
        labels = [np.where(cells.valid[:, None], cells.labels(), -1) for cells in blocks]
        return np.concatenate(labels).reshape(activation.shape[:-1])

    core = [["sample", "unit"]] + [[]] * len(parameters)
    return xr.apply_ufunc(kernel, activation, *parameters, input_core_dims=core, output_core_dims=[["sample"]])


def _blocks(
    digitize: Digitize, activation: np.ndarray, parameters: tuple[np.ndarray, ...], options: Mapping[str, Any]
) -> Iterator[Cells]:
    """The cells of a stack of activations (..., sample, unit), so many rows at a time as a cache holds."""
    rows = activation.reshape(-1, *activation.shape[-2:])
    columns = [np.broadcast_to(p, activation.shape[:-2]).reshape(-1, 1, 1) for p in parameters]
    size = max(1, BLOCK // rows[0].size)
    for start in range(0, len(rows), size):
        block = slice(start, start + size)
        yield find_cells(*digitize(rows[block], *(column[block] for column in columns), **options))


class CellEstimator(Estimator):
    """An estimator that puts inputs into cells: subclasses say how activations become bin indices."""

    @abstractmethod
    def binning(self, layer: Layer) -> tuple[Digitize, tuple[xr.DataArray, ...], dict[str, Any]]:
        """The function that digitizes, its parameters (replicate) and its options."""

    def information(self, activation: xr.DataArray, dataset: xr.Dataset, layer: Layer) -> xr.Dataset:
        """Estimate by counting cells."""
        digitize, parameters, options = self.binning(layer)
        return discrete_information(activation, dataset.p_x, dataset.p_y_given_x, digitize, *parameters, **options)
