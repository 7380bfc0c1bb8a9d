"""The claims that the critique turns on (Saxe et al. 2018 [S18] and after), and the open questions."""

from __future__ import annotations

from typing import ClassVar, Literal

import xarray as xr
from pydantic import Field

from infoplane.analyses import data_processing
from infoplane.analyses.base import EXPERIMENT, Experiments, conditions
from infoplane.analyses.estimators import COMPARED, Estimators, Names
from infoplane.analyses.generalization import Generalization
from infoplane.analyses.phases import RISE_EPOCHS
from infoplane.analyses.worlds import Worlds
from infoplane.claims.base import Claim, CompressionClaim, Statistic, at_least, at_most
from infoplane.measures.base import LIMITS
from infoplane.section import Count, Fraction, Positive


class DataProcessing(Claim):
    """No layer has more information than the layer before."""

    number: ClassVar[int] = 9
    source: ClassVar[str] = "ST17"
    statement: ClassVar[str] = "The data-processing inequality holds along the layers."

    kind: Literal["data_processing"] = "data_processing"
    bits: Positive = Field(
        0.01, description="Excess over the layer before allowed, mean over epochs and pairs, in bits."
    )

    def analysis(self) -> data_processing.DataProcessing:
        """What each layer has more than the layer before."""
        read = {"experiment": self.experiment, "estimator": self.estimator, "bound": self.bound}
        return data_processing.DataProcessing(**read)

    def statistics(self, analysis: xr.DataTree) -> list[Statistic]:
        """Mean over epochs and layer pairs of the excess of I(X;T), and of I(T;Y)."""
        return [
            at_most(self.bits, condition[name], condition)
            for condition in conditions(analysis)
            for name in ("excess_XT", "excess_TY")
        ]


class Nonlinearity(CompressionClaim):
    """Saturating activations compress, others do not."""

    number: ClassVar[int] = 10
    source: ClassVar[str] = "S18"
    statement: ClassVar[str] = (
        "Compression depends on the nonlinearity: saturating ones compress, ReLU and linear do not."
    )

    kind: Literal["nonlinearity"] = "nonlinearity"
    experiment: Experiments = Field("nonlinearity", description=EXPERIMENT)

    def statistics(self, analysis: xr.DataTree) -> list[Statistic]:
        """Compression of the last hidden layer, by condition."""
        found = conditions(analysis)
        saturates = [condition.attrs["condition"]["activation"] in LIMITS for condition in found]
        if len(set(saturates)) < 2:
            return []  # there must be saturating activations, and others
        return [
            self.compresses(condition) if saturating else self.does_not_compress(condition)
            for condition, saturating in zip(found, saturates, strict=True)
        ]


class NoLink(Claim):
    """Networks that compress more do not generalise better, or worse."""

    number: ClassVar[int] = 11
    source: ClassVar[str] = "S18"
    statement: ClassVar[str] = "Compression and generalisation do not correlate across networks."

    kind: Literal["no_link"] = "no_link"
    correlation: Fraction = Field(0.3, description="Size of the rank correlation that counts as none.")

    def analysis(self) -> Generalization:
        """Compression and generalisation gap of every network."""
        return Generalization(experiment=self.experiment, estimator=self.estimator, bound=self.bound)

    def statistics(self, analysis: xr.DataTree) -> list[Statistic]:
        """Rank correlation of compression and generalisation gap over the networks of all conditions."""
        found = analysis["rank_correlation"]
        return [at_most(self.correlation, found), at_least(-self.correlation, found)]


class FullBatch(CompressionClaim):
    """Networks that have learned without noise in the gradient compress."""

    number: ClassVar[int] = 12
    source: ClassVar[str] = "S18"
    statement: ClassVar[str] = "Full-batch gradient descent compresses too: stochasticity is not the cause."

    kind: Literal["full_batch"] = "full_batch"
    experiment: Experiments = Field("batch", description=EXPERIMENT)

    learned: Fraction = Field(
        0.05,
        description="Final training error, mean over networks, above which a condition has not learned and has no say.",
    )

    def statistics(self, analysis: xr.DataTree) -> list[Statistic]:
        """Compression of the last hidden layer under full-batch descent, where it has learned."""
        full = [c for c in conditions(analysis) if c.attrs["condition"]["batch_size"] == "full"]
        return [self.compresses(condition) for condition in full if condition["train_error"] <= self.learned]


class EstimatorDependence(CompressionClaim):
    """The same networks compress in the eyes of one estimator and not of another."""

    number: ClassVar[int] = 13
    source: ClassVar[str] = "S18, C19, G19"
    statement: ClassVar[str] = "The verdict on compression depends on the estimator."

    kind: Literal["estimator_dependence"] = "estimator_dependence"
    compare: Names = Field(("binned",), description=COMPARED)

    def analysis(self) -> Estimators:
        """Compression as several estimators see it."""
        return Estimators(experiment=self.experiment, compare=self.compare, bound=self.bound)

    def statistics(self, analysis: xr.DataTree) -> list[Statistic]:
        """Mean compression of the last hidden layer by the estimator that sees most, and by the one that sees least."""
        return [
            limit(self.bits, condition[name], condition)
            for condition in conditions(analysis)
            for limit, name in ((at_least, "highest"), (at_most, "lowest"))
        ]


class OtherWorlds(CompressionClaim):
    """Fitting first, compression, and diffusion at the end, with other rules and real data."""

    number: ClassVar[int] = 14
    source: ClassVar[str] = "open"
    statement: ClassVar[str] = "Other rules and real data: fitting, compression and diffusion are found there too."

    kind: Literal["other_worlds"] = "other_worlds"
    experiment: Experiments = Field("worlds", description=EXPERIMENT)
    rise_epochs: Count = Field(400, description=RISE_EPOCHS)
    rise_share: Fraction = Field(0.9, description="Share of the final I(T;Y) to be gained in the first phase.")
    snr: Positive = Field(1.0, description="Gradient SNR below which is diffusion.")

    def analysis(self) -> Worlds:
        """Fitting, compression and diffusion of each world."""
        read = {"experiment": self.experiment, "estimator": self.estimator, "bound": self.bound}
        return Worlds(**read, rise_epochs=self.rise_epochs)

    def statistics(self, analysis: xr.DataTree) -> list[Statistic]:
        """For each world: the share of I(T;Y) gained early, the compression, and the last SNR."""
        return [statistic for condition in conditions(analysis) for statistic in self._of(condition)]

    def _of(self, condition: xr.Dataset) -> list[Statistic]:
        return [
            at_least(self.rise_share, condition["label_share"], condition),
            self.compresses(condition),
            at_most(self.snr, condition["snr_last_median"], condition),
        ]
