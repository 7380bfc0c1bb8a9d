"""Drift and diffusion: mean and standard deviation of the gradient, layer by layer ([ST17] fig. 4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
import xarray as xr

from infoplane.analyses.base import Analysis, Run, banded, complete, result, stated
from infoplane.analyses.moments import transition

NORMS = {"gradient_mean": "mean gradient", "gradient_std": "gradient's standard deviation"}


class GradientSNR(Analysis):
    """Norms of the mean and of the standard deviation of the gradient over batches, their ratio, and its fall."""

    measures: ClassVar[tuple[str, ...]] = ("gradients",)
    needs: ClassVar[tuple[str, ...]] = ()

    kind: Literal["gradient_snr"] = "gradient_snr"

    def analyse(self, runs: Sequence[Run]) -> xr.DataTree:
        """By condition: bands (epoch, layer), `snr_first`, `snr_last`, transitions (layer), `transition_epoch`."""
        return result(runs, [self._of(run) for run in runs])

    def _of(self, run: Run) -> xr.Dataset:
        change, network = run.measurements["gradients"]["phase_change"], transition(run)
        norms = complete(run.measurements["gradients"][[*NORMS]])
        snr = (norms["gradient_mean"] / norms["gradient_std"]).median("replicate")
        found: dict[str, xr.DataArray] = {}
        for name, norm in NORMS.items():
            found |= banded(norms[name], name, "1", f"norm of the {norm} / norm of the weights", center="median")
        when = xr.DataArray(np.nan if network is None else network)
        found["transition_epoch"] = stated(when, "epochs", "change from drift to diffusion, median over replicates")
        layers = stated(change.median("replicate"), "epochs", "the layer's change to diffusion, median over replicates")
        found["transition_epoch_by_layer"] = layers
        count = change.notnull().sum("replicate")
        found["replicates_with_transition"] = stated(count, "1", "replicates in which the layer changes to diffusion")
        for end, place in (("first", 0), ("last", -1)):
            at = snr.isel(epoch=place, drop=True)
            found[f"snr_{end}"] = stated(at, "1", f"median of mean / standard deviation in the {end} epoch")
        return xr.Dataset(found, attrs={"replicates_used": norms.sizes["replicate"]})
