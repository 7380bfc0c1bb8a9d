"""Claims on networks whose information is known: linear ones, and quantized ones, which are counted."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import xarray as xr
from pydantic import Field

from infoplane.analyses.base import EXPERIMENT, Experiments, conditions
from infoplane.analyses.forgetting import Forgetting
from infoplane.analyses.student_teacher import StudentTeacher
from infoplane.claims.base import Claim, LearnedClaim, Of, Statistic, layer_name
from infoplane.claims.critique import GridClaim
from infoplane.section import Fraction, Positive


class LinearStudents(Claim):
    """Linear students generalise, and over-train, and compress in neither case."""

    number: ClassVar[int] = 17
    source: ClassVar[str] = "S18"
    statement: ClassVar[str] = (
        "Where nothing is estimated, compression does not go with generalisation: linear networks generalise, and "
        "over-train, without it."
    )
    quote: ClassVar[str] = (
        "there is no evident causal connection between compression and generalization: networks that do not compress "
        "are still capable of generalization, and vice versa."
    )
    test: ClassVar[str] = (
        "Linear students of a linear teacher, whose generalisation error and information are exact. The condition that"
        " generalises best must do so, that which over-trains most must do that, and the last hidden layer of every "
        "condition must lose next to nothing of its I(X;T). What over-training costs of the output's I(T;Y) stands "
        "beside it."
    )

    kind: Literal["linear_students"] = "linear_students"
    experiment: Experiments = Field("linear", description=EXPERIMENT)
    estimator: str = Field("gaussian", description="Whose exact I(X;T) counts: a `gaussian` under `estimators`.")
    good: Fraction = Field(
        0.2, description="Error above the noise up to which a student generalises, of w·x's variance."
    )
    rise: Fraction = Field(
        0.2, description="Rise of the error from which a student has over-trained, in the same unit."
    )
    bits: Positive = Field(0.1, description="Compression that counts as none, in bits.")

    def analysis(self) -> StudentTeacher:
        """Exact errors and compression."""
        return StudentTeacher(**self.read())

    def statistics(self, analysis: xr.DataTree) -> list[Statistic]:
        """The best and the worst condition, and compression in each."""
        found = conditions(analysis)
        best = found[int(np.argmin([float(data["end_mean"][0]) for data in found]))]
        worst = found[int(np.argmax([float(data["overtraining_mean"][0]) for data in found]))]
        statistics = [
            Of(best, "generalises").at_most(self.good, "end_mean"),
            Of(worst, "over-trains").at_least(self.rise, "overtraining_mean"),
        ]
        for data in found:
            hidden, output = data["layer"].values[-2:]
            statistics.append(Of(data, "neither compresses").at_most(self.bits, "compression_mean", layer=hidden))
            statistics.append(Of(data, control=True).at_most(self.bits, "lost_mean", layer=output))
        return statistics


class IrrelevantInputs(LearnedClaim):
    """What inputs that do not matter leave in a layer goes while the network fits."""

    number: ClassVar[int] = 18
    source: ClassVar[str] = "S18"
    statement: ClassVar[str] = "Information on inputs that do not matter goes while fitting, not in a phase of its own."
    quote: ClassVar[str] = (
        "hidden representations do compress the task-irrelevant information, although the overall information about "
        "the input may monotonically increase with training time, and ... this compression happens concurrently with "
        "the fitting process rather than during a subsequent compression period."
    )
    test: ClassVar[str] = (
        "Datasets with a nuisance N: inputs of which the target, and all other inputs S, are independent. I(N;T) of "
        "the last hidden layer, exact, before and after each network's own end of fitting (95 % of its gain of "
        "I(T;Y)): it must fall while fitting, and not after; I(S;T) must rise meanwhile. All of I(X;T) stands beside."
    )

    kind: Literal["irrelevant_inputs"] = "irrelevant_inputs"
    experiment: Experiments = Field("irrelevant", description=EXPERIMENT)
    bits: Positive = Field(0.1, description="Change that counts, in bits.")

    def analysis(self) -> Forgetting:
        """The parts of I(X;T) by phase."""
        return Forgetting(**self.read())

    def statistics(self, analysis: xr.DataTree) -> list[Statistic]:
        """Changes of I(N;T) while fitting and after, and of I(S;T) while fitting; none without a nuisance."""
        found = []
        for data in (data for data in conditions(analysis) if "I_NT_fitting_mean" in data):
            layer = data["layer"].values[-2]
            goes = Of(data, "irrelevant inputs go while fitting", also=layer_name(data, layer))
            stay = Of(data, "and not after", also=layer_name(data, layer))
            rises = Of(data, "relevant inputs come", also=layer_name(data, layer))
            found.append(goes.at_most(-self.bits, "I_NT_fitting_mean", layer=layer))
            found.append(stay.at_least(-self.bits, "I_NT_after_mean", layer=layer))
            found.append(rises.at_least(self.bits, "I_ST_fitting_mean", layer=layer))
            for phase in ("fitting", "after"):
                control = Of(data, control=True, also=layer_name(data, layer))
                found.append(control.at_least(-self.bits, f"I_XT_{phase}_mean", layer=layer))
        return found


class ExactNetworks(GridClaim):
    """Networks whose own information can be counted lose some of it, whoever else looks."""

    number: ClassVar[int] = 19
    source: ClassVar[str] = "ST17 against S18"
    statement: ClassVar[str] = (
        "Where nothing is estimated, networks that saturate compress: it is not the estimator's doing."
    )
    test: ClassVar[str] = (
        "Quantized activations take finitely many values, so that counting gives the network's own I(X;T): the last "
        "hidden layer of networks that have learned must lose it. What the other estimators of the grid see in the "
        "same networks stands beside it."
    )

    kind: Literal["exact_networks"] = "exact_networks"
    experiment: Experiments = Field("quantized", description=EXPERIMENT)
    estimator: str = Field("exact", description="Whose I(X;T) is the network's own: a name among `compare`.")

    def statistics(self, analysis: xr.DataTree) -> list[Statistic]:
        """Compression of the last hidden layer by the exact count and, as controls, by every other estimator."""
        found = []
        for data in (data for data in conditions(analysis) if data.attrs["replicates_used"]):
            layer = data["layer"].values[-2]
            for estimator in data["estimator"].values:
                own = estimator == self.estimator
                of = Of(data, "compresses" if own else "", control=not own, also=str(estimator))
                found.append(of.at_least(self.bits, "compression_mean", estimator=estimator, layer=layer))
        return found
