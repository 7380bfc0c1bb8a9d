"""Nearest neighbours: I(T;Y) of a continuous T and a discrete Y [Ross 2014]."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import xarray as xr
from pydantic import Field
from scipy.spatial import KDTree
from scipy.special import digamma

from infoplane.measures.base import Layer, LayerEstimator
from infoplane.section import Int

LEAF = 64  # points: with scipy's own 10 a layer of 12 units takes twice as long, one of 2 units as long


def ross(points: np.ndarray, label: np.ndarray, neighbours: int) -> float:
    """I(T;Y) in bits of points (sample, unit) with a discrete label (sample).

    I = ψ(N) - <ψ(N_y)> + <ψ(k)> - <ψ(m)>: m points of any label, the point itself included, lie within the
    distance (maximum norm) of the k-th neighbour of the same label [Ross 2014, eq. 6]. Where that distance is
    0, k and m count the points that coincide, of the same and of any label [Gao et al. 2017]. Classes of one
    point are left out, and a class of fewer than k + 1 points uses all of its own.
    """
    size, radius, k = (np.zeros(len(points)) for _ in range(3))
    for y in np.unique(label):
        own = np.flatnonzero(label == y)
        size[own] = len(own)
        if len(own) == 1:
            continue
        k[own] = min(neighbours, len(own) - 1)
        tree = KDTree(points[own], LEAF)
        found = tree.query(points[own], k=[int(k[own[0]]) + 1], p=np.inf)[0]
        distance = np.asarray(found)[:, 0]
        radius[own] = distance
        tied = own[distance == 0]
        if len(tied):
            k[tied] = tree.query_ball_point(points[tied], 0, p=np.inf, return_length=True)
    kept = size > 1
    points, size, radius, k = points[kept], size[kept], radius[kept], k[kept]
    if len(points) == 0:
        return np.nan
    # strictly inside the k-th neighbour's distance, which leaves it and its equals out
    inside = np.where(radius > 0, np.nextafter(radius, 0), 0)
    m = KDTree(points, LEAF).query_ball_point(points, inside, p=np.inf, return_length=True)
    nats = digamma(len(points)) - digamma(size).mean() + digamma(k).mean() - digamma(m).mean()
    return nats / np.log(2)


def knn_information(activation: xr.DataArray, label: xr.DataArray, *, neighbours: int = 3) -> xr.Dataset:
    """I_TY in bits of activations (..., sample, unit) and draws of Y, label (..., sample), of equally likely
    samples.

    NaN where an activation is. The estimate can be slightly negative.
    """

    def kernel(activation: np.ndarray, label: np.ndarray) -> np.ndarray:
        rows = activation.reshape(-1, *activation.shape[-2:]).astype(np.float64)
        labels = np.broadcast_to(label, activation.shape[:-1]).reshape(len(rows), -1)
        result = [np.nan if np.isnan(r).any() else ross(r, y, neighbours) for r, y in zip(rows, labels, strict=True)]
        return np.reshape(result, activation.shape[:-2])

    i_ty = xr.apply_ufunc(kernel, activation, label, input_core_dims=[["sample", "unit"], ["sample"]])
    return xr.Dataset({"I_TY": i_ty})


class Knn(LayerEstimator):
    """I(T;Y) by nearest neighbours [Ross 2014]; I(X;T) is infinite for a continuous T, and not given.

    The only estimator that sees each replicate's own draw of the labels instead of p(y|x); p(x) must be
    uniform. It reads too low in several dimensions where T tells much of Y: docs/measures.md has by how much.
    """

    quantities: ClassVar[tuple[str, ...]] = ("I_TY",)

    kind: Literal["knn"] = "knn"
    neighbours: Annotated[Int, Field(ge=1)] = Field(3, description="Neighbours of the same label: k.")

    def misfits(self, condition: Any, samples: int, features: int) -> Iterator[tuple[str, str]]:
        """More neighbours than there are."""
        yield from super().misfits(condition, samples, features)
        if self.neighbours >= samples:
            yield "neighbours", f"allowed: 1 to {samples - 1}, the other samples of `{condition.dataset}`"

    def information(self, activation: xr.DataArray, dataset: xr.Dataset, layer: Layer) -> xr.Dataset:
        """Estimate from each replicate's labels."""
        p_x = dataset.p_x.values
        if not np.allclose(p_x, p_x[0], rtol=1e-6):
            raise ValueError("knn: every sample must be equally likely, but p_x varies; use another estimator")
        label = dataset.label.sel(replicate=activation.replicate)
        return knn_information(activation, label, neighbours=self.neighbours)
