"""The signal-to-noise ratio of the gradients, and the change from drift to diffusion [ST17, fig. 4]."""

from __future__ import annotations

from typing import Literal

import numpy as np
import xarray as xr

from infoplane.measures.base import Measure, layers
from infoplane.measures.derived import describe

KNOTS = 128  # snapshots tried as ends of the fall; of more, evenly chosen ones
LIMIT = 1e6  # an infinite SNR must not outvote every other snapshot
PARAMETERS = 3  # that a fall has more than a constant: start, end, and depth

ATTRIBUTES = {
    "gradient_mean": ("1", "norm of the mean gradient over batches / norm of the weights"),
    "gradient_std": ("1", "norm of the gradients' standard deviation over batches / norm of the weights"),
    "gradient_snr": ("1", "gradient signal-to-noise ratio: mean / standard deviation"),
    "phase_change": ("epochs", "epoch at which drift (mean > standard deviation) gives way to diffusion"),
    "snr_before": ("1", "gradient signal-to-noise ratio before the fall into diffusion"),
    "snr_after": ("1", "gradient signal-to-noise ratio after the fall into diffusion"),
    "network_phase_change": ("epochs", "phase change of the network: of the median log SNR over its layers"),
}


def phase_change(snr: np.ndarray, epoch: np.ndarray) -> tuple[np.ndarray, ...]:
    """When drift gives way to diffusion, and the SNR before and after: snr (..., epoch) -> three arrays (...).

    The ratio of one epoch is noisy and, before the change, can stay around 1 for hundreds of epochs, so its
    crossings of 1 date nothing. Instead log SNR is fitted by least squares with a level, a fall that is
    linear in log(1 + epoch), and a second level; the change is where the fall has begun and the fit is at most
    1: the onset of the fall if the first level is below 1, else the crossing. Two constants (a fall that takes
    no time) and a broken line (one that never ends) are special cases. The first alone would give the middle
    of a slow fall, the second alone too early an onset where the SNR levels off.

    NaN, all three, where there is no change: the best fit rises; it ends above 1; it falls below 1 from the
    first snapshot on; it is no better than a constant by the Bayesian information criterion (one white noise
    in a hundred passes); the SNR is infinite throughout, as in full-batch training; or the network diverged.
    """
    log_snr = np.log(np.clip(snr, 1 / LIMIT, LIMIT))
    start, end, before, slope, share = _fit_ramp(log_snr, np.log1p(epoch))
    after = before + slope
    n = len(epoch)
    begins = (before > 0) | (start > np.log1p(epoch[0]))
    changes = begins & (slope < 0) & (after < 0) & (1 - share < n ** (-PARAMETERS / n))
    crossing = np.where(changes & (before > 0), -before / np.where(changes, slope, 1), 0)
    change = np.expm1(start + crossing * (end - start))
    return tuple(np.where(changes, a, np.nan) for a in (change, np.exp(before), np.exp(after)))


def _fit_ramp(y: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, ...]:
    """Least squares of y (..., point) by a level up to `start`, a line to `end`, and a level from there on.

    Returns start, end (values of x), the first level, the step to the second, and the share of the variance
    of y that the fit explains, each (...).
    """
    knots = np.unique(np.linspace(0, len(x) - 1, min(len(x), KNOTS)).round().astype(int))
    first = y[..., :1]
    centred = y - first - (y - first).mean(-1, keepdims=True)  # exactly 0 for a constant
    best = np.full((5, *y.shape[:-1]), np.nan)
    explained = np.full(y.shape[:-1], -1.0)
    for start, ends in ((x[k], x[knots[i + 1 :]]) for i, k in enumerate(knots[:-1])):
        ramps = np.clip((x - start) / (ends - start)[:, None], 0, 1)
        mean = ramps.mean(-1)
        deviation = ramps - mean[:, None]
        size = (deviation**2).sum(-1)
        step = centred @ deviation.T / size
        end = np.argmax(step**2 * size, axis=-1)
        of_end = np.take_along_axis(step, end[..., None], -1)[..., 0]
        gain = of_end**2 * size[end]
        fit = np.stack(np.broadcast_arrays(start, ends[end], y.mean(-1) - of_end * mean[end], of_end, gain))
        best = np.where(gain > explained, fit, best)
        explained = np.fmax(explained, gain)
    total = (centred**2).sum(-1)
    best[4] /= np.where(total > 0, total, 1)
    return tuple(best)


class Gradients(Measure):
    """Mean and standard deviation of the gradient over batches, their ratio, and the phase change, by layer.

    Full batch: the standard deviation is 0, so the ratio is infinite (NaN if the mean is 0 too) and no phase
    change exists.
    """

    kind: Literal["gradients"] = "gradients"

    def measure(self, training: xr.DataTree, dataset: xr.Dataset) -> xr.Dataset:
        """Mean, deviation and SNR (replicate, epoch, layer); phase change and the SNR before and after
        (replicate, layer); the network's phase change (replicate)."""
        result = xr.concat([self._layer(number, node) for number, node in layers(training)], "layer")
        return dated(result)

    def _layer(self, number: int, node: xr.Dataset) -> xr.Dataset:
        names = ["gradient_mean_norm", "gradient_std_norm", "weight_norm"]
        mean, std, weight = (node[name].load().astype(np.float64) for name in names)
        result = xr.Dataset({"gradient_mean": mean / weight, "gradient_std": std / weight, "gradient_snr": mean / std})
        return result.assign_coords(layer=number)


def dated(measured: xr.Dataset) -> xr.Dataset:
    """A measurement with what follows from its `gradient_snr` (replicate, epoch, layer), of any epochs."""
    snr = measured["gradient_snr"]
    with np.errstate(divide="ignore"):
        typical = xr.ufuncs.exp(xr.ufuncs.log(snr).median("layer", skipna=False))
    names = ("phase_change", "snr_before", "snr_after")
    found = dict(zip(names, _changes(snr), strict=True)) | {"network_phase_change": _changes(typical)[0]}
    return describe(measured.assign(found), ATTRIBUTES)


def _changes(snr: xr.DataArray) -> tuple[xr.DataArray, ...]:
    return xr.apply_ufunc(
        phase_change, snr, snr.epoch, input_core_dims=[["epoch"], ["epoch"]], output_core_dims=[[]] * 3
    )
