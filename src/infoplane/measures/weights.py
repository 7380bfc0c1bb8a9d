"""Are the weights random? Correlations between the incoming weights of a layer's neurons [ST17]."""

from __future__ import annotations

from typing import Literal

import numpy as np
import xarray as xr
from scipy.special import betainc

from infoplane.measures.base import Measure, layers
from infoplane.measures.derived import SINCE, describe

EDGES = np.linspace(-1, 1, 41)
ATTRIBUTES = {
    "weight_norm": ("1", "norm of the layer's weights"),
    "correlation_rms": ("1", "root mean square correlation between neurons' incoming weights"),
    "correlation_rms_random": ("1", "root mean square correlation expected of random directions"),
    "correlation_share": ("1", "share of the pairs of neurons with such a correlation"),
    "correlation_share_random": ("1", "share of the pairs with such a correlation expected of random directions"),
    "displacement": ("1", "squared distance of the layer's weights from those at the epoch `since`"),
    "since": ("epochs", "epoch from which the displacement counts"),
    "correlation": ("1", "correlation (cosine) of two neurons' incoming weights: middle of the bin"),
}


def correlations(weight: np.ndarray) -> np.ndarray:
    """Cosines between the columns of weight (..., unit_in, unit), each pair once: (..., pair).

    The cosine, not Pearson's r: weights are drawn around 0, and r of two inputs is always ±1.
    """
    unit = weight.shape[-1]
    with np.errstate(invalid="ignore"):
        direction = weight / np.linalg.norm(weight, axis=-2, keepdims=True)
    cosine = np.swapaxes(direction, -1, -2) @ direction
    return np.clip(cosine[(..., *np.triu_indices(unit, 1))], -1, 1)


def random_share(inputs: int, edges: np.ndarray) -> np.ndarray:
    """The share of pairs of random directions in R^inputs with a cosine between consecutive edges.

    (1 + cosine) / 2 has the distribution Beta(a, a) with a = (inputs - 1) / 2 (Muirhead 1982, theorem 1.5.7);
    the variance of the cosine is 1 / inputs.
    """
    if inputs == 1:  # two numbers: the same sign or opposite signs
        cumulative = np.where(edges >= 1, 1.0, np.where(edges > -1, 0.5, 0.0))
    else:
        a = (inputs - 1) / 2
        cumulative = betainc(a, a, (1 + edges) / 2)
    return np.diff(cumulative)


class Weights(Measure):
    """Norms and ways of the weights, and correlations between a layer's neurons beside those of random vectors."""

    kind: Literal["weights"] = "weights"

    def measure(self, training: xr.DataTree, dataset: xr.Dataset) -> xr.Dataset:
        """Norm and rms correlation (replicate, epoch, layer), shares (..., correlation), displacement (..., since).

        Correlations are NaN for a layer of one unit, which has no pair, displacements before they count.
        """
        result = xr.concat([self._layer(number, node) for number, node in layers(training)], "layer")
        result = result.assign_coords(correlation=(EDGES[1:] + EDGES[:-1]) / 2)
        return describe(result, ATTRIBUTES)

    def _layer(self, number: int, node: xr.Dataset) -> xr.Dataset:
        rms, share = zip(*(_summary(node.weight.isel(epoch=e)) for e in range(node.sizes["epoch"])), strict=True)
        inputs = node.sizes["unit_in"]
        variables = {
            "weight_norm": node.weight_norm.load().astype(np.float64),
            "displacement": displacement(node.weight.transpose("replicate", "epoch", "unit_in", "unit").load()),
            "correlation_rms": (("epoch", "replicate"), np.stack(rms)),
            "correlation_share": (("epoch", "replicate", "correlation"), np.stack(share)),
            "correlation_rms_random": inputs**-0.5,
            "correlation_share_random": ("correlation", random_share(inputs, EDGES)),
        }
        return xr.Dataset(variables).assign_coords(layer=number)


def displacement(weight: xr.DataArray) -> xr.DataArray:
    """|w(epoch) - w(since)|² of weights (replicate, epoch, unit_in, unit): (replicate, epoch, since), NaN before.

    `since` are the first snapshots at or after the shares `SINCE` of log(1 + epoch).
    """
    place = np.log1p(weight["epoch"].values) / np.log1p(weight["epoch"].values[-1])
    at = [int(np.argmax(place >= share)) for share in SINCE]
    wide = weight.astype(np.float64)
    moved = [((wide - wide.isel(epoch=i, drop=True)) ** 2).sum(["unit_in", "unit"], skipna=False) for i in at]
    counted = [far.where(far["epoch"] >= far["epoch"][i]) for far, i in zip(moved, at, strict=True)]
    return xr.concat(counted, xr.Variable("since", weight["epoch"].values[at]))


def _summary(weight: xr.DataArray) -> tuple[np.ndarray, np.ndarray]:
    """Root mean square (replicate) and shares (replicate, bin) of one snapshot's correlations."""
    cosine = correlations(weight.transpose("replicate", "unit_in", "unit").values.astype(np.float64))
    pairs = cosine.shape[-1]
    if pairs == 0:
        return np.full(len(cosine), np.nan), np.full((len(cosine), len(EDGES) - 1), np.nan)
    rms = np.sqrt((cosine**2).mean(-1))
    share = np.stack([np.histogram(row[~np.isnan(row)], EDGES)[0] / pairs for row in cosine])
    return rms, np.where(np.isnan(rms)[:, None], np.nan, share)
