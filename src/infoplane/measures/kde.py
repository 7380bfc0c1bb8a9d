"""Kernel bounds on the entropy of a Gaussian mixture [Kolchinsky & Tracey 2017; Saxe et al. 2018]."""

from __future__ import annotations

from typing import Literal

import numpy as np
import xarray as xr
from pydantic import Field

from infoplane.measures.base import Layer, LayerEstimator
from infoplane.measures.mixture import components, pairwise_sums
from infoplane.section import Magnitude

BOUNDS = ("lower", "upper")


def mixture_bounds(points: np.ndarray, p_ty: np.ndarray, variance: float) -> tuple[np.ndarray, np.ndarray]:
    """I(X;T+Z) and I(T+Z;Y) in bits, each (lower, upper), of T + Z, Z ~ N(0, variance).

    points (component, unit), p_ty (component, class). With d the distance of two components, the entropy of
    the mixture is
        H(T+Z) = H(Z) - Σ_i p_i log Σ_j p_j exp(-d_ij² / cσ²),  c = 2: upper (Kullback-Leibler), c = 8: lower
        bound
    (Bhattacharyya), [KT17, eqs. 10, 12]; H(T+Z|Y) likewise within each class.
    """
    p_y = p_ty.sum(0)
    upper, lower = pairwise_sums(points, p_ty, variance)
    i_xt, i_ty = [], []
    for sums in (lower, upper):
        log_t = np.log2(sums.sum(1))
        log_ty = np.log2(np.maximum(sums / np.where(p_y > 0, p_y, 1), np.finfo(np.float64).tiny))
        i_xt.append(-(p_ty.sum(1) * log_t).sum())
        i_ty.append((p_ty * (log_ty - log_t[:, None])).sum())
    return np.array(i_xt), np.array(i_ty)


def kde_information(
    activation: xr.DataArray,
    p_x: xr.DataArray,
    p_y_given_x: xr.DataArray,
    noise_variance: xr.DataArray | float,
) -> xr.Dataset:
    """I_XT, I_TY, H_T (..., bound) in bits of T + Z, for activations (..., sample, unit) and Z ~ N(0,
    noise_variance).

    `bound` is lower, upper. H_T is the differential entropy of T + Z. I_TY is the difference of the bounds of
    H(T+Z) and H(T+Z|Y) of one kind, as in [S18], which bounds nothing by itself; I_TY = H_T - H_T_given_Y.
    `noise_variance` broadcasts against the leading dimensions.
    """

    def kernel(
        activation: np.ndarray, p_x: np.ndarray, p_y_given_x: np.ndarray, variance: np.ndarray
    ) -> tuple[np.ndarray, ...]:
        rows = activation.reshape(-1, *activation.shape[-2:])
        variances = np.broadcast_to(variance, activation.shape[:-2]).reshape(-1)
        result = np.full((2, len(rows), len(BOUNDS)), np.nan)
        for i, mixture in enumerate(components(rows, p_x[:, None] * p_y_given_x)):
            if mixture is not None and len(mixture[0]) == 1:
                result[:, i] = 0.0  # a dead layer tells nothing, even where its spread, and so the noise, is 0
            elif mixture is not None:
                result[:, i] = mixture_bounds(*mixture, variances[i])
        return tuple(result.reshape(2, *activation.shape[:-2], len(BOUNDS)))

    core = [["sample", "unit"], ["sample"], ["sample", "class"], []]
    noise_variance = xr.DataArray(noise_variance)
    i_xt, i_ty = xr.apply_ufunc(
        kernel,
        *(activation, p_x, p_y_given_x, noise_variance),
        input_core_dims=core,
        output_core_dims=[["bound"]] * 2,
    )
    h_t = i_xt + noise_entropy(activation.sizes["unit"], noise_variance)
    result = xr.Dataset({"I_XT": i_xt, "I_TY": i_ty, "H_T": h_t, "H_T_given_Y": h_t - i_ty})
    return result.assign_coords(bound=list(BOUNDS))


def noise_entropy(units: int, variance: xr.DataArray) -> xr.DataArray:
    """Differential entropy in bits of Gaussian noise of `variance` in each of `units` units."""
    with np.errstate(divide="ignore"):
        return units / 2 * xr.ufuncs.log2(2 * np.pi * np.e * variance)


def spread(activation: xr.DataArray, p_x: xr.DataArray) -> xr.DataArray:
    """The variance of activations (..., sample, unit) over p(x), mean over units."""
    mean = xr.dot(activation, p_x, dim="sample")
    return xr.dot((activation - mean) ** 2, p_x, dim="sample").mean("unit", skipna=False)


class Noise(LayerEstimator):
    """An estimator that adds Gaussian noise to the activations."""

    noise_variance: Magnitude = Field(1.0e-3, description="Variance of the Gaussian noise added to each unit.")
    relative: bool = Field(
        False,
        description="Take `noise_variance` as a share of the layer's spread: the variance over inputs of its "
        "activations in the snapshot, mean over units.",
    )

    def variance(self, activation: xr.DataArray, dataset: xr.Dataset) -> xr.DataArray:
        """The variance of the noise (replicate) in one snapshot of a layer."""
        if self.relative:
            return self.noise_variance * spread(activation, dataset.p_x)
        return xr.full_like(activation.isel(sample=0, unit=0, drop=True), self.noise_variance, np.float64)


class Kde(Noise):
    """Kernel bounds on I(X;T+Z), upper and lower, Z Gaussian noise; I(T+Z;Y) of each kind [KT17, S18]."""

    kind: Literal["kde"] = "kde"

    def information(self, activation: xr.DataArray, dataset: xr.Dataset, layer: Layer) -> xr.Dataset:
        """Bounds (replicate, bound), and the `noise_variance` (replicate)."""
        variance = self.variance(activation, dataset)
        result = kde_information(activation, dataset.p_x, dataset.p_y_given_x, variance)
        return result.assign(noise_variance=variance)
