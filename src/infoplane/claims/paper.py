"""The claims of Shwartz-Ziv & Tishby 2017 [ST17]."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import xarray as xr
from pydantic import Field

from infoplane.analyses import depth
from infoplane.analyses.base import EXPERIMENT, Experiments, conditions
from infoplane.analyses.bound import Bound
from infoplane.analyses.drift import Drift
from infoplane.analyses.label_loss import LabelLoss
from infoplane.analyses.phases import RISE_EPOCHS, Phases
from infoplane.analyses.spread import Spread
from infoplane.analyses.weights import Weights
from infoplane.claims.base import Claim, CompressionClaim, Statistic, at_least, at_most
from infoplane.section import Count, Float, Fraction, Positive

Correlation = Annotated[Float, Field(ge=-1, le=1)]


class TwoPhases(Claim):
    """I(T;Y) is gained first, then I(X;T) falls while the error hardly changes."""

    number: ClassVar[int] = 1
    source: ClassVar[str] = "ST17"
    statement: ClassVar[str] = "Two phases: I(T;Y) rises fast, then I(X;T) falls slowly while the error hardly changes."

    kind: Literal["two_phases"] = "two_phases"
    rise_epochs: Count = Field(400, description=RISE_EPOCHS)
    rise_share: Fraction = Field(0.9, description="Share of the final I(T;Y) to be gained in the first phase.")
    fall_bits: Positive = Field(
        1.0, description="Fall of I(X;T) of the last hidden layer in the second phase, in bits."
    )
    error_change: Fraction = Field(0.02, description="Change of the held-out error allowed in the second phase.")

    def analysis(self) -> Phases:
        """What either phase changes."""
        read = {"experiment": self.experiment, "estimator": self.estimator, "bound": self.bound}
        return Phases(**read, rise_epochs=self.rise_epochs)

    def statistics(self, analysis: xr.DataTree) -> list[Statistic]:
        """Of the last hidden layer: the share of I(T;Y), the fall of I(X;T), the change of the error."""
        return [statistic for condition in conditions(analysis) for statistic in self._of(condition)]

    def _of(self, condition: xr.Dataset) -> list[Statistic]:
        return [
            at_least(self.rise_share, condition["label_share"], condition),
            at_least(self.fall_bits, condition["fall_mean"], condition),
            at_most(self.error_change, condition["error_change_mean"], condition),
        ]


class NoRegularization(CompressionClaim):
    """Networks without a penalty on weights and without dropout compress."""

    number: ClassVar[int] = 2
    source: ClassVar[str] = "ST17"
    statement: ClassVar[str] = "Compression happens without any explicit regularisation."

    kind: Literal["no_regularization"] = "no_regularization"

    def statistics(self, analysis: xr.DataTree) -> list[Statistic]:
        """Compression of the last hidden layer where l2 and dropout are 0."""
        unregularised = {"l2": 0, "dropout": 0}
        return [
            self.compresses(condition)
            for condition in conditions(analysis)
            if {key: condition.attrs["condition"][key] for key in unregularised} == unregularised
        ]


class SimilarPaths(Claim):
    """Replicates stay near each other, compared with how far they travel."""

    number: ClassVar[int] = 3
    source: ClassVar[str] = "ST17"
    statement: ClassVar[str] = "All replicates follow similar paths in the information plane."

    kind: Literal["similar_paths"] = "similar_paths"
    share: Fraction = Field(0.2, description="Distance between paths allowed, as a share of their length.")

    def analysis(self) -> Spread:
        """The distances between paths."""
        return Spread(experiment=self.experiment, estimator=self.estimator, bound=self.bound)

    def statistics(self, analysis: xr.DataTree) -> list[Statistic]:
        """Mean distance between two replicates' paths over the length of the mean path, both summed over layers."""
        return [at_most(self.share, condition["distance_share"], condition) for condition in conditions(analysis)]


class SmallData(Claim):
    """With little data the second phase loses label information, with more it does not."""

    number: ClassVar[int] = 4
    source: ClassVar[str] = "ST17"
    statement: ClassVar[str] = "With 5 % of the data the second phase loses label information; with 45 % and 85 % not."

    kind: Literal["small_data"] = "small_data"
    small: Fraction = Field(0.1, description="Training sets of up to this share of the data are small.")
    bits: Positive = Field(0.05, description="Loss of I(T;Y) of the output layer that counts, in bits.")

    def analysis(self) -> LabelLoss:
        """What the output layer loses of the label."""
        return LabelLoss(experiment=self.experiment, estimator=self.estimator, bound=self.bound)

    def statistics(self, analysis: xr.DataTree) -> list[Statistic]:
        """Peak less final I(T;Y) of the output layer, by condition."""
        found = conditions(analysis)
        small = [condition.attrs["condition"]["train_fraction"] <= self.small for condition in found]
        if len(set(small)) < 2:
            return []  # there must be small training sets, and others
        return [
            (at_least if is_small else at_most)(self.bits, condition["loss_mean"], condition)
            for condition, is_small in zip(found, small, strict=True)
        ]


