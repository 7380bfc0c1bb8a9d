"""Information of a noisy network's layer, by Monte Carlo [Goldfeld et al. 2019]."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
import xarray as xr
from pydantic import Field

from infoplane.measures.base import Layer
from infoplane.measures.entropy import xlog2x
from infoplane.measures.kde import Noise, noise_entropy
from infoplane.measures.mixture import components, density_ratios
from infoplane.section import Int


def monte_carlo(
    points: np.ndarray, p_ty: np.ndarray, variance: float, draws: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """I(X;T+Z) and I(T+Z;Y) in bits, and their standard errors: two arrays of 2.

    points (component, unit), p_ty (component, class). Over draws of T and Z, at q = T + Z:
        I(X;T+Z) = E log2 N(q; T, σ²) / p(q),   I(T+Z;Y) = H(Y) - E H(Y|q).
    """
    rng = np.random.default_rng(seed)
    source = rng.choice(len(points), size=draws, p=p_ty.sum(1) / p_ty.sum())
    noise = rng.normal(scale=np.sqrt(variance), size=(draws, points.shape[1]))
    ratios = density_ratios(points, p_ty, variance, source, noise)
    total = ratios.sum(1)
    information_x = -np.log2(total)
    information_y = xlog2x(ratios / total[:, None]).sum(1) - xlog2x(p_ty.sum(0)).sum()
    drawn = np.stack([information_x, information_y])
    return drawn.mean(1), drawn.std(1, ddof=1) / np.sqrt(draws)


def noisy_information(
    activation: xr.DataArray,
    p_x: xr.DataArray,
    p_y_given_x: xr.DataArray,
    noise_variance: xr.DataArray | float,
    *,
    draws: int = 4096,
    seed: xr.DataArray | int = 0,
) -> xr.Dataset:
    """I_XT, I_TY, H_T in bits of T + Z, and the standard errors of the first two.

    activation (..., sample, unit), Z ~ N(0, noise_variance); `noise_variance` and `seed` broadcast against
    the leading dimensions. H_T is the differential entropy of T + Z.
    """

    def kernel(
        activation: np.ndarray, p_x: np.ndarray, p_y_given_x: np.ndarray, variance: np.ndarray, seed: np.ndarray
    ) -> tuple[np.ndarray, ...]:
        leading = activation.shape[:-2]
        rows = activation.reshape(-1, *activation.shape[-2:])
        variances, seeds = (np.broadcast_to(a, leading).reshape(-1) for a in (variance, seed))
        result = np.full((2, 2, len(rows)), np.nan)
        for i, mixture in enumerate(components(rows, p_x[:, None] * p_y_given_x)):
            if mixture is not None and len(mixture[0]) == 1:
                result[..., i] = 0.0  # a dead layer tells nothing, even where its spread, and so the noise, is 0
            elif mixture is not None:
                result[..., i] = monte_carlo(*mixture, variances[i], draws, seeds[i])
        return tuple(r.reshape(leading) for r in result.reshape(4, -1))

    noise_variance, seed = xr.DataArray(noise_variance), xr.DataArray(seed)
    i_xt, i_ty, error_xt, error_ty = xr.apply_ufunc(
        kernel,
        *(activation, p_x, p_y_given_x, noise_variance, seed),
        input_core_dims=[["sample", "unit"], ["sample"], ["sample", "class"], [], []],
        output_core_dims=[[]] * 4,
    )
    h_t = i_xt + noise_entropy(activation.sizes["unit"], noise_variance)
    errors = {"I_XT_standard_error": error_xt, "I_TY_standard_error": error_ty}
    return xr.Dataset({"I_XT": i_xt, "I_TY": i_ty, "H_T": h_t} | errors)


class Noisy(Noise):
    """I(X;T+Z) and I(T+Z;Y) with Gaussian noise Z, by Monte Carlo, with standard errors [G19].

    Where activations are nearly separated (several σ apart), what is missing hangs on rare draws that may not occur:
    the standard error is then too small, beside an error of the order of 1e-4 bits. The draws of a replicate and
    snapshot depend on `seed`, replicate, epoch and layer alone.
    """

    kind: Literal["noisy"] = "noisy"
    draws: Annotated[Int, Field(ge=2, le=10**7)] = Field(4096, description="Monte Carlo draws per snapshot and layer.")
    seed: Annotated[Int, Field(ge=0)] = Field(0, description="Seed of the Monte Carlo draws.")

    def information(self, activation: xr.DataArray, dataset: xr.Dataset, layer: Layer) -> xr.Dataset:
        """Estimates, standard errors and the `noise_variance` (replicate)."""
        variance = self.variance(activation, dataset)
        epoch = int(activation.epoch)
        seeds = [
            np.random.SeedSequence([self.seed, int(r), epoch, layer.number]).generate_state(1, np.uint64)[0]
            for r in activation.replicate
        ]
        result = noisy_information(
            *(activation, dataset.p_x, dataset.p_y_given_x, variance),
            draws=self.draws,
            seed=activation.replicate.copy(data=np.array(seeds, np.uint64)),
        )
        return result.assign(noise_variance=variance)
