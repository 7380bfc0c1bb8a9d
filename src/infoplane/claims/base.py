"""What every claim is: a `Section` whose `statistics` are numbers of an analysis, each against a stated threshold."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import xarray as xr
from pydantic import Field

from infoplane.analyses.base import EXPERIMENT, LEARNED, Analysis, Bound, Experiments
from infoplane.section import Section, Share
from infoplane.statistics import INTERVAL, LEVEL, PARTS, SCALES
from infoplane.verdicts import FAILS, HOLDS, UNDECIDED

Side = Literal["at least", "at most", "within"]


@dataclass(frozen=True)
class Statistic:
    """A number, its 95 % interval over networks, and the threshold that it must keep to for the claim to hold.

    `error` and `df` are of the t distribution on `scale` (`statistics.SCALES`). "within": the size must not exceed
    the threshold (on a logarithmic scale: the factor, either way), a test of equivalence. `part` is the assertion of
    the claim that it belongs to; a `control` is shown beside the others and has no say.
    """

    name: str
    unit: str
    estimate: float
    low: float
    high: float
    error: float
    df: float
    scale: str
    side: Side
    threshold: float
    part: str = ""
    control: bool = False
    networks: int | None = None

    @property
    def kept(self) -> bool:
        """Whether the whole interval is on the claim's side of the threshold."""
        lowest, highest = self._allowed()
        return bool(lowest <= self.low and self.high <= highest)

    @property
    def broken(self) -> bool:
        """Whether the whole interval is on the other side."""
        lowest, highest = self._allowed()
        return bool(self.high < lowest or self.low > highest)

    def _allowed(self) -> tuple[float, float]:
        if self.side == "at least":
            return self.threshold, np.inf
        if self.side == "at most":
            return -np.inf, self.threshold
        return (1 / self.threshold if self.scale == "log" else -self.threshold), self.threshold

    @property
    def excess(self) -> float:
        """By how many standard errors the number is beyond the threshold (negative: by how many it keeps to it)."""
        if not np.isfinite([self.low, self.high]).any():
            return np.nan
        to = SCALES[self.scale][0]
        with np.errstate(invalid="ignore", divide="ignore"):
            lowest, highest = to(np.array(self._allowed()))
            over = np.array([lowest - to(self.estimate), to(self.estimate) - highest])
            return float(over[np.isfinite(over)].max(initial=-np.inf) / self.error)

    @property
    def p(self) -> float:
        """The one-sided p value against the claim's side: how likely so bad a number is at the threshold."""
        from scipy.stats import t

        return float(t.sf(self.excess, self.df))

    def margin(self, verdict: str) -> tuple[float, float]:
        """The range of thresholds over which the verdict stays the same."""
        low, high = self.low, self.high
        if self.side == "within":
            to, back = SCALES[self.scale]
            ends = to(np.array([low, high]))
            nearest = 0.0 if ends.prod() <= 0 else np.abs(ends).min()
            low, high = (float(back(size)) for size in (nearest, np.abs(ends).max()))
        above, below = (-np.inf, low), (high, np.inf)
        kept, broken = (above, below) if self.side == "at least" else (below, above)
        return {HOLDS: kept, FAILS: broken, UNDECIDED: (low, high)}[verdict]

    def to_json(self, verdict: str) -> dict[str, Any]:
        """Plain values with the verdict and its margin, None for what is not finite."""
        values = {**asdict(self), "verdict": verdict, "margin": list(self.margin(verdict))}
        return {key: _plain(value) for key, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and not np.isfinite(value) else value


@dataclass(frozen=True)
class Of:
    """Statistics of one condition, made in its name: what they are called, and how many networks have a say."""

    data: xr.Dataset
    part: str = ""
    control: bool = False
    also: str = ""

    def at_least(self, threshold: float, name: str, **at: Any) -> Statistic:
        """A value (interval) that must not be below a threshold."""
        return self._statistic("at least", threshold, name, at)

    def at_most(self, threshold: float, name: str, **at: Any) -> Statistic:
        """A value (interval) that must not be above a threshold."""
        return self._statistic("at most", threshold, name, at)

    def within(self, threshold: float, name: str, **at: Any) -> Statistic:
        """A value (interval) whose size must not be above a threshold."""
        return self._statistic("within", threshold, name, at)

    def _statistic(self, side: Side, threshold: float, name: str, at: dict[str, Any]) -> Statistic:
        found = statistic(side, threshold, self.data[name].sel(at), self.part, self.control)
        which = [self.data.attrs.get(key, "") for key in ("experiment", "name")]
        name = ", ".join(filter(None, [found.name, self.also, *which]))
        return replace(found, name=name, networks=self.data.attrs.get("replicates_used"))


def statistic(side: Side, threshold: float, value: xr.DataArray, part: str = "", control: bool = False) -> Statistic:
    """A value (interval) against a threshold."""
    unit = "" if value.attrs["units"] == "1" else value.attrs["units"]
    estimate, low, high, error, df = (float(value.sel({INTERVAL: one})) for one in PARTS)
    name, scale = value.attrs["long_name"], value.attrs["scale"]
    return Statistic(name, unit, estimate, low, high, error, df, scale, side, threshold, part, control)


def named(found: Statistic, *also: str) -> Statistic:
    """A statistic with what sets it apart in its name."""
    return replace(found, name=", ".join([found.name, *map(str, also)]))


def layer_name(data: xr.Dataset, layer: int) -> str:
    """T1, T2, ..., and the output layer by that name."""
    return f"T{layer}" if layer <= len(data.attrs["condition"]["hidden"]) else "output"


class Claim(Section):
    """A claim about an experiment, or several, as one estimator sees it.

    `number` and `source` are its place in the list and the paper that makes it, `statement` what it says in short,
    `quote` the source's own words, `test` what is tested here and why so.
    """

    if TYPE_CHECKING:
        kind: str = ""  # each kind has its own

    number: ClassVar[int]
    source: ClassVar[str]
    statement: ClassVar[str]
    quote: ClassVar[str] = ""
    test: ClassVar[str]

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

    def read(self) -> dict[str, Any]:
        """The keys of an analysis of information that a claim shares with it."""
        return {"experiment": self.experiment, "estimator": self.estimator, "bound": self.bound}


class LearnedClaim(Claim):
    """A claim about trained networks: those that have not learned have no say."""

    learned: Share = Field(0.05, description=LEARNED)

    def read(self) -> dict[str, Any]:
        """Those of every claim, and what counts as learned."""
        return {**super().read(), "learned": self.learned}


def verdicts(statistics: Sequence[Statistic]) -> list[str]:
    """The verdict on each statistic: it fails only if it does so after Holm's correction over all that have a say.

    What holds needs no correction: all statistics must, and each does so by its own 95 % interval [Holm 1979].
    """
    p = holm([np.nan if s.control else s.p for s in statistics])
    tail = (1 - LEVEL) / 2
    fails = [s.broken and (s.control or p_ < tail) for s, p_ in zip(statistics, p, strict=True)]
    return [HOLDS if s.kept else FAILS if f else UNDECIDED for s, f in zip(statistics, fails, strict=True)]


def holm(values: Sequence[float]) -> np.ndarray:
    """Holm's adjusted p values (1979), NaN where one is NaN, which counts as no test."""
    p = np.asarray(values, float)
    tested = np.flatnonzero(np.isfinite(p))
    order = tested[np.argsort(p[tested])]
    adjusted = np.full(len(p), np.nan)
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(order), 0, -1)), 1)
    return adjusted


