"""The information-bottleneck bound: how much of Y the best T can keep for each bit of X [TPB99]."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import numpy as np
import xarray as xr
from pydantic import Field
from scipy.cluster.vq import kmeans2

from infoplane.measures.base import Measure
from infoplane.measures.derived import describe
from infoplane.measures.entropy import xlog2x
from infoplane.section import Int

# β - 1 from the first to the last step of the annealing. At β = 1 nothing is worth keeping (data processing);
# at the first, T keeps all that tells of Y, up to 1e-4 bits.
FIRST, LAST = 1e4, 1e-4
MAX_CLUSTERS = 256  # of T; with more cells of X than that, they start in as many groups of similar p(y|x)
COLLAPSED = 1e-7  # bits; below, T keeps nothing
# With these the spherical curve is within 3e-6 bits of that after ten times as many iterations.
TOLERANCE = 1e-9
ITERATIONS = 2000
# How far the bound may lie above a chord of the curve, unless the β of its ends are as close as that share of β - 1.
ERROR_BITS, CLOSE = 4e-5, 1e-3
DIGITS = 12  # p(y|x) that agree in so many are one cell: rounding makes equal sums differ in the last

Point = tuple[float, float, float]  # of the curve: I_X, I_Y, β

ATTRIBUTES = {
    "I_X": ("bits", "I(X;T) on the information-bottleneck bound"),
    "I_Y": ("bits", "I(T;Y) on the information-bottleneck bound"),
    "beta": ("1", "β: the inverse slope of the bound"),
}


def merge_cells(p_x: np.ndarray, p_y_given_x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Inputs with the same p(y|x) as one: p (cell), p(y|cell) (cell, class).

    No T gains from telling them apart.
    """
    mantissa, exponent = np.frexp(p_y_given_x)
    rounded = np.ldexp(np.round(mantissa, DIGITS), exponent)
    _, first, cell = np.unique(rounded, axis=0, return_index=True, return_inverse=True)
    p = np.bincount(cell.ravel(), p_x)
    return p[p > 0], p_y_given_x[first][p > 0]


def blahut_arimoto(p_x: np.ndarray, p_y_given_x: np.ndarray, encoder: np.ndarray, beta: float) -> np.ndarray:
    """The encoder p(t|x) (x, t) that minimises I(X;T) - β I(T;Y), from a first `encoder` [TPB99, eqs. 16,
    28-31].

    p(t|x) ∝ p(t) exp(-β Σ_y p(y|x) ln p(y|x)/p(y|t)), p(t) and p(y|t) those of the encoder before.
    """
    for _ in range(ITERATIONS):
        p_t, p_y_given_t = decoder(p_x, p_y_given_x, encoder)
        log = np.log(p_t) + beta * p_y_given_x @ np.log(np.maximum(p_y_given_t, 1e-300)).T
        log -= log.max(1, keepdims=True)
        updated = np.exp(log)
        updated /= updated.sum(1, keepdims=True)
        change = np.abs(updated - encoder).max()
        encoder = updated[:, p_x @ updated > 1e-15]
        if change < TOLERANCE:
            break
    return encoder


