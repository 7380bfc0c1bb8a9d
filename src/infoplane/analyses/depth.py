"""Does depth help? Epochs to given errors and to a given compression, by the number of layers ([ST17] fig. 6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
        depths = [len(run.condition.hidden) for run in runs]
        series: dict[str, dict[int, xr.DataArray]] = {}
        for run, depth, times in zip(runs, depths, epochs, strict=True):
            series.setdefault(run.experiment, {})[depth] = times
        pooled = {name: _by_series(series, *statistic) for name, statistic in STATISTICS.items()}
        found = [_of(times, depth) for times, depth in zip(epochs, depths, strict=True)]
        return result(runs, found, xr.Dataset(pooled))

    def _epochs(self, run: Run) -> xr.DataArray:
        """(target, replicate), of the networks that did not diverge."""
        error = smoothed(complete(run.curves[["test_error"]])["test_error"])
        output = smoothed(self.information(run)["I_XT"].isel(layer=-1, drop=True))
        output = output.isel(epoch=output["epoch"] >= 1)  # once training has begun
        times = {f"error {target:g}": epochs_until(error, target) for target in self.errors}
        times[f"compression {self.compression:g} bits"] = epochs_until_compressed(output, self.compression)
        together = xr.concat(list(times.values()), xr.Variable("target", list(times)), join="inner")
        return stated(together, "epochs", "epochs until the target is reached")


def _of(epochs: xr.DataArray, hidden_layers: int) -> xr.Dataset:
    never = xr.ufuncs.isinf(epochs).sum("replicate")
    median = epochs.copy(data=epochs).reduce(np.median, "replicate")  # of numbers and infinities
    found = {
        "hidden_layers": stated(xr.DataArray(hidden_layers), "1", "hidden layers"),
        "epochs_to": epochs,
        "epochs_to_median": stated(median, "epochs", "median of the epochs until the target is reached"),
        "never": stated(never, "1", "networks that never reach the target"),
    }
    return xr.Dataset(found)


# By hidden layers the epochs of networks -> a statistic of samples, and these.
Of = Callable[[Mapping[int, np.ndarray]], tuple[Callable[..., np.ndarray], list[np.ndarray]]]


def trend(by_depth: Mapping[int, np.ndarray]) -> tuple[Callable[..., np.ndarray], list[np.ndarray]]:
    """Spearman's correlation of two layers or more with epochs; networks that never arrive rank last, together.

    It is 0 if none of them arrives.
    """
    deep = {depth: times for depth, times in by_depth.items() if depth >= 2}

    def correlation(*times: np.ndarray, axis: int = -1) -> np.ndarray:
        depths = [np.full(np.shape(t), depth) for t, depth in zip(times, deep, strict=True)]
        epochs = np.concatenate(times, -1)
        found = rank_correlation(epochs, np.concatenate(depths, -1), axis)
        return np.where(np.isinf(epochs).all(axis), 0.0, found)

    return correlation, list(deep.values())


def step(by_depth: Mapping[int, np.ndarray]) -> tuple[Callable[..., np.ndarray], list[np.ndarray]]:
    """The probability that a network of two layers arrives before one of one; both at once, or never, are a half."""

    def faster(slow: np.ndarray, fast: np.ndarray, axis: int = -1) -> np.ndarray:
        slow, fast = slow[..., :, None], fast[..., None, :]
        return ((fast < slow) + 0.5 * (fast == slow)).mean((-2, -1))

    return faster, [by_depth[depth] for depth in (1, 2) if depth in by_depth]


STATISTICS: dict[str, tuple[Of, str]] = {
    "trend": (trend, "rank correlation of hidden layers (2 or more) and epochs"),
    "step": (step, "probability that two hidden layers are faster than one"),
}


def _by_series(series: Mapping[str, Mapping[int, xr.DataArray]], of: Of, long_name: str) -> xr.DataArray:
    """A statistic of each series and target (series, target, interval); NaN where there are not two depths for it."""
    rows = []
    for by_depth in series.values():
        targets = next(iter(by_depth.values()))["target"].values
        cells = []
        for target in targets:
            statistic, samples = of({depth: times.sel(target=target).values for depth, times in by_depth.items()})
            if len(samples) < 2:
                statistic, samples = np.mean, [np.full(1, np.nan)]
            cells.append(bootstrap_interval(statistic, *samples, units="1", long_name=long_name))
        rows.append(xr.concat(cells, xr.Variable("target", targets)))
    return xr.concat(rows, xr.Variable("series", list(series)), combine_attrs="override")
