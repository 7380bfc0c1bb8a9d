"""What the config says of the explorer: whose networks, and as which estimators see them."""

from __future__ import annotations

from pydantic import Field

from infoplane.analyses import explorer
from infoplane.analyses.base import EXPERIMENT, Experiments
from infoplane.section import Section


class Explorer(Section):
    """The page `results/explorer.html`: planes, learning curves, gradients and followed inputs, epoch by epoch."""

    experiment: Experiments = Field("main", description=EXPERIMENT)
    compare: explorer.Names = Field(("binned",), description=explorer.COMPARE)

    def analysis(self) -> explorer.Explorer:
        """The numbers that it shows."""
        return explorer.Explorer(experiment=self.experiment, compare=self.compare)
