"""Which engine trains a condition."""

from __future__ import annotations

import xarray as xr

from infoplane.condition import Condition
from infoplane.training.backend import device
from infoplane.training.engine import Engine
from infoplane.training.graph import GraphEngine
from infoplane.training.native import NativeEngine
from infoplane.training.small import is_small


def engine_of(condition: Condition, dataset: xr.Dataset, replicates: range) -> Engine:
    """The engine of a job: the native one where it is the faster, else the graph, which trains any condition."""
    return (NativeEngine if _small(condition, dataset) else GraphEngine)(condition, dataset, replicates)


def place(condition: Condition, dataset: xr.Dataset) -> str:
    """What a condition is trained on, in words."""
    return "the processor, as all small networks" if _small(condition, dataset) else device()


def _small(condition: Condition, dataset: xr.Dataset) -> bool:
    return is_small(condition.model_dump(), dataset.sizes["feature"], dataset.sizes.get("class", 0))
