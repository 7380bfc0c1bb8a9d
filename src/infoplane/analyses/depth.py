"""Does depth help? Epochs to given errors and to a given compression, by the number of layers ([ST17] fig. 6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

import numpy as np
import xarray as xr
from pydantic import Field

from infoplane.analyses.base import EXPERIMENT, Experiments, InformationAnalysis, Run, complete, result, stated
from infoplane.section import Float, Positive
from infoplane.statistics import (
    bootstrap_interval,
    epochs_until,
    epochs_until_compressed,
    rank_correlation,
    smoothed,
)

ERRORS = "Held-out errors to reach, shares."
COMPRESSION = "Compression of the output layer to reach: I(X;T) below its peak so far, in bits."
Errors = Annotated[tuple[Annotated[Float, Field(gt=0, lt=1)], ...], Field(min_length=1)]


class Depth(InformationAnalysis):
    """Epochs until the held-out error, and the compression of the output layer, reach their targets.

    Each experiment is a series of depths of its own: what else differs between depths is up to it.
    """

    reads_curves: ClassVar[bool] = True

    kind: Literal["depth"] = "depth"
    experiment: Experiments = Field("depth", description=EXPERIMENT)
    errors: Errors = Field((0.1, 0.05), description=ERRORS)
    compression: Positive = Field(1.0, description=COMPRESSION)

    def analyse(self, runs: Sequence[Run]) -> xr.DataTree:
        """By condition: epochs to each target (target, replicate), their median, how many arrive, `hidden_layers`.

        Epochs are infinite where a network never arrives: it needs more than it was trained (censored).
        The root has, by series and target (interval), `trend`: the rank correlation of hidden layers and epochs from
        two layers on, and `step`: the probability that a network of two hidden layers is faster than one of one.
        """
        epochs = [self._epochs(run) for run in runs]
        series: dict[str, list[tuple[int, xr.DataArray]]] = {}
        for run, times in zip(runs, epochs, strict=True):
            series.setdefault(run.experiment, []).append((len(run.condition.hidden), times))
        targets = epochs[0]["target"].values
        by_series = {
            statistic: xr.concat(
                [
                    xr.concat([of(name, found, str(t)) for t in targets], xr.Variable("target", targets))
                    for name, found in series.items()
                ],
                xr.Variable("series", list(series)),
                combine_attrs="override",
            ).assign_attrs(long_name=long_name)
            for statistic, of, long_name in (
                ("trend", _trend, "rank correlation of hidden layers (2 or more) and epochs"),
                ("step", _step, "probability that two hidden layers are faster than one"),
            )
        }
        found = [_of(times, len(run.condition.hidden)) for run, times in zip(runs, epochs, strict=True)]
        return result(runs, found, xr.Dataset(by_series))

    def _epochs(self, run: Run) -> xr.DataArray:
        """(target, replicate), of the networks that did not diverge."""
        error = smoothed(complete(run.curves[["test_error"]])["test_error"])
        output = smoothed(self.information(run)["I_XT"].isel(layer=-1, drop=True))
        times = {f"error {target:g}": epochs_until(error, target) for target in self.errors}
        times[f"compression {self.compression:g} bits"] = epochs_until_compressed(output, self.compression)
        together = xr.concat(list(times.values()), xr.Variable("target", list(times)), join="inner")
        return stated(together, "epochs", "epochs until the target is reached")


def _of(epochs: xr.DataArray, hidden_layers: int) -> xr.Dataset:
    never = np.isinf(epochs).sum("replicate")
    median = epochs.copy(data=epochs).reduce(np.median, "replicate")  # of numbers and infinities
    found = {
        "hidden_layers": stated(xr.DataArray(hidden_layers), "1", "hidden layers"),
        "epochs_to": epochs,
        "epochs_to_median": stated(median, "epochs", "median of the epochs until the target is reached"),
        "never": stated(never, "1", "networks that never reach the target"),
    }
    return xr.Dataset(found)


def _trend(series: str, found: Sequence[tuple[int, xr.DataArray]], target: str) -> xr.DataArray:
    """Spearman's: networks that never arrive rank last, together."""
    samples = [(depth, times.sel(target=target).values) for depth, times in found if depth >= 2]

    def correlation(*times: np.ndarray, axis: int = -1) -> np.ndarray:
        depths = np.concatenate([np.full(np.shape(t), depth) for t, (depth, _) in zip(times, samples, strict=True)], -1)
        return rank_correlation(np.concatenate(times, -1), depths, axis)

    return _interval(correlation, [times for _, times in samples], f"trend, {series}, {target}")


def _step(series: str, found: Sequence[tuple[int, xr.DataArray]], target: str) -> xr.DataArray:
    one, two = ([times.sel(target=target).values for depth, times in found if depth == d] for d in (1, 2))

    def faster(slow: np.ndarray, fast: np.ndarray, axis: int = -1) -> np.ndarray:
        slow, fast = slow[..., :, None], fast[..., None, :]
        return ((fast < slow) + 0.5 * (fast == slow)).mean((-2, -1))

    return _interval(faster, [*one, *two] if one and two else [], f"step, {series}, {target}")


def _interval(statistic, samples: Sequence[np.ndarray], name: str) -> xr.DataArray:
    if len(samples) < 2:  # nothing to compare: not a number
        return bootstrap_interval(
            lambda a, axis=-1: np.full(a.shape[:-1], np.nan), np.zeros(1), units="1", long_name=name
        )
    return bootstrap_interval(statistic, *samples, units="1", long_name=name)
