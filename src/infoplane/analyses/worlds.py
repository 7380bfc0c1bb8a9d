"""The two phases, drift and forgetting in other worlds: other rules, real data, other architectures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import xarray as xr
from pydantic import Field

from infoplane.analyses.base import (
    EXPERIMENT,
    Experiments,
    InformationAnalysis,
    LearnedAnalysis,
    Run,
    conditions,
    result,
)
from infoplane.analyses.drift import Drift
from infoplane.analyses.forgetting import Forgetting
from infoplane.analyses.phases import Phases


class Worlds(LearnedAnalysis, InformationAnalysis):
    """What `phases`, `drift` and `forgetting` say of each condition, side by side."""

    of_classes: ClassVar[bool] = True
    measures: ClassVar[tuple[str, ...]] = ("gradients",)
    needs: ClassVar[tuple[str, ...]] = Forgetting.needs

    kind: Literal["worlds"] = "worlds"
    experiment: Experiments = Field("worlds", description=EXPERIMENT)

    def analyse(self, runs: Sequence[Run]) -> xr.DataTree:
        """By condition: the variables of the three analyses."""
        keys = self.model_dump(exclude={"kind"})
        parts = [conditions(kind(**keys).analyse(runs)) for kind in (Phases, Drift, Forgetting)]
        merged = [xr.merge(found, compat="override", combine_attrs="override") for found in zip(*parts, strict=True)]
        return result(runs, merged)
