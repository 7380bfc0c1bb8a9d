"""The other claims of Shwartz-Ziv & Tishby 2017 [ST17]: paths, gradients, weights, depth, bound, data processing."""

from __future__ import annotations

from typing import ClassVar, Literal

import xarray as xr
from pydantic import Field

from infoplane.analyses import data_processing, depth
from infoplane.analyses.base import EXPERIMENT, Experiments, conditions
from infoplane.analyses.bound import Bound
from infoplane.analyses.drift import Drift
from infoplane.analyses.label_loss import LabelLoss
from infoplane.analyses.spread import PHASES, SOURCES, Spread
from infoplane.claims.base import Claim, LearnedClaim, Of, Side, Statistic, layer_name, named, statistic
from infoplane.section import Correlation, Factor, Fraction, Positive

MOST = 0.5  # of a variance


class SimilarPaths(Claim):
    """Networks of a condition are near each other, compared with networks of other conditions."""

    number: ClassVar[int] = 3
    source: ClassVar[str] = "ST17"
    statement: ClassVar[str] = "All replicates follow similar paths in the information plane."
    test: ClassVar[str] = (
        "The mean distance between two networks of a condition, all layers together, over that between networks of "
        "different conditions: early and late apart, at fixed points in log(epoch), axes in units of H(X) and I(X;Y)."
        " What is similar needs something to be compared with; the length of a path is no such thing, since jitter "
        "makes it longer. Beside it, the shares of the variance due to the initial weights, to the data, and to "
        "neither alone, of networks that cross the two."
    )

    kind: Literal["similar_paths"] = "similar_paths"
    ratio: Fraction = Field(0.5, description="Distance within a condition allowed, as a share of that between.")

    def analysis(self) -> Spread:
        """The distances between networks."""
        return Spread(**self.read())

    def statistics(self, analysis: xr.DataTree) -> list[Statistic]:
        """Distance within over distance between conditions, early and late; shares of the variance, as controls."""
        kinds = (("ratio", self.ratio, False), *((f"share_{source}", MOST, True) for source in SOURCES))
        return [
            Of(data, part, control=control).at_most(threshold, f"{name}_{part}")
            for name, threshold, control in kinds
            for part in PHASES
            for data in conditions(analysis)
            if f"{name}_{part}" in data
        ]


class SmallData(Claim):
    """With little data the second phase loses label information, with more it does not."""

    number: ClassVar[int] = 4
    source: ClassVar[str] = "ST17"
    statement: ClassVar[str] = "With 5 % of the data the second phase loses label information; with 45 % and 85 % not."
    test: ClassVar[str] = (
        "Peak less final I(T;Y) of the output layer, when all have had as many updates of the weights as the smallest"
        " training set allows; small and large sets in pairs of networks that started from the same weights. The loss"
        " by the last epoch, after more updates the more data, stands beside it."
    )

    kind: Literal["small_data"] = "small_data"
    small: Fraction = Field(0.1, description="Training sets of up to this share of the data are small.")
    bits: Positive = Field(0.05, description="Loss of I(T;Y) of the output layer that counts, in bits.")

    def analysis(self) -> LabelLoss:
        """What the output layer loses of the label."""
        return LabelLoss(**self.read())

    def statistics(self, analysis: xr.DataTree) -> list[Statistic]:
        """Loss of I(T;Y) at matched updates by condition, and in excess of that with most data."""
        found = conditions(analysis)
        small = [data.attrs["condition"]["train_fraction"] <= self.small for data in found]
        if len(set(small)) < 2:
            return []  # there must be small training sets, and others
        statistics = []
        for data, is_small in zip(found, small, strict=True):
            if is_small:
                statistics.append(Of(data, "little data lose it").at_least(self.bits, "loss_matched_mean"))
                statistics.append(Of(data, "more of it than most data").at_least(self.bits, "excess_mean"))
            else:
                statistics.append(Of(data, "more data do not").at_most(self.bits, "loss_matched_mean"))
            side = Of.at_least if is_small else Of.at_most
            statistics.append(side(Of(data, control=True), self.bits, "loss_last_mean"))
        return statistics


class DriftDiffusion(LearnedClaim):
    """Gradients drift, then diffuse; the change of phase is where compression begins."""

    number: ClassVar[int] = 5
    source: ClassVar[str] = "ST17"
    statement: ClassVar[str] = "Gradients drift, then diffuse; the change coincides with the onset of compression."
    test: ClassVar[str] = (
        "Layer by layer: the signal-to-noise ratio of the gradients, a geometric mean over a window of epochs early "
        "and one late; and the ratio of the two epochs, whose geometric mean must be 1 within a factor. The ratio is "
        "that of batches of this size: with k times the batch it is √k times as large, so that 1 is a convention, "
        "which the paper shares. That of the weights is none: the square of their way grows with the square of time in "
        "a drift, in proportion to time in a diffusion."
    )

    kind: Literal["drift_diffusion"] = "drift_diffusion"
    snr: Positive = Field(1.0, description="Gradient SNR above which is drift, below which is diffusion.")
    factor: Factor = Field(3.0, description="Change of phase and onset of compression coincide within this factor.")
    exponent: Positive = Field(1.5, description="Growth of the weights' squared way: above is drift, below diffusion.")

    def analysis(self) -> Drift:
        """The gradients' SNR, and when compression begins."""
        return Drift(**self.read())

    def statistics(self, analysis: xr.DataTree) -> list[Statistic]:
        """Of every layer the SNR and the weights' way early and late; of those with both epochs their ratio."""
        return [s for data in conditions(analysis) for layer in data["layer"].values for s in self._of(data, layer)]

    def _of(self, data: xr.Dataset, layer: int) -> list[Statistic]:
        name = layer_name(data, layer)
        drift, diffusion, both = (
            Of(data, part, also=name) for part in ("drift first", "diffusion at the end", "the change is the onset")
        )
        found = [
            drift.at_least(self.snr, "snr_early_mean", layer=layer),
            diffusion.at_most(self.snr, "snr_late_mean", layer=layer),
        ]
        if "exponent_early" in data:
            weights = [Of(data, part, also=name) for part in ("weights drift first", "weights diffuse at the end")]
            found.append(weights[0].at_least(self.exponent, "exponent_early_mean", layer=layer))
            found.append(weights[1].at_most(self.exponent, "exponent_late_mean", layer=layer))
        if data["networks_with_both"].sel(layer=layer) > 1:
            found.append(both.within(self.factor, "lag_mean", layer=layer))
        return found


