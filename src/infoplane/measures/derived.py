"""What follows from I(X;T) and I(T;Y) in each replicate: compression, violations of data processing."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr

from infoplane.measures.entropy import entropy

# Below this an excess is rounding, not a violation.
TOLERANCE_BITS = 1e-9
# The onset is where this share of the compression is lost for good: I(X;T) can be flat, or noisy, around its
# peak.
ONSET_SHARE = 0.05

# Shares of log(1 + epoch) of the whole training, from where on the way of the weights counts.
SINCE = (0.1, 0.85)

# So near to log2 of the number of samples, all are told apart: more could not be seen.
SATURATION_BITS = 0.1

# What every estimator that gives the plane stores with it.
DERIVED = ("compression", "saturated", "dpi_excess_XT", "dpi_excess_TY")

ATTRIBUTES = {
    "I_XT": ("bits", "I(X;T)"),
    "I_TY": ("bits", "I(T;Y)"),
    "H_T": ("bits", "H(T)"),
    "I_ST": ("bits", "I(S;T): what T tells of the class of X on which alone Y depends"),
    "I_XT_given_S": ("bits", "I(X;T|S): what T tells of X within its class, of no use to any label"),
    "I_NT": ("bits", "I(N;T): what T tells of the nuisance N, the inputs of which Y is independent"),
    "generalisation_error": ("1", "generalisation error: expected squared error on a new sample"),
    "excess_error": ("1", "generalisation error above the noise of the target"),
    "saturated": ("1", f"whether I(X;T) is within {SATURATION_BITS} bits of log2 of the number of samples"),
    "H_T_given_Y": ("bits", "H(T|Y)"),
    "I_XT_standard_error": ("bits", "standard error of I(X;T) over the Monte Carlo draws"),
    "I_TY_standard_error": ("bits", "standard error of I(T;Y) over the Monte Carlo draws"),
    "noise_variance": ("1", "variance of the Gaussian noise added to each unit"),
    "shares_cell": ("1", "whether an input shares the chosen input's cell"),
    "specific_XT": ("bits", "information on X of the chosen input's cell, -log2 p(t)"),
    "specific_TY": ("bits", "information on Y of the chosen input's cell"),
    "compression": ("bits", "compression: peak minus final I(X;T)"),
    "compression_onset": ("epochs", "last epoch at which less than 5 % of the compression is lost"),
    "dpi_excess_XT": ("bits", "I(X;T) above that of the layer before (first layer: above H(X))"),
    "dpi_excess_TY": ("bits", "I(T;Y) above that of the layer before (first layer: above I(X;Y))"),
    "dpi_count_XT": ("layers", "layers that violate data processing in I(X;T)"),
    "dpi_count_TY": ("layers", "layers that violate data processing in I(T;Y)"),
    "range_min": ("1", "lower end of the bins"),
    "range_max": ("1", "upper end of the bins"),
    "replicate": ("1", "number of the replicate"),
    "epoch": ("epochs", "completed epochs"),
    "layer": ("1", "number of the layer, counted from the input"),
    "bound": ("1", "kind of bound"),
}


def describe(measurement: xr.Dataset, own: Mapping[str, tuple[str, str]] | None = None) -> xr.Dataset:
    """Give every variable its `units` and `long_name`, whatever it has inherited: those above, and a measure's `own`.

    Other attributes stay.
    """
    described = measurement.transpose("replicate", "epoch", "layer", ..., missing_dims="ignore")
    for name, (units, long_name) in (ATTRIBUTES | dict(own or {})).items():
        if name in described.variables:
            described[name].attrs |= {"units": units, "long_name": long_name}
    return described


def derive(measurement: xr.Dataset, dataset: xr.Dataset) -> xr.Dataset:
    """Add compression, saturation and data-processing violations to a measurement (replicate, epoch, layer)."""
    h_x, i_xy = limits(dataset)
    if "I_XT" in measurement:
        most = np.log2(dataset.sizes["sample"]) - SATURATION_BITS if np.isfinite(h_x) else np.inf
        measurement = measurement.merge(compression(measurement.I_XT)).assign(saturated=most <= measurement.I_XT)
    for name, limit in (("XT", h_x), ("TY", i_xy)):
        if f"I_{name}" in measurement:
            excess = data_processing_excess(measurement[f"I_{name}"], limit)
            measurement[f"dpi_excess_{name}"] = excess
            # NaN where the network has diverged, as in everything else
            count = (excess > 0).sum("layer").where(excess.notnull().all("layer"))
            measurement[f"dpi_count_{name}"] = count
    return describe(measurement)


def limits(dataset: xr.Dataset) -> tuple[xr.DataArray, xr.DataArray]:
    """H(X) and I(X;Y) in bits: the most that I(X;T) and I(T;Y) can be; of a Gaussian channel, without end and known."""
    if "teacher" in dataset:
        signal = dataset.input_variance * (dataset.teacher**2).sum()
        return xr.DataArray(np.inf), np.log2(1 + signal / dataset.noise_variance) / 2
    h_y = entropy(dataset.p_x @ dataset.p_y_given_x, "class")
    return entropy(dataset.p_x, "sample"), h_y - (dataset.p_x * entropy(dataset.p_y_given_x, "class")).sum()


def compression(information: xr.DataArray) -> xr.Dataset:
    """Peak minus final I(X;T) in bits, and its onset in epochs; NaN onset without compression.

    The onset is the last snapshot at which I(X;T) is still within 5 % of the compression from its peak.
    """
    peak = information.max("epoch", skipna=False)
    amount = peak - information.isel(epoch=-1, drop=True)
    near_peak = peak - information <= ONSET_SHARE * amount
    onset = information.epoch.where(near_peak & (amount > 0)).max("epoch")
    return xr.Dataset({"compression": amount, "compression_onset": onset})


def data_processing_excess(information: xr.DataArray, limit: float | xr.DataArray) -> xr.DataArray:
    """By how much each layer's information exceeds that of the layer before (`limit` for the first), in bits.

    0 where I(T_i) <= I(T_{i-1}), as the data-processing inequality demands.
    """
    before = information.shift(layer=1)
    before = before.where(information.layer != information.layer[0], limit)
    excess = information - before
    return excess.where(~(excess <= TOLERANCE_BITS), 0.0).astype(np.float64)
