"""Are the final weights random, and single neurons and networks exchangeable [ST17]?"""

from __future__ import annotations

from typing import ClassVar, Literal

import xarray as xr
from pydantic import Field

from infoplane.analyses.base import conditions
from infoplane.analyses.weights import Weights
from infoplane.claims.base import LearnedClaim, Of, Statistic, layer_name
from infoplane.section import Factor, Fraction


class RandomWeights(LearnedClaim):
    """Final weights are no more alike than random ones; networks differ as at first and agree; no neuron tells much."""

    number: ClassVar[int] = 6
    source: ClassVar[str] = "ST17"
    statement: ClassVar[str] = (
        "Final weights are effectively random: correlations between neurons of a layer are small, many networks do "
        "equally well, and single neurons say little."
    )
    test: ClassVar[str] = (
        "Layer by layer, the root mean square cosine of pairs of neurons in the last epoch: over that expected of "
        "random directions, and over the same network's initial weights. Two networks, neurons matched as well as "
        "can be by their activations, are no nearer than they were at first, yet agree on nearly all inputs. A neuron "
        "tells little of what its layer tells of the label; the layer's best neuron stands beside it. A mean over "
        "layers would hide the narrow ones."
    )

    kind: Literal["random_weights"] = "random_weights"
    factor: Factor = Field(1.5, description="Factor, either way, within which correlations and distances are the same.")
    disagree: Fraction = Field(0.1, description="Share of the inputs on which two networks may disagree.")
    neuron: Fraction = Field(0.5, description="Share of its layer's I(T;Y) that is little for a neuron.")

    def analysis(self) -> Weights:
        """Correlations between neurons, networks beside each other, single neurons: no estimator has a part in it."""
        return Weights(experiment=self.experiment, learned=self.learned)

    def statistics(self, analysis: xr.DataTree) -> list[Statistic]:
        """Per condition and part, each layer; networks agree as a whole. Initial cosines, best neurons as controls."""
        return [statistic for data in conditions(analysis) for statistic in self._of(data)]

    def _of(self, data: xr.Dataset) -> list[Statistic]:
        far = 1 / self.factor
        kinds = (
            ("as random directions", "over_random_mean", Of.within, self.factor, False),
            ("as the initial weights", "over_initial_mean", Of.within, self.factor, False),
            ("", "initial_over_random_mean", Of.within, self.factor, True),
            ("networks as far apart as at first", "apart_over_initial", Of.at_least, far, False),
            ("networks agree", "disagreement", Of.at_most, self.disagree, False),
            ("a neuron tells little", "unit_share_mean", Of.at_most, self.neuron, False),
            ("", "best_unit_share_mean", Of.at_most, self.neuron, True),
        )
        found = []
        for part, name, against, threshold, control in kinds:
            if name not in data:
                continue
            if "layer" not in data[name].dims:
                found.append(against(Of(data, part, control), threshold, name))
                continue
            for layer in data["layer"].values:
                found.append(against(Of(data, part, control, layer_name(data, layer)), threshold, name, layer=layer))
        return found
