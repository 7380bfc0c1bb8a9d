"""The claims about the two phases: fitting and compression, what is forgotten, and what for ([ST17] against [S18])."""

from __future__ import annotations

from typing import ClassVar, Literal

import xarray as xr
from pydantic import Field

from infoplane.analyses.base import EXPERIMENT, Experiments, conditions
from infoplane.analyses.forgetting import Forgetting
from infoplane.analyses.phases import Phases
from infoplane.analyses.worlds import Worlds
from infoplane.claims.base import LearnedClaim, Of, Statistic, layer_name
from infoplane.section import Factor, Fraction, Positive

FITTED = "Share of the gain of I(T;Y) to be there when compression begins."
AFTER = "Share of the compression to come after the fitting."
ERROR = "Change of the held-out error allowed from the onset of compression on."
LEAST = "Compression from which a layer has a second phase, in bits."
CLASS_BITS = "Change of I(X;T|S), or of I(S;T), that counts as none, in bits."


class TwoPhases(LearnedClaim):
    """I(T;Y) is gained first, then I(X;T) falls while the error hardly changes."""

    number: ClassVar[int] = 1
    source: ClassVar[str] = "ST17"
    statement: ClassVar[str] = "Two phases: I(T;Y) rises fast, then I(X;T) falls slowly while the error hardly changes."
    quote: ClassVar[str] = (
        "The representation compression phase begins when the training errors becomes small and the Stochastic "
        "Gradient Decent (SGD) epochs change from a fast drift to smaller training error into a stochastic "
        "relaxation."
    )
    test: ClassVar[str] = (
        "Every layer that compresses, at its own onset: how much of the fitting is done by then, how much of the "
        "compression is left when fitting is done, and how the held-out error changes from then on. No epoch is laid "
        "down, since layers differ in when they compress."
    )

    kind: Literal["two_phases"] = "two_phases"
    least: Positive = Field(0.5, description=LEAST)
    fitted: Fraction = Field(0.9, description=FITTED)
    after: Fraction = Field(0.5, description=AFTER)
    error_change: Fraction = Field(0.02, description=ERROR)

    def analysis(self) -> Phases:
        """When each layer fits and compresses."""
        return Phases(**self.read(), least=self.least)

    def statistics(self, analysis: xr.DataTree) -> list[Statistic]:
        """Of the last hidden layer its compression; of every layer that compresses the two shares and the error."""
        return [statistic for condition in conditions(analysis) for statistic in self._of(condition)]

    def _of(self, data: xr.Dataset) -> list[Statistic]:
        found = [Of(data, "I(X;T) falls").at_least(self.least, "compression_mean", layer=data["layer"].values[-2])]
        amount = data["compression_mean"].sel(interval="estimate")
        for layer in data["layer"].values[amount >= self.least]:
            name = layer_name(data, layer)
            found += [
                Of(data, "fitting comes first", also=name).at_least(self.fitted, "share_fitted_mean", layer=layer),
                Of(data, "compression comes after", also=name).at_least(self.after, "share_after_mean", layer=layer),
                Of(data, "the error hardly changes", also=name).within(
                    self.error_change, "test_error_change_mean", layer=layer
                ),
            ]
        return found


class NoRegularization(LearnedClaim):
    """Networks without a penalty on weights and without dropout compress."""

    number: ClassVar[int] = 2
    source: ClassVar[str] = "ST17"
    statement: ClassVar[str] = "Compression happens without any explicit regularisation."
    test: ClassVar[str] = (
        "The last hidden layer of networks without an L2 penalty and without dropout that have learned: I(X;T) at its"
        " peak, once training has begun, less that of the last epoch. Networks with l2 or dropout stand beside them "
        "as controls."
    )

    kind: Literal["no_regularization"] = "no_regularization"
    bits: Positive = Field(1.0, description="Compression of the last hidden layer that counts, in bits.")

    def analysis(self) -> Phases:
        """When each layer fits and compresses."""
        return Phases(**self.read())

    def statistics(self, analysis: xr.DataTree) -> list[Statistic]:
        """Compression of the last hidden layer; where l2 or dropout is not 0, as a control."""
        found = conditions(analysis)
        regularised = [any(data.attrs["condition"][key] for key in ("l2", "dropout")) for data in found]
        if all(regularised):
            return []
        return [
            Of(data, "compresses", control).at_least(self.bits, "compression_mean", layer=data["layer"].values[-2])
            for data, control in zip(found, regularised, strict=True)
        ]


