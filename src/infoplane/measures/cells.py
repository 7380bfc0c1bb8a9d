"""Discrete layers: which inputs share a cell of T, and the information that is left of X, of its class S, and of Y.

A cell is a distinct vector of bin indices. T is a function of X, so I(X;T) = H(T), and with p(x), p(y|x) exact
    p(t) = Σ_{x in t} p(x),  p(t,y) = Σ_{x in t} p(x) p(y|x),  I(T;Y) = H(T) + H(Y) - H(T,Y)   (Cover & Thomas, ch. 2).
S is a class of X on which alone Y depends (the dataset's `sufficient_class`), so I(X;T) splits without a rest:
    I(X;T) = I(S;T) + I(X;T|S),  I(S;T) = H(T) + H(S) - H(S,T)   (the chain rule: Cover & Thomas, theorem 2.5.2).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import numpy as np
import xarray as xr
from pydantic import Field

from infoplane.measures.base import Layer, LayerEstimator
from infoplane.measures.entropy import xlog2x
from infoplane.measures.nuisance import nuisance_information
from infoplane.section import Neutral
from infoplane.sufficient import sufficient_class

FLOAT32_PATTERNS = 2**32
BLOCK = 2**19  # activations digitized at once
QUANTITIES = ("I_XT", "I_TY", "H_T", "I_ST", "I_XT_given_S")


class Cells(NamedTuple):
    """Samples sorted by cell, for each row of a stack; within a cell they rise.

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


def find_cells(indices: np.ndarray, radix: int, rank: np.ndarray | None = None) -> Cells:
    """Sort samples by their vectors of bin indices: float (row, sample, unit), whole numbers in [0, radix).

    The indices of a block of units are the digits of one integer; where another block would overflow it, the
    integer is first replaced by its rank, so that no two vectors can ever collide. With `rank` int (sample), a
    permutation, samples go by it in place of their number, also in `order`.
    """
    rows, samples, units = indices.shape
    rank = np.arange(samples) if rank is None else rank
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
        start += size
        if start >= units:
            return Cells(*_sort(key, n_labels * radix**size, rank), valid)
        cells = Cells(*_sort(key, n_labels * radix**size, np.arange(samples)), valid)
        labels, n_labels = cells.labels().astype(np.uint64), samples


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


