"""The claims of the critique: Saxe et al. 2018 [S18], and after."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import xarray as xr
from pydantic import Field

from infoplane.analyses.base import EXPERIMENT, Experiments, conditions
from infoplane.analyses.estimators import COMPARED, Names
from infoplane.analyses.generalization import Generalization
from infoplane.analyses.matched import Matched
from infoplane.analyses.multiverse import Multiverse
from infoplane.claims.base import LearnedClaim, Of, Statistic, statistic
from infoplane.measures.base import LIMITS
from infoplane.section import Fraction, Positive


class GridClaim(LearnedClaim):
    """A claim that reads the one grid of estimators, layers and nonlinearities."""

    experiment: Experiments = Field("nonlinearity", description=EXPERIMENT)
    compare: Names = Field(("binned",), description=COMPARED)
    bits: Positive = Field(1.0, description="Compression of the last hidden layer that counts, in bits.")

    def analysis(self) -> Multiverse:
        """Compression in every cell of the grid."""
        read = {"experiment": self.experiment, "bound": self.bound, "learned": self.learned}
        return Multiverse(**read, compare=self.compare)


def _share(
    analysis: xr.DataTree, axis: str, threshold: float, part: str = "", control: bool = False
) -> list[Statistic]:
    """The share of the variance that an axis of the grid has; none where there are not several conditions."""
    name = f"share_{axis}"
    found = analysis.dataset
    return [statistic("at least", threshold, found[name], part, control)] if name in found else []


class Nonlinearity(GridClaim):
    """Saturating activations compress, others do not, whoever looks."""

    number: ClassVar[int] = 10
    source: ClassVar[str] = "S18"
    statement: ClassVar[str] = (
        "Compression depends on the nonlinearity: saturating ones compress, ReLU and linear do not."
    )
    quote: ClassVar[str] = (
        "the information plane trajectory is predominantly a function of the neural nonlinearity employed: double-"
        "sided saturating nonlinearities like tanh yield a compression phase as neural activations enter the "
        "saturation regime, but linear activation functions and single-sided saturating nonlinearities like the "
        "widely used ReLU in fact do not."
    )
    test: ClassVar[str] = (
        "The last hidden layer by the critique's estimator, equal bins; and \"predominantly\" as the nonlinearity's "
        "share of the variance of compression over one declared grid of nonlinearities, estimators and hidden layers."
    )

    kind: Literal["nonlinearity"] = "nonlinearity"
    share_of_variance: Fraction = Field(0.5, description="Share of the variance that is predominant.")

    def statistics(self, analysis: xr.DataTree) -> list[Statistic]:
        """Compression of the last hidden layer where any network has learned, and the nonlinearity's share."""
        found = [data for data in conditions(analysis) if data.attrs["replicates_used"]]
        saturates = [data.attrs["condition"]["activation"] in LIMITS for data in found]
        if len(set(saturates)) < 2:
            return []  # there must be saturating activations, and others
        statistics = []
        for data, saturating in zip(found, saturates, strict=True):
            at = {"estimator": self.estimator, "layer": data["layer"].values[-2]}
            if saturating:
                statistics.append(Of(data, "saturating ones compress").at_least(self.bits, "compression_mean", **at))
            else:
                statistics.append(Of(data, "others do not").at_most(self.bits, "compression_mean", **at))
        return statistics + _share(analysis, "condition", self.share_of_variance, "predominantly")


class EstimatorDependence(GridClaim):
    """The same networks compress in the eyes of one estimator and not of another."""

    number: ClassVar[int] = 13
    source: ClassVar[str] = "S18, C19, G19"
    statement: ClassVar[str] = "The verdict on compression depends on the estimator."
    test: ClassVar[str] = (
        "For each nonlinearity, the last hidden layer of the same networks at the same snapshots: the estimator of "
        "the grid that sees most compression must see it, and the one that sees least must not."
    )

    kind: Literal["estimator_dependence"] = "estimator_dependence"
    share_of_variance: Fraction = Field(0.1, description="Share of the variance that is worth naming.")

    def statistics(self, analysis: xr.DataTree) -> list[Statistic]:
        """By condition, compression by the estimator that sees most and by the one that sees least."""
        statistics = []
        for data in conditions(analysis):
            layer = data["layer"].values[-2]
            mean = data["compression_mean"].sel(interval="estimate", layer=layer)
            if not np.isfinite(mean).any():
                continue
            places = (np.nanargmax(mean.values), np.nanargmin(mean.values))
            most, least = (str(data["estimator"].values[place]) for place in places)
            part = data.attrs["name"] or "the verdict turns"
            for of, side, estimator in ((Of.at_least, "most", most), (Of.at_most, "least", least)):
                shown = Of(data, part, also=f"{side}: {estimator}")
                statistics.append(of(shown, self.bits, "compression_mean", estimator=estimator, layer=layer))
        return statistics + _share(analysis, "estimator", self.share_of_variance, control=True)


