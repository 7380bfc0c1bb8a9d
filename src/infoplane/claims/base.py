"""What every claim is: a `Section` whose `statistics` are numbers with an interval, each against a stated threshold."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import xarray as xr
from pydantic import Field

from infoplane.figures.base import Experiments, Run
from infoplane.figures.plane import Bound, complete, information
from infoplane.figures.style import condition_name
from infoplane.section import Positive, Section
from infoplane.statistics import bootstrap, mean

EXPERIMENT = "Whose conditions are tested: a name under `experiments`, or a list; what they share counts once."
HOLDS, FAILS, UNDECIDED = "holds", "does not hold", "undecided"


@dataclass(frozen=True)
class Statistic:
    """A number, its 95 % interval over replicates, and the threshold that it must keep to for the claim to hold."""

    name: str
    unit: str
    estimate: float
    low: float
    high: float
    side: Literal["at least", "at most"]
    threshold: float

    @property
    def verdict(self) -> str:
        """Holds, or does not, when the whole interval is on one side of the threshold; else undecided."""
        above, below = self.low >= self.threshold, self.high <= self.threshold
        kept, broken = (above, below) if self.side == "at least" else (below, above)
        return HOLDS if kept else FAILS if broken else UNDECIDED

    def to_json(self) -> dict[str, Any]:
        """Plain values, None for what is not finite."""
        values = {k: None if isinstance(v, float) and not np.isfinite(v) else v for k, v in asdict(self).items()}
        return {**values, "verdict": self.verdict}


class Claim(Section):
    """A claim about an experiment, or several, as one estimator sees it.

    `number` and `source` are its place in the list and the paper that makes it, `statement` what it says;
    `measures` names the built-in measures it needs beside its estimator.
    """

    number: ClassVar[int]
    source: ClassVar[str]
    statement: ClassVar[str]
    measures: ClassVar[tuple[str, ...]] = ()

    experiment: Experiments = Field("main", description=EXPERIMENT)
    estimator: str = Field("binned", description="Whose I(X;T) and I(T;Y) count: a name under `estimators`.")
    bound: Bound = "upper"
    figure: str = Field(description="The figure that shows it: a name under `figures`.")

    def experiments(self) -> tuple[str, ...]:
        """Names of the experiments that the claim is about."""
        return (self.experiment,) if isinstance(self.experiment, str) else self.experiment

    def estimators(self) -> tuple[str, ...]:
        """Names of the estimators whose measurements the claim needs."""
        return (self.estimator,)

    @abstractmethod
    def statistics(self, runs: Sequence[Run]) -> list[Statistic]:
        """The numbers that decide the claim, from the conditions of its experiments; none if they cannot."""

    def information(self, run: Run) -> xr.Dataset:
        """`I_XT`, `I_TY` (replicate, epoch, layer) and what derives from them, where no replicate diverged."""
        return information(run, self.estimator, self.bound)


class CompressionClaim(Claim):
    """A claim about whether the last hidden layer compresses."""

    bits: Positive = Field(1.0, description="Compression of the last hidden layer that counts, in bits.")

    def compresses(self, run: Run) -> Statistic:
        """Compression of the last hidden layer, which must be there."""
        return at_least(self.bits, named("compression", run), "bits", compression(self.information(run)))

    def does_not_compress(self, run: Run) -> Statistic:
        """Compression of the last hidden layer, which must not be there."""
        return at_most(self.bits, named("compression", run), "bits", compression(self.information(run)))


def at_least(threshold: float, name: str, unit: str, *data: xr.DataArray, of: Callable[..., Any] = mean) -> Statistic:
    """A statistic over replicates (the mean, if nothing else is said) that must not be below a threshold."""
    return _statistic("at least", threshold, name, unit, data, of)


def at_most(threshold: float, name: str, unit: str, *data: xr.DataArray, of: Callable[..., Any] = mean) -> Statistic:
    """A statistic over replicates that must not be above a threshold."""
    return _statistic("at most", threshold, name, unit, data, of)


def _statistic(side: Any, threshold: float, name: str, unit: str, data: Sequence[xr.DataArray], of: Any) -> Statistic:
    result = bootstrap(of, *data)
    estimate, low, high = (float(result[part]) for part in ("estimate", "low", "high"))
    return Statistic(name, unit, estimate, low, high, side, threshold)


def verdict(statistics: Sequence[Statistic]) -> str:
    """A claim holds if all its statistics do, and does not if one of them does not."""
    verdicts = {statistic.verdict for statistic in statistics}
    if FAILS in verdicts:
        return FAILS
    return HOLDS if verdicts == {HOLDS} else UNDECIDED


def compression(plane: xr.Dataset) -> xr.DataArray:
    """Peak less final I(X;T) of the last hidden layer, as it was measured: (replicate,) in bits."""
    return plane["compression"].isel(layer=-2, drop=True)


def early_gain(plane: xr.Dataset, run: Run, epochs: int, share: float) -> Statistic:
    """The share of the last hidden layer's final I(T;Y), mean by mean, that it has after some epochs: enough or not."""
    label = plane["I_TY"].isel(layer=-2, drop=True)
    first, last = at_epoch(label, epochs), label.isel(epoch=-1, drop=True)
    return at_least(share, named(f"share of I(T;Y) by epoch {epochs}", run), "", first, last, of=ratio)


def at_epoch(values: xr.DataArray, epoch: int) -> xr.DataArray:
    """Values at an epoch, linear between snapshots; NaN, so that nothing is decided, if training ends by then."""
    return values.interp(epoch=epoch).drop_vars("epoch").where(values["epoch"].values[-1] > epoch)


def ratio(part: xr.DataArray, whole: xr.DataArray) -> xr.DataArray:
    """The ratio of two means over replicates."""
    return part.mean("replicate") / whole.mean("replicate")


def exp_median(log: xr.DataArray) -> xr.DataArray:
    """The median over replicates of what a logarithm is given of; those without one (NaN) are left out."""
    return np.exp(log.median("replicate"))


def named(text: str, run: Run) -> str:
    """A statistic's name with what sets the run's condition apart."""
    return ", ".join(filter(None, [text, condition_name(run.varied)]))


def errors(run: Run) -> xr.Dataset:
    """`train_error` and `test_error` (replicate, epoch) of the replicates that did not diverge."""
    return complete(run.curves[["train_error", "test_error"]])


def findings(claims: Mapping[str, Claim], runs: Sequence[Run]) -> list[dict[str, Any]]:
    """The claims in their order, each with its statistics and its verdict, as plain values."""
    found = []
    for name, claim in sorted(claims.items(), key=lambda item: (item[1].number, item[0])):
        statistics = claim.statistics(_of(claim, runs))
        found.append(
            {
                "name": name,
                "number": claim.number,
                "source": claim.source,
                "statement": claim.statement,
                "experiments": list(claim.experiments()),
                "estimators": list(claim.estimators()),
                "figure": claim.figure,
                "verdict": verdict(statistics),
                "statistics": [statistic.to_json() for statistic in statistics],
            }
        )
    return found


def _of(claim: Claim, runs: Sequence[Run]) -> list[Run]:
    """The runs of the claim's experiments; a condition that they share counts for the first."""
    chosen: list[Run] = []
    for run in runs:
        if run.experiment in claim.experiments() and run.condition not in [other.condition for other in chosen]:
            chosen.append(run)
    return chosen