def decoder(p_x: np.ndarray, p_y_given_x: np.ndarray, encoder: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """p(t) (t) and p(y|t) (t, class) of an encoder p(t|x) (x, t)."""
    p_xt = p_x[:, None] * encoder
    p_t = p_xt.sum(0)
    return p_t, (p_xt / p_t).T @ p_y_given_x


def information(p_x: np.ndarray, p_y_given_x: np.ndarray, encoder: np.ndarray) -> tuple[float, float]:
    """I(X;T) and I(T;Y) in bits of an encoder p(t|x) (x, t)."""
    p_t, p_y_given_t = decoder(p_x, p_y_given_x, encoder)
    i_x = (p_x[:, None] * xlog2x(encoder)).sum() - xlog2x(p_t).sum()
    i_y = (p_t[:, None] * xlog2x(p_y_given_t)).sum() - xlog2x(p_x @ p_y_given_x).sum()
    return i_x, i_y


def bottleneck_curve(p_x: np.ndarray, p_y_given_x: np.ndarray, steps: int) -> np.ndarray:
    """The bound from (0, 0) to (H(cells), I(X;Y)): I_X, I_Y in bits and β, (3, point).

    Reverse annealing: from T = X at a large β down towards β = 1 in `steps`, and in smaller ones where the bound bends
    between them, each solution the start of the next; clusters that have become one are merged. A solution's tangent
    has the slope 1/β and lies above the bound, so two solutions say how far it can be from their chord: ERROR_BITS.
    Annealing can end beside the best T: where a solution does better at the β before than that one's own, that is
    solved again from there. What is left is the upper concave hull: between solutions a mixture of them is possible,
    and for a nearly deterministic Y, where the curve is nearly straight, much of it is such mixtures.
    """
    p_x, p_y_given_x = merge_cells(p_x, p_y_given_x)
    encoder = np.eye(len(p_x))
    end = (*information(p_x, p_y_given_x, encoder), np.inf)
    if len(p_x) > MAX_CLUSTERS:
        _, cluster = kmeans2(p_y_given_x, MAX_CLUSTERS, minit="++", rng=0)
        encoder = np.eye(MAX_CLUSTERS)[:, np.unique(cluster)][cluster]

    def solved(start: np.ndarray, beta: float) -> tuple[np.ndarray, Point]:
        found = _merge_clusters(p_x, p_y_given_x, blahut_arimoto(p_x, p_y_given_x, start, beta))
        i_x, i_y = information(p_x, p_y_given_x, found)
        return found, ((i_x, i_y, beta) if i_x >= COLLAPSED else (0.0, 0.0, beta))

    points = [end]
    waiting: list[tuple[float, tuple[np.ndarray, Point] | None]]
    waiting = [(beta, None) for beta in 1 + np.geomspace(LAST, FIRST, steps)]
    mended: set[float] = set()  # each β once, so that there is an end to it
    while waiting and points[-1][0] > 0:
        (beta, found), last = waiting.pop(), points[-1]
        if found is None or _gain(last, beta) > _gain(found[1], beta) + TOLERANCE:
            found = solved(encoder, beta)
        solution, point = found
        known = np.isfinite(last[2])
        if known and last[2] not in mended and _gain(point, last[2]) > _gain(last, last[2]) + TOLERANCE:
            mended.add(points.pop()[2])
            waiting += [(beta, found), (last[2], solved(solution, last[2]))]
        elif known and last[2] - beta > CLOSE * (beta - 1) and _unknown(point, last) > ERROR_BITS:
            waiting += [(beta, found), (1 + np.sqrt((last[2] - 1) * (beta - 1)), None)]
        else:
            points.append(point)
            encoder = solution
    points.append((0.0, 0.0, points[-1][2]))
    return _upper_hull(np.array(points))


def _gain(point: Point, beta: float) -> float:
    """What a solution at β makes as large as it can: I_Y - I_X / β."""
    return point[1] - point[0] / beta


def _unknown(left: Point, right: Point) -> float:
    """How far the bound can lie above the chord of two of its points (I_X, I_Y, β): as far as their tangents cross."""
    dx, dy = np.subtract(right, left)[:2]
    steep, flat = 1 / left[2], 1 / right[2]
    if dx <= 0 or steep <= flat:
        return 0.0
    crossing = (dy - flat * dx) / (steep - flat)
    return max(0.0, (steep - dy / dx) * crossing)


def _merge_clusters(p_x: np.ndarray, p_y_given_x: np.ndarray, encoder: np.ndarray) -> np.ndarray:
    _, p_y_given_t = decoder(p_x, p_y_given_x, encoder)
    _, cluster = np.unique(np.round(p_y_given_t, 7), axis=0, return_inverse=True)
    return encoder @ np.eye(cluster.max() + 1)[cluster.ravel()]


def _upper_hull(points: np.ndarray) -> np.ndarray:
    """Corners of the upper concave hull of points (point, 3) in their first two columns: (3, corner).

    By rising first column, up to the corner that is highest in the second.
    """
    hull: list[np.ndarray] = []
    for point in points[np.lexsort((points[:, 1], points[:, 0]))]:
        while len(hull) > 1 and _is_below(hull[-1], hull[-2], point):
            hull.pop()
        hull.append(point)
    highest = np.argmax([corner[1] for corner in hull])
    return np.array(hull[: highest + 1]).T


def _is_below(middle: np.ndarray, left: np.ndarray, right: np.ndarray) -> bool:
    (x, y), (dx, dy) = (middle - left)[:2], (right - left)[:2]
    return y * dx <= dy * x


class Bound(Measure):
    """The information-bottleneck bound of a dataset: the curve I_Y(I_X), and β along it [TPB99]."""

    reads: ClassVar[str] = "dataset"

    kind: Literal["bound"] = "bound"
    steps: Annotated[Int, Field(ge=2)] = Field(200, description="Values of β, from large to 1.")

    def measure(self, training: xr.DataTree | None, dataset: xr.Dataset) -> xr.Dataset:
        """I_X, I_Y (bits), beta along the dimension `point`, I_X rising from 0 to the entropy of the merged
        cells.

        beta is infinite at the last point.
        """
        curve = bottleneck_curve(dataset.p_x.values, dataset.p_y_given_x.values, self.steps)
        result = xr.Dataset({name: ("point", values) for name, values in zip(ATTRIBUTES, curve, strict=True)})
        return describe(result, ATTRIBUTES)
