"""What every figure is: a `Section` whose `draw` turns the runs of experiments into one drawing."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

import matplotlib.figure
import xarray as xr
from pydantic import Field

from infoplane.condition import Condition
from infoplane.section import Section

GROUPS = ("Claims", "The paper", "The critique", "Beyond")  # chapters of the report
EXPERIMENT = "Whose conditions are drawn: a name under `experiments`, or a list; a condition they share is drawn once."
Experiments = str | Annotated[tuple[str, ...], Field(min_length=1)]


@dataclass(frozen=True)
class Run:
    """One condition of an experiment, as a figure sees it; its parts (`replicates_per_job`) read as one.

    `experiment` is that experiment's name; `varied` holds the keys in which the condition differs from its others
    (empty for one alone);
    `curves` is the root of training.zarr (losses, errors), present if the figure `reads_curves`;
    `measurements` holds (replicate, epoch, layer) datasets by the name of the estimator or built-in measure;
    `dataset` and `trainings` are the paths of the stores, for figures that look at inputs or activations.
    """

    experiment: str
    condition: Condition
    varied: Mapping[str, Any]
    curves: xr.Dataset | None
    measurements: Mapping[str, xr.Dataset]
    dataset: Path
    trainings: tuple[Path, ...]


@dataclass(frozen=True)
class Drawing:
    """A drawn figure and the numbers that its caption and the claims quote; a film has a GIF too."""

    figure: matplotlib.figure.Figure
    numbers: Mapping[str, Any]
    animation: bytes | None = None


class Figure(Section):
    """A figure of the conditions of an experiment, or of several.

    `group` is its chapter in the report, one of `GROUPS`; `measures` names the built-in measures it needs beside its
    estimators, `needs` the quantities that each of its estimators must give; `reads_curves` says that it reads losses
    and errors, `reads_stores` that it opens `Run.dataset` or `Run.trainings` itself, `animated` that its drawing has
    an animation, `keeps_shared` that a condition that two of its experiments share is handed over for each.
    """

    group: ClassVar[str] = "The paper"
    reads_curves: ClassVar[bool] = False
    reads_stores: ClassVar[bool] = False
    animated: ClassVar[bool] = False
    keeps_shared: ClassVar[bool] = False
    measures: ClassVar[tuple[str, ...]] = ()
    needs: ClassVar[tuple[str, ...]] = ("I_XT", "I_TY")

    experiment: Experiments = Field("main", description=EXPERIMENT)

    def experiments(self) -> tuple[str, ...]:
        """Names of the experiments that the figure draws."""
        return (self.experiment,) if isinstance(self.experiment, str) else self.experiment

    def estimators(self) -> tuple[str, ...]:
        """Names of the estimators (under the config's `estimators`) whose measurements the figure needs."""
        return (self.estimator,) if "estimator" in type(self).model_fields else ()

    def reads(self) -> Mapping[str, tuple[str, ...]]:
        """For each experiment, the names of the estimators and built-in measures that the figure needs of it."""
        return dict.fromkeys(self.experiments(), (*self.estimators(), *self.measures))

    def modules(self) -> tuple[str, ...]:
        """Names of the modules with which the code that draws it starts."""
        return (type(self).__module__,)

    @abstractmethod
    def draw(self, runs: Sequence[Run]) -> Drawing:
        """Draw the runs, in the order of the experiments' conditions."""