class DepthHelps(Claim):
    """More hidden layers, fewer epochs."""

    number: ClassVar[int] = 7
    source: ClassVar[str] = "ST17"
    statement: ClassVar[str] = "Depth helps: more hidden layers reach an error, and a compression, in fewer epochs."
    quote: ClassVar[str] = "the training time is dramatically reduced when adding more hidden layers."
    test: ClassVar[str] = (
        "Series of depths in which the width does not change with depth: all end in the same last layer, or all "
        "layers are alike. Networks that never arrive take longer than they were trained (censored: they rank last). "
        "The trend from two layers on is apart from the step from one layer to two."
    )

    kind: Literal["depth_helps"] = "depth_helps"
    experiment: Experiments = Field("depth", description=EXPERIMENT)
    errors: depth.Errors = Field((0.1, 0.05), description=depth.ERRORS)
    compression: Positive = Field(1.0, description=depth.COMPRESSION)
    correlation: Correlation = Field(-0.3, description="Rank correlation of layers and epochs to stay below.")
    faster: Fraction = Field(0.75, description="Probability that two hidden layers are faster than one to reach.")

    def analysis(self) -> depth.Depth:
        """When each network reaches the targets."""
        return depth.Depth(**self.read(), errors=self.errors, compression=self.compression)

    def statistics(self, analysis: xr.DataTree) -> list[Statistic]:
        """By series and target: the trend, and the step."""
        found = analysis.to_dataset()
        parts: tuple[tuple[str, Side, float], ...]
        parts = (("step", "at least", self.faster), ("trend", "at most", self.correlation))
        words = {"step": "two layers are faster than one", "trend": "and more are faster still"}
        return [
            named(
                statistic(side, threshold, found[name].sel(series=series, target=target), words[name]), series, target
            )
            for name, side, threshold in parts
            for series in found["series"].values
            for target in found["target"].values
        ]


class NearBound(Claim):
    """Converged layers know little more of X than they must for what they know of Y."""

    number: ClassVar[int] = 8
    source: ClassVar[str] = "ST17, TPB99"
    statement: ClassVar[str] = "Converged layers lie near the information-bottleneck bound."
    quote: ClassVar[str] = (
        "The converged layers lie on or very close to the Information Bottleneck (IB) theoretical bound."
    )
    test: ClassVar[str] = (
        "Layer by layer, I(X;T) in excess of the least that any T of the same I(T;Y) needs, in the last epoch; and by"
        " how much training lowers it. Below the bound is no distance to ask for: any layer that forgets nothing has "
        "none."
    )

    kind: Literal["near_bound"] = "near_bound"
    bits: Positive = Field(0.5, description="Excess of I(X;T) over the bound that counts as near, in bits.")

    def analysis(self) -> Bound:
        """Where the layers begin and end, beside the bound."""
        return Bound(**self.read())

    def statistics(self, analysis: xr.DataTree) -> list[Statistic]:
        """By layer: the excess in the last epoch, what training took off it, and, as a control, the untrained one."""
        found = []
        for data in conditions(analysis):
            for layer in data["layer"].values:
                near, nearer, untrained = (
                    Of(data, *part, layer_name(data, layer))
                    for part in (("near the bound", False), ("nearer than untrained", False), ("untrained", True))
                )
                found.append(near.at_most(self.bits, "excess_mean", layer=layer, end="last"))
                found.append(nearer.at_least(0.0, "closer_mean", layer=layer))
                found.append(untrained.at_most(self.bits, "excess_mean", layer=layer, end="untrained"))
        return found


class DataProcessing(Claim):
    """No layer has more information than a layer before it."""

    number: ClassVar[int] = 9
    source: ClassVar[str] = "ST17"
    statement: ClassVar[str] = "The data-processing inequality holds along the layers, as it is measured."
    test: ClassVar[str] = (
        "Of all pairs of layers, the later one's largest excess over the earlier, over all epochs of a smooth curve: "
        "the worst pair decides. The layers obey the inequality; an estimator need not, since it adds noise, or bins,"
        " to each layer anew."
    )

    kind: Literal["data_processing"] = "data_processing"
    bits: Positive = Field(0.1, description="Excess over a layer before that counts as none, in bits.")

    def analysis(self) -> data_processing.DataProcessing:
        """What each layer has more than those before."""
        return data_processing.DataProcessing(**self.read())

    def statistics(self, analysis: xr.DataTree) -> list[Statistic]:
        """The largest excess of I(X;T), and of I(T;Y), of the pair where it is largest."""
        found = []
        for data in conditions(analysis):
            for name, part in (("excess_XT_mean", "I(X;T)"), ("excess_TY_mean", "I(T;Y)")):
                mean = data[name].sel(interval="estimate")
                pair = data["pair"].values[int(mean.argmax("pair"))]
                found.append(Of(data, part, also=f"layer {pair}").at_most(self.bits, name, pair=pair))
        return found
