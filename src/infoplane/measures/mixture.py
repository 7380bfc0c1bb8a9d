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
LIMITS = np.array([SMALLEST_EXPONENT, 0], np.float32)
SMALLEST_ROOT = np.float32(np.exp(SMALLEST_EXPONENT / 4))
FEW, SAMPLED = 0.05, 16  # up to this share of pairs within reach, as one row of 16 shows, they are picked out


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
    fourth power of the second, so one exponential serves four sums. Components that lie together are taken together,
    so that most pairs of blocks have no pair, or few, that are near enough to count.
    """
    order = _neighbours(points)
    points, weights = points[order], weights[order]
    columns = np.where(weights > SMALLEST_WEIGHT, weights, 0).T.astype(np.float32, order="C")
    narrow, wide = np.zeros((2, *columns.shape))
    for rows, cols, exponent in _within_reach(points, -1 / (8 * variance)):
        near = np.count_nonzero(exponent[::SAMPLED] > SMALLEST_EXPONENT)
        add = _add_few if near * SAMPLED < FEW * exponent.size else _add_all
        add(narrow, wide, exponent, columns, rows, cols)
    # each component's kernel with itself is 1, whatever float32 made of a very small weight
    sums = np.empty((2, *weights.shape))
    sums[:, order] = np.maximum(narrow.T, weights), np.maximum(wide.T, weights)
    return sums[0], sums[1]


def _neighbours(points: np.ndarray) -> np.ndarray:
    """An order of the points (component, unit) in which those of a block are near: halved where they are widest."""

    def halved(chosen: np.ndarray) -> list[np.ndarray]:
        blocks = -(-len(chosen) // BLOCK)
        if blocks < 2:
            return [chosen]
        own = points[chosen]
        widest = own[:, np.argmax(np.ptp(own, axis=0))]
        chosen, cut = chosen[np.argsort(widest)], blocks // 2 * BLOCK
        return halved(chosen[:cut]) + halved(chosen[cut:])

    return np.concatenate(halved(np.arange(len(points))))


def _blocks(stop: int) -> Iterator[slice]:
    for start in range(0, stop, BLOCK):
        yield slice(start, min(start + BLOCK, stop))


def _within_reach(points: np.ndarray, scale: float) -> Iterator[tuple[slice, slice, np.ndarray]]:
    """The blocks on and below the diagonal, with their scale |t_i - t_j|²: those whose boxes are not too far apart."""
    left, right = _distance_factors(points, scale)
    blocks = list(_blocks(len(points)))
    low, high = (extreme.reduceat(points, [rows.start for rows in blocks]) for extreme in (np.minimum, np.maximum))
    buffer = np.empty(BLOCK**2)
    for number, rows in enumerate(blocks):
        gaps = np.maximum(np.maximum(low[number] - high[: number + 1], low[: number + 1] - high[number]), 0)
        for near in np.flatnonzero(scale * (gaps**2).sum(1) > SMALLEST_EXPONENT):
            cols = blocks[near]
            shape = (rows.stop - rows.start, cols.stop - cols.start)
            exponent = buffer[: shape[0] * shape[1]].reshape(shape)
            np.matmul(left[rows], right[:, cols], out=exponent)  # float64: large activations' squares cancel
            yield rows, cols, exponent


def _distance_factors(points: np.ndarray, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """Factors (component, k), (k, component) whose product is scale |t_i - t_j|²."""
    points = points - points.mean(0)
    square = (points**2).sum(1, keepdims=True)
    one = np.ones_like(square)
    left = scale * np.concatenate([-2 * points, square, one], axis=1)
    return left, np.ascontiguousarray(np.concatenate([points, one, square], axis=1).T)


def _add_all(
    narrow: np.ndarray, wide: np.ndarray, exponent: np.ndarray, columns: np.ndarray, rows: slice, cols: slice
) -> None:
    """Add the kernels of all pairs of a block."""
    with np.errstate(over="ignore"):
        kernel = exponent.astype(np.float32)
    np.clip(kernel, *LIMITS, out=kernel)  # rounding can make the distance of a point from itself imaginary
    np.exp(kernel, out=kernel)
    _add_sums(wide, kernel, columns, rows, cols)
    np.maximum(kernel, SMALLEST_ROOT, out=kernel)
    np.square(kernel, out=kernel)
    np.square(kernel, out=kernel)
    _add_sums(narrow, kernel, columns, rows, cols)


def _add_sums(sums: np.ndarray, kernel: np.ndarray, columns: np.ndarray, rows: slice, cols: slice) -> None:
    # One class at a time: for two classes numpy's product with a matrix takes twice as long as with two
    # vectors.
    for total, weight in zip(sums, columns, strict=True):
        total[rows] += kernel @ weight[cols]
        if rows != cols:
            total[cols] += weight[rows] @ kernel


def _add_few(
    narrow: np.ndarray, wide: np.ndarray, exponent: np.ndarray, columns: np.ndarray, rows: slice, cols: slice
) -> None:
    """Add the kernels of the pairs of a block that are near enough."""
    near = np.flatnonzero(exponent > SMALLEST_EXPONENT)
    if not len(near):
        return
    i, j = np.divmod(near, exponent.shape[1])
    kernel = np.exp(np.minimum(exponent.ravel()[near], 0))
    for sums, value in ((wide, kernel), (narrow, kernel**4)):
        for total, weight in zip(sums, columns, strict=True):
            total[rows] += np.bincount(i, value * weight[cols][j], exponent.shape[0])
            if rows != cols:
                total[cols] += np.bincount(j, value * weight[rows][i], exponent.shape[1])


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