def _sort(key: np.ndarray, n_keys: int, rank: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    samples = key.shape[-1]
    bits = (samples - 1).bit_length()
    if n_keys << bits <= 2**64:
        # The sample's number rides along in the low bits: numpy sorts integers faster than it argsorts them.
        packed = np.sort((key << np.uint64(bits)) | rank.astype(np.uint64), axis=-1)
        order = (packed & np.uint64((1 << bits) - 1)).view(np.int64)
        sorted_key = packed >> np.uint64(bits)
    else:
        key = key[:, np.argsort(rank)]
        order = np.argsort(key, axis=-1, kind="stable")
        sorted_key = np.take_along_axis(key, order, axis=-1)
    first = np.ones(key.shape, bool)
    np.not_equal(sorted_key[:, 1:], sorted_key[:, :-1], out=first[:, 1:])
    return order, first


def float_patterns(values: np.ndarray) -> tuple[np.ndarray, int]:
    """Each float32 as the whole number that its bits spell, and how many there are; NaN stays NaN."""
    values = np.ascontiguousarray(values, np.float32) + np.float32(0)  # -0.0 and 0.0 are one value
    return np.where(np.isnan(values), np.nan, values.view(np.uint32).astype(np.float64)), FLOAT32_PATTERNS


@dataclass(frozen=True)
class Joint:
    """p(x, y) with the samples in the order of their class S: `rank` int (sample) is each one's place in it.

    `p_x` and `sufficient` (sample) are in that order; `p_y_given_s` (class of S, class of Y).
    """

    rank: np.ndarray
    p_x: np.ndarray
    sufficient: np.ndarray
    p_y_given_s: np.ndarray

    @classmethod
    def of(cls, p_x: np.ndarray, p_y_given_x: np.ndarray, sufficient: np.ndarray) -> Joint:
        """From p(x), S (sample) and p(y|x) (sample, class). ValueError where Y depends on more of X than S."""
        order = np.argsort(sufficient, kind="stable")
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        _, of_class, number = np.unique(sufficient, return_index=True, return_inverse=True)
        p_y_given_s = p_y_given_x[of_class]
        if not np.array_equal(p_y_given_s[number], p_y_given_x):
            raise ValueError("sufficient_class: p(y|x) differs within a class; allowed: classes that determine p(y|x)")
        return cls(rank, p_x[order], number[order].astype(np.int32), p_y_given_s)


def cell_information(cells: Cells, joint: Joint, correction: str | None = None) -> np.ndarray:
    """`QUANTITIES` (quantity, row) in bits, of cells whose samples go by the joint distribution's `rank`.

    Within a cell the samples of a class of S lie side by side, so that one pass sums p(s,t), and sums of these are p(t)
    and p(t,y). `correction` "miller_madow" adds (m - 1) / 2N nats to each entropy, m its values that occur among N
    samples (Miller 1955): an entropy of samples is too low by about that much, of a whole distribution it is not.
    """
    sufficient = joint.sufficient[cells.order]
    begins = cells.first.copy()
    begins[:, 1:] |= sufficient[:, 1:] != sufficient[:, :-1]
    part = np.flatnonzero(begins)  # of a cell, in one class
    p_st = np.add.reduceat(joint.p_x[cells.order].ravel(), part)
    cell, class_of_part = np.flatnonzero(cells.first.ravel()[part]), sufficient.ravel()[part]
    p_ty = [np.add.reduceat(p_st * p_y[class_of_part], cell) for p_y in joint.p_y_given_s.T]
    p_s = np.bincount(joint.sufficient, joint.p_x)
    samples, whole = cells.order.shape[1], np.zeros(1, int)
    row_of_part, row_of_cell = _starts(begins), _starts(cells.first)

    def entropy(parts: Sequence[np.ndarray], starts: np.ndarray) -> np.ndarray:
        bits = -_total([np.add.reduceat(xlog2x(p), starts) for p in parts])
        if correction is None:
            return bits
        occurring = _total([np.add.reduceat(p > 0, starts, dtype=int) for p in parts])
        return bits + (occurring - 1) / (2 * samples * np.log(2))

    h_t, h_st, h_ty = entropy([_total(p_ty)], row_of_cell), entropy([p_st], row_of_part), entropy(p_ty, row_of_cell)
    h_s, h_y = entropy([p_s], whole), entropy([p_s @ joint.p_y_given_s], whole)
    found = np.stack([h_t, h_t + h_y - h_ty, h_t, h_t + h_s - h_st, h_st - h_s])
    return np.where(cells.valid, found, np.nan)


def _total(parts: Sequence[np.ndarray]) -> np.ndarray:
    total, *others = parts
    for part in others:
        total = total + part
    return total


def _starts(first: np.ndarray) -> np.ndarray:
    """Where each row begins among the true elements of first (row, sample), of which every row has one at 0."""
    return np.concatenate([[0], np.cumsum(np.count_nonzero(first, axis=1))[:-1]])


# Bin indices of activations (row, sample, unit) and their radix, given further arrays (row, 1, 1).
Digitize = Callable[..., tuple[np.ndarray, int]]


def discrete_information(
    activation: xr.DataArray,
    p_x: xr.DataArray,
    p_y_given_x: xr.DataArray,
    digitize: Digitize,
    *parameters: xr.DataArray,
    sufficient: xr.DataArray | None = None,
    correction: str | None = None,
    **options: Any,
) -> xr.Dataset:
    """`QUANTITIES` in bits of T = digitize(activation[..., sample, unit], *parameters, **options).

    `sufficient` int (sample) is the class S of each sample: by default, samples of equal p(y|x) are alike.
    """
    if sufficient is None:
        classes = sufficient_class(p_y_given_x.transpose("sample", "class").values)
        sufficient = xr.DataArray(classes, dims="sample")

    def kernel(
        activation: np.ndarray,
        p_x: np.ndarray,
        p_y_given_x: np.ndarray,
        sufficient: np.ndarray,
        *parameters: np.ndarray,
    ) -> tuple[np.ndarray, ...]:
        joint = Joint.of(p_x, p_y_given_x, sufficient)
        blocks = _blocks(digitize, activation, parameters, options, joint.rank)
        bits = np.concatenate([cell_information(cells, joint, correction) for cells in blocks], axis=1)
        return tuple(bits.reshape(len(QUANTITIES), *activation.shape[:-2]))

    core = [["sample", "unit"], ["sample"], ["sample", "class"], ["sample"]] + [[]] * len(parameters)
    found = xr.apply_ufunc(
        kernel,
        activation,
        p_x,
        p_y_given_x,
        sufficient,
        *parameters,
        input_core_dims=core,
        output_core_dims=[[]] * len(QUANTITIES),
    )
    return xr.Dataset(dict(zip(QUANTITIES, found, strict=True)))


def cell_labels(
    activation: xr.DataArray, digitize: Digitize, *parameters: xr.DataArray, **options: Any
) -> xr.DataArray:
    """The cell of each sample, int (..., sample): samples with the same number are the same to the layer.

    -1 where an activation of the row is NaN.
    """

    def kernel(activation: np.ndarray, *parameters: np.ndarray) -> np.ndarray:
        blocks = _blocks(digitize, activation, parameters, options)
        labels = [np.where(cells.valid[:, None], cells.labels(), -1) for cells in blocks]
        return np.concatenate(labels).reshape(activation.shape[:-1])

    core = [["sample", "unit"]] + [[]] * len(parameters)
    return xr.apply_ufunc(kernel, activation, *parameters, input_core_dims=core, output_core_dims=[["sample"]])


def _blocks(
    digitize: Digitize,
    activation: np.ndarray,
    parameters: tuple[np.ndarray, ...],
    options: Mapping[str, Any],
    rank: np.ndarray | None = None,
) -> Iterator[Cells]:
    """The cells of a stack of activations (..., sample, unit), so many rows at a time as a cache holds."""
    rows = activation.reshape(-1, *activation.shape[-2:])
    columns = [np.broadcast_to(p, activation.shape[:-2]).reshape(-1, 1, 1) for p in parameters]
    size = max(1, BLOCK // rows[0].size)
    for start in range(0, len(rows), size):
        block = slice(start, start + size)
        yield find_cells(*digitize(rows[block], *(column[block] for column in columns), **options), rank)


class CellEstimator(LayerEstimator):
    """An estimator that puts inputs into cells: subclasses say how activations become bin indices."""

    quantities: ClassVar[tuple[str, ...]] = QUANTITIES
    stacked: ClassVar[bool] = True

    correction: Annotated[Literal["miller_madow"] | None, Neutral(None)] = Field(
        None,
        description="`miller_madow`: the entropies' correction for few samples. Not for a dataset that is all of p(x), "
        "as bit patterns are: nothing is missing there.",
    )

    @abstractmethod
    def binning(self, layer: Layer) -> tuple[Digitize, tuple[xr.DataArray, ...], dict[str, Any]]:
        """The function that digitizes, its parameters (replicate) and its options."""

    def information(self, activation: xr.DataArray, dataset: xr.Dataset, layer: Layer) -> xr.Dataset:
        """Estimate by counting cells; `I_NT` too, where the dataset has a nuisance N."""
        digitize, parameters, options = self.binning(layer)
        found = discrete_information(
            activation,
            dataset.p_x,
            dataset.p_y_given_x,
            digitize,
            *parameters,
            sufficient=dataset.get("sufficient_class"),
            correction=self.correction,
            **options,
        )
        if "nuisance_class" in dataset:
            cells = cell_labels(activation, digitize, *parameters, **options)
            found["I_NT"] = nuisance_information(cells, dataset.p_x, dataset.nuisance_class)
        return found


class EveryDigitEstimator(CellEstimator):
    """A cell estimator that asks whether activations differ at all: where they are rounded, it counts the rounding."""

    def misfits(self, condition: Any, samples: int, features: int) -> Iterator[tuple[str, str]]:
        """Activations stored with few digits."""
        yield from super().misfits(condition, samples, features)
        if condition.precision == "float16":
            yield "kind", "allowed: with `precision: float32`; float16 joins activations that differ, by bits of I(X;T)"