class Forgets(LearnedClaim):
    """What goes in the second phase is the part of X that no label can need."""

    number: ClassVar[int] = 15
    source: ClassVar[str] = "ST17 against S18"
    statement: ClassVar[str] = (
        "Training forgets what is irrelevant to the label, after the fitting, and keeps what is relevant."
    )
    quote: ClassVar[str] = (
        "[S18] hidden representations do compress the task-irrelevant information, although the overall information "
        "about the input may monotonically increase with training time, and ... this compression happens concurrently"
        " with the fitting process rather than during a subsequent compression period."
    )
    test: ClassVar[str] = (
        "Y depends on X through the class S alone, so that I(X;T) = I(S;T) + I(X;T|S) without a rest, and I(X;T|S) is"
        " of no use to any label. Both parts of the last hidden layer, before and after each network's own end of "
        "fitting (95 % of its gain of I(T;Y)); the other hidden layers stand beside it."
    )

    kind: Literal["forgets"] = "forgets"
    bits: Positive = Field(0.5, description="Fall of I(X;T|S) after the fitting that counts, in bits.")
    none: Positive = Field(0.1, description=CLASS_BITS)

    def analysis(self) -> Forgetting:
        """The parts of I(X;T) by phase."""
        return Forgetting(**self.read())

    def statistics(self, analysis: xr.DataTree) -> list[Statistic]:
        """Changes of I(X;T|S) after and while fitting, and of I(S;T) after."""
        return [
            statistic
            for data in conditions(analysis)
            for layer in data["layer"].values[-2::-1]
            for statistic in self._of(data, layer)
        ]

    def _of(self, data: xr.Dataset, layer: int) -> list[Statistic]:
        name, control = layer_name(data, layer), bool(layer != data["layer"].values[-2])
        parts = ("irrelevant details go after the fitting", "and not while fitting", "the relevant class is kept")
        after, fitting, kept = (Of(data, part, control, name) for part in parts)
        return [
            after.at_most(-self.bits, "I_XT_given_S_after_mean", layer=layer),
            fitting.at_least(-self.none, "I_XT_given_S_fitting_mean", layer=layer),
            kept.at_least(-self.none, "I_ST_after_mean", layer=layer),
        ]


class NoOverfitting(LearnedClaim):
    """While a network compresses, it does not overfit."""

    number: ClassVar[int] = 16
    source: ClassVar[str] = "ST17"
    statement: ClassVar[str] = "Forgetting generalises: compression prevents overfitting."
    test: ClassVar[str] = (
        "From the onset of the last hidden layer's compression to the end of training, neither the held-out error nor"
        " the held-out cross-entropy may rise. Both, since sure mistakes raise the cross-entropy and leave the error "
        "as it is."
    )

    kind: Literal["no_overfitting"] = "no_overfitting"
    error: Fraction = Field(0.005, description="Rise of the held-out error that counts as none.")
    nats: Positive = Field(0.01, description="Rise of the held-out cross-entropy that counts as none, in nats.")

    def analysis(self) -> Phases:
        """Error and loss at the onset of compression and at the end."""
        return Phases(**self.read())

    def statistics(self, analysis: xr.DataTree) -> list[Statistic]:
        """Changes of the held-out error and cross-entropy from the onset on."""
        changes = (("the error does not rise", "test_error", self.error), ("nor the loss", "test_loss", self.nats))
        return [
            Of(data, part).at_most(limit, f"{name}_change_mean", layer=data["layer"].values[-2])
            for data in conditions(analysis)
            for part, name, limit in changes
        ]


class OtherWorlds(LearnedClaim):
    """Two phases, compression, drift and diffusion, and forgetting, with other rules, real data and architectures."""

    number: ClassVar[int] = 14
    source: ClassVar[str] = "open"
    statement: ClassVar[str] = "Other rules, real data and other networks show what the paper's do."
    test: ClassVar[str] = (
        "Claims 1, 2, 5 and 15 of the last hidden layer, in each world: a verdict each. Worlds in which nothing can "
        "be forgotten early, or nothing is to be learned (parity, shuffled labels), stand beside them as controls."
    )

    kind: Literal["other_worlds"] = "other_worlds"
    experiment: Experiments = Field("worlds", description=EXPERIMENT)
    controls: tuple[str, ...] = Field(("parity", "shuffled"), description="Datasets that are controls.")
    bits: Positive = Field(1.0, description="Compression of the last hidden layer that counts, in bits.")
    fitted: Fraction = Field(0.9, description=FITTED)
    after: Fraction = Field(0.5, description=AFTER)
    error_change: Fraction = Field(0.02, description=ERROR)
    snr: Positive = Field(1.0, description="Gradient SNR below which is diffusion.")
    factor: Factor = Field(3.0, description="Change of phase and onset of compression coincide within this factor.")
    forgotten: Positive = Field(0.5, description="Fall of I(X;T|S) after the fitting that counts, in bits.")

    def analysis(self) -> Worlds:
        """What the analyses of claims 1, 2, 5 and 15 say of each world."""
        return Worlds(**self.read())

    def statistics(self, analysis: xr.DataTree) -> list[Statistic]:
        """Of the last hidden layer of each world, what claims 1, 2, 5 and 15 ask for."""
        return [statistic for data in conditions(analysis) for statistic in self._of(data)]

    def _of(self, data: xr.Dataset) -> list[Statistic]:
        control = data.attrs["condition"]["dataset"] in self.controls
        world = data.attrs["name"] or data.attrs["experiment"]
        phases, compresses, drift, forgets = (
            Of(data, f"{world}: {part}", control)
            for part in ("two phases", "compression", "drift and diffusion", "forgetting")
        )
        layer = data["layer"].values[-2]
        return [
            phases.at_least(self.fitted, "share_fitted_mean", layer=layer),
            phases.at_least(self.after, "share_after_mean", layer=layer),
            phases.within(self.error_change, "test_error_change_mean", layer=layer),
            compresses.at_least(self.bits, "compression_mean", layer=layer),
            drift.at_most(self.snr, "snr_late_mean", layer=layer),
            drift.within(self.factor, "lag_mean", layer=layer),
            forgets.at_most(-self.forgotten, "I_XT_given_S_after_mean", layer=layer),
        ]