def combined(verdicts: Sequence[str]) -> str:
    """All must hold; one that does not is enough; nothing decides nothing."""
    if FAILS in verdicts:
        return FAILS
    return HOLDS if set(verdicts) == {HOLDS} else UNDECIDED


def finding(name: str, claim: Claim, analysis: xr.DataTree) -> dict[str, Any]:
    """The claim with its parts, their statistics and verdicts, as plain values."""
    statistics = claim.statistics(analysis)
    decided = verdicts(statistics)
    read = claim.analysis()
    parts: dict[str, list[int]] = {}
    for number, found in enumerate(statistics):
        if not found.control:
            parts.setdefault(found.part, []).append(number)
    return {
        "name": name,
        "number": claim.number,
        "source": claim.source,
        "statement": claim.statement,
        "quote": claim.quote,
        "test": claim.test,
        "experiments": list(read.experiments()),
        "estimators": list(read.estimators()),
        "figure": claim.figure,
        "verdict": combined([decided[number] for part in parts.values() for number in part]),
        "parts": [_part(part, numbers, statistics, decided) for part, numbers in parts.items()],
        "statistics": [s.to_json(v) for s, v in zip(statistics, decided, strict=True)],
    }


def _part(name: str, numbers: Sequence[int], statistics: Sequence[Statistic], decided: Sequence[str]) -> dict[str, Any]:
    """An assertion of a claim: its verdict, how many of its statistics hold, and the one that is worst for it."""
    found = [decided[number] for number in numbers]
    excess = [np.nan_to_num(statistics[number].excess, nan=0.0) for number in numbers]
    return {
        "name": name,
        "verdict": combined(found),
        "holding": found.count(HOLDS),
        "of": len(found),
        "worst": numbers[int(np.argmax(excess))],
    }
