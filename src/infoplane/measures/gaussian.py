"""What linear networks know of Gaussian inputs: in closed form from their weights, nothing is estimated [S18, sec. 3].

A linear layer is T = K'X + b, K the product of the weights up to it, and X ~ N(0, v I). With Gaussian noise of variance
σ² on every unit, all is jointly Gaussian (Cover & Thomas, theorem 8.4.1):
    I(X;T) = ½ log2 det(I + v K'K / σ²),
    I(T;Y) = -½ log2(1 - c'C⁻¹c / var Y), C = v K'K + σ² I the covariance of T, c = v K'w that of T and Y = w·X + ε.
X falls into the relevant inputs S and the nuisance N, of which Y is independent; S and N are independent too. With S
known T still tells I(X;T|S) = ½ log2 det(I + v K_N'K_N / σ²), and I(S;T) is the rest; I(N;T) with S and N exchanged.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

import numpy as np
import xarray as xr
from pydantic import Field

from infoplane.measures.base import Estimator, layers, read
from infoplane.measures.derived import derive
from infoplane.section import Magnitude

KNOWN = ("teacher", "relevant", "input_variance", "noise_variance")


def channel_information(kernel: np.ndarray, snr: float) -> np.ndarray:
    """I(X;T) in bits of T = kernel' X + noise, kernel (..., in, unit), X ~ N(0, snr I), noise ~ N(0, I): (...)."""
    return np.log2(1 + snr * _singular(kernel)[1] ** 2).sum(-1) / 2


def target_information(
    kernel: np.ndarray, teacher: np.ndarray, input_variance: float, target_noise: float, variance: float
) -> np.ndarray:
    """I(T;Y) in bits of T = kernel' X + noise of `variance` and Y = teacher·X + noise of variance `target_noise`."""
    directions, sizes = _singular(kernel)
    shared = input_variance * sizes * (teacher @ directions)
    explained = (shared**2 / (input_variance * sizes**2 + variance)).sum(-1)
    return -np.log2(1 - explained / (input_variance * teacher @ teacher + target_noise)) / 2


def _singular(kernel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Left singular vectors (..., in, k) and values (..., k) of kernels (..., in, unit); NaN of a diverged network.

    Along these directions T is independent, however large the weights are: determinants would lose all digits.
    """
    known = np.isfinite(kernel).all((-2, -1))
    directions, sizes, _ = np.linalg.svd(np.where(known[..., None, None], kernel, 0), full_matrices=False)
    return directions, np.where(known[..., None], sizes, np.nan)


def excess_error(kernel: np.ndarray, bias: np.ndarray, teacher: np.ndarray, input_variance: float) -> np.ndarray:
    """Expected squared error of kernel' X + bias on the teacher·X of a new X (...): kernel (..., in, 1), bias (..., 1).

    On a new target it is larger by the variance of the target's noise.
    """
    return input_variance * ((kernel[..., 0] - teacher) ** 2).sum(-1) + bias[..., 0] ** 2


class Gaussian(Estimator):
    """Exact I(X;T + noise) and I(T + noise;Y) of linear networks of a linear teacher, from their weights.

    Without noise a linear layer would tell infinitely much; how much of it is a choice, and the same for all.
    """

    quantities: ClassVar[tuple[str, ...]] = ("I_XT", "I_TY", "I_ST", "I_XT_given_S", "I_NT")
    reads_classes: ClassVar[bool] = False

    kind: Literal["gaussian"] = "gaussian"
    noise_variance: Magnitude = Field(1.0, description="Variance of the Gaussian noise added to each unit.")

    def misfits(self, condition: Any, samples: int, features: int) -> Iterator[tuple[str, str]]:
        """Classes, or hidden units that are not linear."""
        yield from super().misfits(condition, samples, features)
        if condition.output == "linear" and condition.activation != "linear":
            yield "kind", f"allowed: with `activation: linear`, not {condition.activation}"

    def measure(self, training: xr.DataTree, dataset: xr.Dataset) -> xr.Dataset:
        """`quantities` of every layer; `generalisation_error`, and `excess_error` above the noise (replicate, epoch).

        Raises ValueError where the network is not linear, or the data have no linear teacher.
        """
        nodes = [node for _, node in layers(training)]
        found = {node.attrs["activation"] for node in nodes}
        if "teacher" not in dataset or found != {"linear"}:
            raise ValueError(
                f"gaussian: found layers that are {', '.join(sorted(found))}; allowed: linear ones, trained on a linear"
                " teacher"
            )
        dataset = read(dataset, *KNOWN)
        chosen = nodes[0].epoch[self.measured(nodes[0].sizes["epoch"])]
        weights = [node[["weight", "bias"]].sel(epoch=chosen).load() for node in nodes]
        kernel, bias, measured = np.eye(dataset.sizes["feature"]), np.zeros(dataset.sizes["feature"]), []
        for node in weights:
            weight = node["weight"].transpose("replicate", "epoch", ...).values.astype(float)
            bias = (bias[..., None, :] @ weight)[..., 0, :] + node["bias"].transpose("replicate", "epoch", ...).values
            kernel = kernel @ weight
            measured.append(self._layer(kernel, dataset))
        excess = excess_error(kernel, bias, dataset.teacher.values, float(dataset.input_variance))
        errors = {"generalisation_error": excess + float(dataset.noise_variance), "excess_error": excess}
        coords = {"replicate": nodes[0].replicate, "epoch": chosen, "layer": np.arange(1, len(nodes) + 1)}
        values = dict(zip(self.quantities, np.stack(measured, axis=-1), strict=True))
        result = xr.Dataset({name: (tuple(coords), value) for name, value in values.items()}, coords)
        of_network = {name: (("replicate", "epoch"), value) for name, value in errors.items()}
        return derive(result.assign(of_network), dataset)

    def _layer(self, kernel: np.ndarray, dataset: xr.Dataset) -> np.ndarray:
        """The `quantities` of a layer, (quantity, replicate, epoch), of kernels (replicate, epoch, in, unit)."""
        variance, snr = float(dataset.input_variance), float(dataset.input_variance) / self.noise_variance
        known = (dataset.teacher.values, variance, float(dataset.noise_variance), self.noise_variance)
        relevant = dataset.relevant.values.astype(bool)
        i_xt, given_s, given_n = (
            channel_information(kernel[..., kept, :], snr) for kept in (slice(None), ~relevant, relevant)
        )
        return np.stack([i_xt, target_information(kernel, *known), i_xt - given_s, given_s, i_xt - given_n])
