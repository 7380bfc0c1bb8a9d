"""What every claim is: a `Section` whose `statistics` are numbers of an analysis, each against a stated threshold."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import xarray as xr
from pydantic import Field

from infoplane.analyses.base import EXPERIMENT, Analysis, Bound, Experiments
from infoplane.analyses.compression import Compression
from infoplane.section import Positive, Section
from infoplane.statistics import INTERVAL, PARTS
from infoplane.verdicts import FAILS, HOLDS, UNDECIDED


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

    `number` and `source` are its place in the list and the paper that makes it, `statement` what it says.
    """

    number: ClassVar[int]
    source: ClassVar[str]
    statement: ClassVar[str]

    experiment: Experiments = Field("main", description=EXPERIMENT)
    estimator: str = Field("binned", description="Whose I(X;T) and I(T;Y) count: a name under `estimators`.")
    bound: Bound = "upper"
    figure: str = Field(description="The figure that shows it: a name under `figures`.")

    @abstractmethod
    def analysis(self) -> Analysis:
        """The analysis that it is decided by."""

    @abstractmethod
    def statistics(self, analysis: xr.DataTree) -> list[Statistic]:
        """The numbers of the analysis that decide the claim, each with its threshold; none if they cannot."""


class CompressionClaim(Claim):
    """A claim about whether the last hidden layer compresses."""

    bits: Positive = Field(1.0, description="Compression of the last hidden layer that counts, in bits.")

    def analysis(self) -> Analysis:
        """Compression of the last hidden layer, by condition."""
        return Compression(experiment=self.experiment, estimator=self.estimator, bound=self.bound)

    def compresses(self, condition: xr.Dataset) -> Statistic:
        """Compression of the last hidden layer, which must be there."""
        return at_least(self.bits, condition["compression_mean"], condition)

    def does_not_compress(self, condition: xr.Dataset) -> Statistic:
        """Compression of the last hidden layer, which must not be there."""
        return at_most(self.bits, condition["compression_mean"], condition)


def at_least(threshold: float, value: xr.DataArray, condition: xr.Dataset | None = None) -> Statistic:
    """A value (interval) that must not be below a threshold, named after itself and its condition."""
    return _statistic("at least", threshold, value, condition)


def at_most(threshold: float, value: xr.DataArray, condition: xr.Dataset | None = None) -> Statistic:
    """A value (interval) that must not be above a threshold."""
    return _statistic("at most", threshold, value, condition)


def _statistic(side: Any, threshold: float, value: xr.DataArray, condition: xr.Dataset | None) -> Statistic:
    parts = {part: float(value.sel({INTERVAL: part})) for part in PARTS}
    apart = condition.attrs["name"] if condition is not None else ""
    name = ", ".join(filter(None, [value.attrs["long_name"], apart]))
    unit = "" if value.attrs["units"] == "1" else value.attrs["units"]
    return Statistic(name, unit, **parts, side=side, threshold=threshold)


def verdict(statistics: Sequence[Statistic]) -> str:
    """A claim holds if all its statistics do, and does not if one of them does not."""
    verdicts = {statistic.verdict for statistic in statistics}
    if FAILS in verdicts:
        return FAILS
    return HOLDS if verdicts == {HOLDS} else UNDECIDED


def finding(name: str, claim: Claim, analysis: xr.DataTree) -> dict[str, Any]:
    """The claim with its statistics and its verdict, as plain values."""
    statistics = claim.statistics(analysis)
    read = claim.analysis()
    return {
        "name": name,
        "number": claim.number,
        "source": claim.source,
        "statement": claim.statement,
        "experiments": list(read.experiments()),
        "estimators": list(read.estimators()),
        "figure": claim.figure,
        "verdict": verdict(statistics),
        "statistics": [statistic.to_json() for statistic in statistics],
    }
