"""Which engine trains a condition."""

from __future__ import annotations

import xarray as xr

from infoplane.condition import Condition
from infoplane.training.engine import Engine
from infoplane.training.graph import GraphEngine
from infoplane.training.native import NativeEngine, takes


def engine_of(condition: Condition, dataset: xr.Dataset, replicates: range) -> Engine:
    """The engine of a job: the native one where it is the faster, else the graph, which trains any condition."""
    native = takes(condition, dataset.sizes["feature"], dataset.sizes.get("class", 0))
    return (NativeEngine if native else GraphEngine)(condition, dataset, replicates)