class DriftDiffusion(Claim):
    """Gradients drift, then diffuse; the change of phase is where compression begins."""

    number: ClassVar[int] = 5
    source: ClassVar[str] = "ST17"
    statement: ClassVar[str] = "Gradients drift, then diffuse; the change coincides with the onset of compression."

    kind: Literal["drift_diffusion"] = "drift_diffusion"
    snr: Positive = Field(1.0, description="Gradient SNR above which is drift, below which is diffusion.")
    factor: Annotated[Float, Field(gt=1)] = Field(
        3.0, description="Change of phase and onset of compression coincide within this factor of epochs."
    )

    def analysis(self) -> Drift:
        """The gradients' SNR, and when compression begins."""
        return Drift(experiment=self.experiment, estimator=self.estimator, bound=self.bound)

    def statistics(self, analysis: xr.DataTree) -> list[Statistic]:
        """Of the layers' median SNR: its highest and its last value; and the factor between the two epochs."""
        return [statistic for condition in conditions(analysis) for statistic in self._of(condition)]

    def _of(self, condition: xr.Dataset) -> list[Statistic]:
        return [
            at_least(self.snr, condition["snr_highest_median"], condition),
            at_most(self.snr, condition["snr_last_median"], condition),
            at_most(self.factor, condition["factor_median"], condition),
        ]


class RandomWeights(Claim):
    """Within a layer, the final weights of neurons are no more alike than random directions."""

    number: ClassVar[int] = 6
    source: ClassVar[str] = "ST17"
    statement: ClassVar[str] = (
        "Final weights are effectively random: correlations between neurons of a layer are small."
    )

    kind: Literal["random_weights"] = "random_weights"
    ratio: Positive = Field(1.5, description="Correlations allowed, as a multiple of those of random directions.")

    def analysis(self) -> Weights:
        """The correlations between neurons: no estimator has a part in it."""
        return Weights(experiment=self.experiment)

    def statistics(self, analysis: xr.DataTree) -> list[Statistic]:
        """Root mean square correlation in the last epoch over that of random directions, mean over layers."""
        return [at_most(self.ratio, condition["random_multiple_mean"], condition) for condition in conditions(analysis)]


class DepthHelps(Claim):
    """More hidden layers, fewer epochs."""

    number: ClassVar[int] = 7
    source: ClassVar[str] = "ST17"
    statement: ClassVar[str] = "Depth helps: more hidden layers reach an error, and a compression, in fewer epochs."

    kind: Literal["depth_helps"] = "depth_helps"
    experiment: Experiments = Field("depth", description=EXPERIMENT)
    error: depth.Error = Field(0.1, description=depth.ERROR)
    compression: Positive = Field(1.5, description=depth.COMPRESSION)
    correlation: Correlation = Field(-0.3, description="Rank correlation of layers and epochs to stay below.")

    def analysis(self) -> depth.Depth:
        """When each network reaches the targets."""
        targets = {"error": self.error, "compression": self.compression}
        return depth.Depth(experiment=self.experiment, estimator=self.estimator, bound=self.bound, **targets)

    def statistics(self, analysis: xr.DataTree) -> list[Statistic]:
        """Rank correlation over networks of the number of hidden layers with the epochs to each target."""
        targets = ("correlation_error", "correlation_compression")
        return [at_most(self.correlation, analysis[name]) for name in targets]


class NearBound(Claim):
    """Converged layers lose little more of Y than they must."""

    number: ClassVar[int] = 8
    source: ClassVar[str] = "ST17, TPB99"
    statement: ClassVar[str] = "Converged layers lie near the information-bottleneck bound."

    kind: Literal["near_bound"] = "near_bound"
    bits: Positive = Field(0.05, description="Distance below the bound allowed, mean over layers, in bits.")

    def analysis(self) -> Bound:
        """Where the layers end, beside the bound."""
        return Bound(experiment=self.experiment, estimator=self.estimator, bound=self.bound)

    def statistics(self, analysis: xr.DataTree) -> list[Statistic]:
        """Distance below the bound in the last epoch, mean over layers."""
        return [at_most(self.bits, condition["distance_mean"], condition) for condition in conditions(analysis)]