class NoLink(LearnedClaim):
    """Networks that compress more do not generalise better, or worse."""

    number: ClassVar[int] = 11
    source: ClassVar[str] = "S18"
    statement: ClassVar[str] = "No causal link between compression and generalisation."
    quote: ClassVar[str] = (
        "there is no evident causal connection between compression and generalization: networks that do not compress "
        "are still capable of generalization, and vice versa."
    )
    test: ClassVar[str] = (
        "The two statements of existence, each by the condition that shows it best; and the rank correlation of "
        "compression and generalisation gap *within* conditions, which must be 0 within a margin. Pooled over "
        "conditions it is not: they differ in both for reasons of their own (Simpson's paradox), so the pooled one "
        "stands beside as a control. Conditions are not independent, since their networks of one number have the same "
        "samples held out: the interval is of networks, not of conditions."
    )

    kind: Literal["no_link"] = "no_link"
    correlation: Fraction = Field(0.2, description="Size of the rank correlation that counts as none.")
    little: Positive = Field(0.5, description="Compression up to which a network does not compress, in bits.")
    much: Positive = Field(1.0, description="Compression from which a network compresses, in bits.")
    good: Fraction = Field(0.05, description="Held-out error up to which a network generalises.")
    bad: Fraction = Field(0.1, description="Held-out error from which a network does not generalise.")

    def analysis(self) -> Generalization:
        """Compression and generalisation of every network."""
        return Generalization(**self.read())

    def statistics(self, analysis: xr.DataTree) -> list[Statistic]:
        """The two conditions that show most, and the rank correlation within conditions."""
        found = conditions(analysis)
        mean = {n: np.array([float(d[f"{n}_mean"][0]) for d in found]) for n in ("compression", "test_error")}
        flat, lossy = mean["compression"] <= self.little, mean["compression"] >= self.much
        if not (flat.any() and lossy.any()):
            return []  # there must be networks of both kinds
        best = found[int(np.argmin(np.where(flat, mean["test_error"], np.inf)))]
        worst = found[int(np.argmax(np.where(lossy, mean["test_error"], -np.inf)))]
        generalises = Of(best, "without compression, generalises")
        fails = Of(worst, "compresses, does not generalise")
        return [
            generalises.at_most(self.little, "compression_mean"),
            generalises.at_most(self.good, "test_error_mean"),
            fails.at_least(self.much, "compression_mean"),
            fails.at_least(self.bad, "test_error_mean"),
            statistic("within", self.correlation, analysis.dataset["within"], "no correlation within conditions"),
            statistic("within", self.correlation, analysis.dataset["pooled"], control=True),
        ]


class FullBatch(LearnedClaim):
    """Networks that have learned without noise in the gradient compress, as others do."""

    number: ClassVar[int] = 12
    source: ClassVar[str] = "S18"
    statement: ClassVar[str] = "Full-batch gradient descent compresses too: stochasticity is not the cause."
    quote: ClassVar[str] = (
        "the compression phase, when it exists, does not arise from stochasticity in training by demonstrating that "
        "we can replicate the IB findings using full batch gradient descent rather than stochastic gradient descent."
    )
    test: ClassVar[str] = (
        "Compression of the last hidden layer until the training loss is what SGD and full batch both reach: an epoch"
        " of either is not the same thing. Full batch must compress, and, network by network, as much as SGD from the"
        " same weights, within a margin. Nonlinearities that do not saturate stand beside as controls."
    )

    kind: Literal["full_batch"] = "full_batch"
    experiment: Experiments = Field("batch", description=EXPERIMENT)
    bits: Positive = Field(1.0, description="Compression of the last hidden layer that counts, in bits.")
    difference: Positive = Field(1.0, description="Difference from SGD that counts as none, in bits.")

    def analysis(self) -> Matched:
        """Compression at matched loss."""
        return Matched(**self.read())

    def statistics(self, analysis: xr.DataTree) -> list[Statistic]:
        """Compression under full-batch descent at matched loss, and its difference from SGD."""
        statistics = []
        for data in conditions(analysis):
            control = data.attrs["condition"]["activation"] not in LIMITS
            if data.attrs["condition"]["batch_size"] != "full":
                statistics.append(Of(data, control=True).at_least(self.bits, "compression_mean"))
                continue
            statistics.append(Of(data, "compresses", control).at_least(self.bits, "compression_mean"))
            if "difference_mean" in data:
                statistics.append(Of(data, "as SGD does", control).within(self.difference, "difference_mean"))
        return statistics if any(not s.control for s in statistics) else []
