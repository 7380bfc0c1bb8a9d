"""What every figure is: a `Section` whose `draw` turns the runs of an experiment into one drawing."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import matplotlib.figure
import xarray as xr
from pydantic import Field

from infoplane.condition import Condition
from infoplane.section import Section


@dataclass(frozen=True)
class Run:
    """One condition of an experiment, as a figure sees it; its parts (`replicates_per_job`) read as one.

    `varied` holds the keys in which it differs from the experiment's other conditions (empty for one alone);
    `curves` is the root of training.zarr (losses, errors), present if the figure `reads_curves`;
    `measurements` holds (replicate, epoch, layer) datasets by the name of the estimator or built-in measure;
    `dataset` and `trainings` are the paths of the stores, for figures that look at inputs or activations.
    """

    condition: Condition
    varied: Mapping[str, Any]
    curves: xr.Dataset | None
    measurements: Mapping[str, xr.Dataset]
    dataset: Path
    trainings: tuple[Path, ...]


@dataclass(frozen=True)
class Drawing:
    """A drawn figure and the numbers that its caption and the claims quote."""

    figure: matplotlib.figure.Figure
    numbers: Mapping[str, Any]


class Figure(Section):
    """A figure of one experiment.

    `group` is its chapter in the report; `measures` names the built-in measures it needs beside its
    estimators; `reads_curves` says that it reads losses and errors, `reads_stores` that it opens `Run.dataset` or
    `Run.trainings` itself.
    """

    group: ClassVar[str] = "The paper"
    reads_curves: ClassVar[bool] = False
    reads_stores: ClassVar[bool] = False
    measures: ClassVar[tuple[str, ...]] = ()

    experiment: str = Field("main", description="Whose conditions are drawn: a name under `experiments`.")

    def estimators(self) -> tuple[str, ...]:
        """Names of the estimators (under the config's `estimators`) whose measurements the figure needs."""
        return (self.estimator,) if "estimator" in type(self).model_fields else ()

    @abstractmethod
    def draw(self, runs: Sequence[Run]) -> Drawing:
        """Draw the runs, in the order of the experiment's conditions."""
