"""What a layer knows of the class S that the label depends on, and of the rest: I(X;T) = I(S;T) + I(X;T|S).

"It forgets what is irrelevant" is a statement about I(X;T|S), which no label can ever need: [ST17] says that it goes
after the fitting, [S18] that it goes while fitting.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import xarray as xr

from infoplane.analyses.base import QUANTITIES, InformationAnalysis, LearnedAnalysis, Run, result, stated
from infoplane.analyses.phases import fitted
from infoplane.statistics import at_epoch, first, last, mean_interval, smoothed


class Forgetting(LearnedAnalysis, InformationAnalysis):
    """The parts of I(X;T) of every layer over the epochs, and by how much each changes in either phase.

    Where the dataset has inputs N of which the label is independent, its nuisance, I(N;T) too.
    """

    needs: ClassVar[tuple[str, ...]] = ("I_XT", "I_TY", "I_ST", "I_XT_given_S")

    kind: Literal["forgetting"] = "forgetting"

    def analyse(self, runs: Sequence[Run]) -> xr.DataTree:
        """By condition: means (epoch, layer), changes while fitting and after (replicate, layer; interval, layer)."""
        return result(runs, [self._of(run) for run in runs])

    def _of(self, run: Run) -> xr.Dataset:
        known = self.information(run)
        names = {name: quantity for name, quantity in QUANTITIES.items() if name in known}
        chosen = self.of_learned(run, known[[*names]])
        when = fitted(smoothed(chosen["I_TY"]))
        found = {
            f"{name}_mean": stated(chosen[name].mean("replicate"), "bits", f"mean of {quantity}")
            for name, quantity in names.items()
        }
        long_name = "end of fitting (95 % of the gain of I(T;Y)): median over networks"
        found["fitted_median"] = stated(when.median("replicate"), "epochs", long_name)
        for name, quantity in names.items():
            curve = smoothed(chosen[name])
            then = at_epoch(curve, when)
            changes = {"fitting": (first(curve), then, "while fitting"), "after": (then, last(curve), "after fitting")}
            for phase, (before, afterwards, words) in changes.items():
                change = stated(afterwards - before, "bits", f"change of {quantity} {words}")
                found[f"{name}_{phase}"] = change
                found[f"{name}_{phase}_mean"] = mean_interval(change, "bits", change.attrs["long_name"])
        return xr.Dataset(found, attrs={**chosen.attrs, "last_epoch": int(chosen["epoch"][-1])})
