"""T + Gaussian noise: a mixture of as many Gaussians as the layer has distinct activations."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from infoplane.measures.cells import find_cells, float_patterns

BLOCK = 256  # its kernel, 256 KB, stays in the second-level cache
# Processors take ten times as long over numbers too small for the usual form: in float32 below 1e-38, in
# float64 below 1e-308. Cut here, no product of a kernel and a weight is one; the bits that this changes are
# fewer than 1e-12.
SMALLEST_EXPONENT, SMALLEST_EXPONENT_FLOAT64 = -40.0, -600.0
SMALLEST_WEIGHT = 1e-20


def components(activation: np.ndarray, p_xy: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray] | None]:
    """The mixture of each row of activation (row, sample, unit), or None where an activation is NaN.

    Yields the distinct activations, float64 (component, unit), and their p(t, y) (component, class): inputs
    that coincide are one component, with the sum of their p_xy (sample, class).
    """
    cells = find_cells(*float_patterns(activation))
    for row, order, first, valid in zip(activation, *cells, strict=True):
        if valid:
            yield row[order[first]].astype(np.float64), np.add.reduceat(p_xy[order], np.flatnonzero(first))
        else:
            yield None


def pairwise_sums(points: np.ndarray, weights: np.ndarray, variance: float) -> tuple[np.ndarray, np.ndarray]:
    """Σ_j w_jc exp(-|t_i - t_j|² / 2σ²), and the same with 8σ², each (component, class).

    points (component, unit), weights (component, class). Distances are symmetric, and the first kernel is the
    fourth power of the second, so one exponential serves four sums.
    """
    left, right = _distance_factors(points, -1 / (8 * variance))
    columns = np.where(weights > SMALLEST_WEIGHT, weights, 0).T.astype(np.float32, order="C")
    narrow, wide = np.zeros((2, *columns.shape))
    smallest, zero, fourth_root = np.array([SMALLEST_EXPONENT, 0, np.exp(SMALLEST_EXPONENT / 4)], np.float32)
    exponent, kernel = np.empty(BLOCK**2), np.empty(BLOCK**2, np.float32)
    for rows in _blocks(len(points)):
        for cols in _blocks(rows.stop):
            shape = (rows.stop - rows.start, cols.stop - cols.start)
            power, k = (buffer[: shape[0] * shape[1]].reshape(shape) for buffer in (exponent, kernel))
            np.matmul(left[rows], right[:, cols], out=power)  # float64: large activations' squares cancel
            with np.errstate(over="ignore"):
                np.copyto(k, power, casting="same_kind")
            np.clip(k, smallest, zero, out=k)  # rounding can make the distance of a point from itself imaginary
            np.exp(k, out=k)
            _add_sums(wide, k, columns, rows, cols)
            np.maximum(k, fourth_root, out=k)
            np.square(k, out=k)
            np.square(k, out=k)
            _add_sums(narrow, k, columns, rows, cols)
    # each component's kernel with itself is 1, whatever float32 made of a very small weight
    return np.maximum(narrow.T, weights), np.maximum(wide.T, weights)


def _blocks(stop: int) -> Iterator[slice]:
    for start in range(0, stop, BLOCK):
        yield slice(start, min(start + BLOCK, stop))


def _distance_factors(points: np.ndarray, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """Factors (component, k), (k, component) whose product is scale |t_i - t_j|²."""
    points = points - points.mean(0)
    square = (points**2).sum(1, keepdims=True)
    one = np.ones_like(square)
    left = scale * np.concatenate([-2 * points, square, one], axis=1)
    return left, np.ascontiguousarray(np.concatenate([points, one, square], axis=1).T)


def _add_sums(sums: np.ndarray, kernel: np.ndarray, columns: np.ndarray, rows: slice, cols: slice) -> None:
    # One class at a time: for two classes numpy's product with a matrix takes twice as long as with two
    # vectors.
    for total, weight in zip(sums, columns, strict=True):
        total[rows] += kernel @ weight[cols]
        if rows != cols:
            total[cols] += weight[rows] @ kernel


def density_ratios(
    points: np.ndarray, weights: np.ndarray, variance: float, source: np.ndarray, noise: np.ndarray
) -> np.ndarray:
    """Σ_j w_jc N(q; t_j, σ²) / N(q; t_source, σ²) at the noisy points q = t_source + noise: (draw, class).

    points (component, unit), weights (component, class), source (draw), noise (draw, unit).
    """
    points = points - points.mean(0)
    query = points[source] + noise
    square = (query**2).sum(1, keepdims=True) - (noise**2).sum(1, keepdims=True)
    left = np.concatenate([2 * query, -square, -np.ones_like(square)], axis=1) / (2 * variance)
    right = np.concatenate([points, np.ones((len(points), 1)), (points**2).sum(1, keepdims=True)], axis=1).T
    right = np.ascontiguousarray(right)
    sums = np.zeros((len(source), weights.shape[1]))
    for rows in _blocks(len(source)):
        for cols in _blocks(len(points)):
            exponent = left[rows] @ right[:, cols]
            own = np.flatnonzero((source[rows] >= cols.start) & (source[rows] < cols.stop))
            exponent[own, source[rows][own] - cols.start] = 0  # exactly, however large the activations are
            np.maximum(exponent, SMALLEST_EXPONENT_FLOAT64, out=exponent)
            np.exp(exponent, out=exponent)
            for c, weight in enumerate(weights[cols].T):
                sums[rows, c] += exponent @ np.ascontiguousarray(weight)
    return sums
