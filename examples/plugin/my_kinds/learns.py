"""A claim: that networks learn."""

from __future__ import annotations

from typing import ClassVar, Literal

import xarray as xr
from pydantic import Field

from infoplane.analyses.base import conditions
from infoplane.claims.base import Claim, Statistic, statistic
from infoplane.section import Share
from infoplane.statistics import mean_interval
from my_kinds.final_error import FinalError


class Learns(Claim):
    """Networks learn their training set."""

    kind: Literal["learns"] = "learns"
    number: ClassVar[int] = 100
    source: ClassVar[str] = "this package"
    statement: ClassVar[str] = "Networks learn their training set."
    test: ClassVar[str] = "The mean training error of the last epoch, in every condition."
    max_error: Share = Field(0.05, description="Largest training error that counts as learned.")

    def analysis(self) -> FinalError:
        """The errors of the last epoch."""
        return FinalError(experiment=self.experiment)

    def statistics(self, analysis: xr.DataTree) -> list[Statistic]:
        """One for each condition."""
        return [
            statistic("at most", self.max_error, mean_interval(errors["train_error"], "1", "training error"))
            for errors in conditions(analysis)
        ]
