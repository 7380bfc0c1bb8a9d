"""An analysis: the errors of the last epoch. A figure draws it, a claim decides by it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import xarray as xr

from infoplane.analyses.base import Analysis, Run, result


class FinalError(Analysis):
    """Training and test error of each network in the last epoch."""

    kind: Literal["final_error"] = "final_error"
    reads_curves: ClassVar[bool] = True

    def analyse(self, runs: Sequence[Run]) -> xr.DataTree:
        """`train_error` and `test_error` (replicate) of each run."""
        return result(runs, [run.curves[["train_error", "test_error"]].isel(epoch=-1, drop=True) for run in runs])
