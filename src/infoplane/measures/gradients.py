"""The signal-to-noise ratio of the gradients, and the change from drift to diffusion [ST17, fig. 4]."""

from __future__ import annotations

from typing import Literal

import numpy as np
import xarray as xr

from infoplane.measures.base import Measure, layers
from infoplane.measures.derived import describe

ATTRIBUTES = {
    "gradient_mean": ("1", "norm of the mean gradient over batches / norm of the weights"),
    "gradient_std": ("1", "norm of the gradients' standard deviation over batches / norm of the weights"),
    "gradient_snr": ("1", "gradient signal-to-noise ratio: mean / standard deviation"),
    "phase_change": ("epochs", "epoch at which drift (mean > standard deviation) gives way to diffusion"),
}


def phase_change(snr: np.ndarray, epoch: np.ndarray) -> np.ndarray:
    """The epoch at which drift (SNR > 1) gives way to diffusion (SNR < 1): snr (..., epoch) -> (...).

    Single crossings of 1 are noise near the change, so it is put where the sum of log SNR up to it is
    greatest: the split that best separates SNR > 1 from SNR < 1. Between the two snapshots it is
    interpolated, log SNR linear in log(1 + epoch). NaN where there is no change: all drift (as in full-batch
    training, where the SNR is infinite), all diffusion, or a diverged network.
    """
    limit = 1e6  # an infinite SNR must not outvote every other snapshot
    with np.errstate(divide="ignore"):
        log_snr = np.log(np.clip(snr, 1 / limit, limit))
    last_drift = np.argmax(np.cumsum(log_snr, axis=-1), axis=-1)
    after = np.minimum(last_drift + 1, len(epoch) - 1)
    above, below = (np.take_along_axis(log_snr, i[..., None], -1)[..., 0] for i in (last_drift, after))
    changes = (above >= 0) & (below < 0)
    share = above / np.where(changes, above - below, 1)
    log_epoch = np.log1p(epoch)
    change = np.expm1(log_epoch[last_drift] + share * (log_epoch[after] - log_epoch[last_drift]))
    return np.where(changes & ~np.isnan(snr).any(-1), change, np.nan)


class Gradients(Measure):
    """Mean and standard deviation of the gradient over batches, their ratio, and the phase change, by layer.

    Full batch: the standard deviation is 0, so the ratio is infinite (NaN if the mean is 0 too) and no phase
    change exists.
    """

    kind: Literal["gradients"] = "gradients"

    def measure(self, training: xr.DataTree, dataset: xr.Dataset) -> xr.Dataset:
        """Mean, deviation and SNR (replicate, epoch, layer), phase change (replicate, layer)."""
        result = xr.concat([self._layer(number, node) for number, node in layers(training)], "layer")
        for name, (units, long_name) in ATTRIBUTES.items():
            result[name].attrs = {"units": units, "long_name": long_name}
        return describe(result)

    def _layer(self, number: int, node: xr.Dataset) -> xr.Dataset:
        names = ["gradient_mean_norm", "gradient_std_norm", "weight_norm"]
        mean, std, weight = (node[name].load().astype(np.float64).drop_attrs() for name in names)
        snr = mean / std
        change = xr.apply_ufunc(
            phase_change, snr, snr.epoch, input_core_dims=[["epoch"], ["epoch"]], output_core_dims=[[]]
        )
        result = xr.Dataset(
            {
                "gradient_mean": mean / weight,
                "gradient_std": std / weight,
                "gradient_snr": snr,
                "phase_change": change,
            }
        )
        return result.assign_coords(layer=number)
