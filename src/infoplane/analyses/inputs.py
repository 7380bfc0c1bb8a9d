"""From the stores that an analysis reads to its runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import xarray as xr

from infoplane import stores
from infoplane.analyses.base import Run
from infoplane.condition import Condition


def open_run(described: Mapping[str, Any], folders: Mapping[str, Path]) -> Run:
    """A run as `PlannedRun.describe` puts it into the analysis' parameters; `folders` are those of the ids in it."""

    def parts(stage: str, ids: list[str]) -> xr.Dataset:
        return stores.open_parts([folders[i] / f"{stage}.zarr.zip" for i in ids]).load()

    return Run(
        experiment=described["experiment"],
        condition=Condition.restored(described["condition"]),
        varied=described["varied"],
        measurements={name: parts("measurement", ids) for name, ids in described["measurements"].items()},
        curves=parts("training", described["trainings"]) if "trainings" in described else xr.Dataset(),
        dataset=parts("dataset", [described["dataset"]]) if "dataset" in described else xr.Dataset(),
    )
