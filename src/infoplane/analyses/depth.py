"""Does depth help? Epochs to a given error and to a given compression, by the number of layers ([ST17] fig. 6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

import numpy as np
import xarray as xr
from pydantic import Field

from infoplane.analyses.base import EXPERIMENT, Experiments, InformationAnalysis, Run, errors, result, stated
from infoplane.section import Float, Positive
from infoplane.statistics import epochs_until, epochs_until_compressed, interval, rank_correlation

ERROR = "Held-out error to reach, a share."
COMPRESSION = "Compression of the output layer to reach: I(X;T) below its peak so far, in bits."
Error = Annotated[Float, Field(gt=0, lt=1)]


class Depth(InformationAnalysis):
    """Epochs until the held-out error, and until the compression of the output layer, reach a target."""

    reads_curves: ClassVar[bool] = True

    kind: Literal["depth"] = "depth"
    experiment: Experiments = Field("depth", description=EXPERIMENT)
    error: Error = Field(0.1, description=ERROR)
    compression: Positive = Field(1.5, description=COMPRESSION)

    def analyse(self, runs: Sequence[Run]) -> xr.DataTree:
        """By condition: epochs to each target (replicate), their median, how many networks arrive, `hidden_layers`.

        Epochs are infinite where a network never arrives. The root has the rank correlation of the number of hidden
        layers with either, over all networks (interval).
        """
        error = [epochs_until(errors(run)["test_error"], self.error) for run in runs]
        compression = [epochs_until_compressed(self._output(run), self.compression) for run in runs]
        depths = [len(run.condition.hidden) for run in runs]
        found = [_of(*epochs, depth) for *epochs, depth in zip(error, compression, depths, strict=True)]
        pooled = {
            "correlation_error": _correlation(error, depths, f"epochs to error {self.error:g}"),
            "correlation_compression": _correlation(compression, depths, f"epochs to {self.compression:g} bits"),
        }
        return result(runs, found, xr.Dataset(pooled), error=self.error, compression=self.compression)

    def _output(self, run: Run) -> xr.DataArray:
        return self.information(run)["I_XT"].isel(layer=-1, drop=True)


def _of(to_error: xr.DataArray, to_compression: xr.DataArray, hidden_layers: int) -> xr.Dataset:
    both = xr.merge([to_error.rename("error"), to_compression.rename("compression")], join="inner")
    found = {"hidden_layers": stated(xr.DataArray(hidden_layers), "1", "hidden layers")}
    for name, target in (("error", "held-out error"), ("compression", "output layer's compression")):
        arrived = np.isfinite(both[name]).sum()
        median = xr.DataArray(np.median(both[name]))  # of numbers and infinities
        found[f"epochs_to_{name}"] = stated(both[name], "epochs", f"epochs until the {target} is reached")
        found[f"epochs_to_{name}_median"] = stated(median, "epochs", f"median of the epochs until the {target}")
        found[f"reached_{name}"] = stated(arrived, "1", f"networks that reach the {target}")
        found[f"never_{name}"] = stated(
            both.sizes["replicate"] - arrived, "1", f"networks that never reach the {target}"
        )
    return xr.Dataset(found)


def _correlation(epochs: Sequence[xr.DataArray], depths: Sequence[int], name: str) -> xr.DataArray:
    layers = xr.DataArray(np.array(depths, float), dims="condition")
    together = xr.concat(epochs, "condition", join="inner")
    long_name = f"rank correlation of layers, {name}"
    return interval(lambda e: depth_correlation(e, layers), together, units="1", long_name=long_name)


def depth_correlation(epochs: xr.DataArray, depths: xr.DataArray) -> xr.DataArray:
    """Rank correlation of epochs (..., condition, replicate) with depths (condition) over all networks.

    Networks that never arrive (infinite) rank last, together.
    """
    flat = [
        values.drop_vars("replicate", errors="ignore")
        .rename(replicate="network")
        .stack(replicate=("condition", "network"), create_index=False)
        for values in (epochs, depths.broadcast_like(epochs))
    ]
    return rank_correlation(*flat)
