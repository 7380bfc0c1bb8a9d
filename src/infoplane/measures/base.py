"""What every measure is: a `Section` whose `measure` turns one training into a measurement."""

from __future__ import annotations

from abc import abstractmethod

import xarray as xr

from infoplane.section import Section


class Measure(Section):
    """A measurement of one training store (or one part of a condition: `replicates_per_job`)."""

    @abstractmethod
    def measure(self, training: xr.DataTree, dataset: xr.Dataset) -> xr.Dataset:
        """Measure every replicate, snapshot and layer of `training`.

        `training` and `dataset` are opened lazily (docs: the data model); the result has the dimensions
        (replicate, epoch, layer) with the coordinates of `training`, `units` and `long_name` on every variable.
        """
