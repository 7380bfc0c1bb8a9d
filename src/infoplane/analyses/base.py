"""What every analysis is: a `Section` whose `analyse` turns runs of experiments into what figures and claims show."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
import xarray as xr
from pydantic import Field

from infoplane.condition import Condition
from infoplane.measures.derived import DERIVED
from infoplane.section import Section, Share
from infoplane.statistics import mean, median

EXPERIMENT = "Whose conditions are read: a name under `experiments`, or a list; a condition they share is read once."
Experiments = str | Annotated[tuple[str, ...], Field(min_length=1)]
Bound = Annotated[
    Literal["upper", "lower"], Field(description="Which bound is taken, where an estimator gives bounds.")
]
CENTERS = {"mean": mean, "median": median}
QUANTITIES = {"I_XT": "I(X;T)", "I_TY": "I(T;Y)", "I_ST": "I(S;T)", "I_XT_given_S": "I(X;T|S)", "I_NT": "I(N;T)"}
SPLIT = ("I_ST", "I_XT_given_S", "I_NT")  # what only some estimators give, of some datasets
LEARNED = "Training error in the last epoch up to which a network has learned; others have no say."


@dataclass(frozen=True)
class Run:
    """One condition of an experiment, as an analysis sees it; its parts (`replicates_per_job`) read as one.

    `experiment` is that experiment's name, empty where the analysis reads only one; `varied` holds the keys in which
    the condition differs from its others (empty for one alone); `measurements` holds (replicate, epoch, layer)
    datasets by the name of the estimator or built-in measure; `curves` is the root of training.zarr (losses, errors)
    for an analysis that `reads_curves`, `dataset` the dataset for one that `reads_dataset`, else empty.
    """

    experiment: str
    condition: Condition
    varied: Mapping[str, Any]
    measurements: Mapping[str, xr.Dataset]
    curves: xr.Dataset = field(default_factory=xr.Dataset)
    dataset: xr.Dataset = field(default_factory=xr.Dataset)


class Analysis(Section):
    """An analysis of the conditions of an experiment, or of several.

    `measures` names the built-in measures that it needs beside its estimators, `needs` the quantities that each of its
    estimators must give; `reads_curves` says that it reads losses and errors, `reads_dataset` that it reads the inputs,
    `of_classes` that what it says makes no sense of real-valued targets.
    """

    if TYPE_CHECKING:
        kind: str = ""  # each kind has its own

    reads_curves: ClassVar[bool] = False
    reads_dataset: ClassVar[bool] = False
    of_classes: ClassVar[bool] = False
    measures: ClassVar[tuple[str, ...]] = ()
    needs: ClassVar[tuple[str, ...]] = ("I_XT", "I_TY")

    experiment: Experiments = Field("main", description=EXPERIMENT)

    def experiments(self) -> tuple[str, ...]:
        """Names of the experiments that it reads."""
        return (self.experiment,) if isinstance(self.experiment, str) else self.experiment

    def estimators(self) -> tuple[str, ...]:
        """Names of the estimators (under the config's `estimators`) whose measurements it needs."""
        estimator: str | None = getattr(self, "estimator", None)
        return () if estimator is None else (estimator,)

    def misfits(self, condition: Condition, samples: int, features: int) -> Iterator[tuple[str, str]]:
        """Real-valued targets, where that is `of_classes`."""
        if self.of_classes and condition.output == "linear":
            yield "experiment", "allowed: those on datasets with classes, not real-valued targets"

    @abstractmethod
    def analyse(self, runs: Sequence[Run]) -> xr.DataTree:
        """The numbers of the runs, which are in the order of the experiments' conditions, as `result` builds them."""


class LearnedAnalysis(Analysis):
    """An analysis of trained networks: those that have not learned have no say."""

    reads_curves: ClassVar[bool] = True

    learned: Share = Field(0.05, description=LEARNED)

    def have_learned(self, run: Run) -> xr.DataArray:
        """Whether a network has learned, bool (replicate)."""
        return run.curves["train_error"].isel(epoch=-1, drop=True) <= self.learned

    def of_learned(self, run: Run, found: xr.Dataset) -> xr.Dataset:
        """What was found of each network (replicate, ...): NaN of those that have no say; how many have one."""
        has_say = self.have_learned(run).sel(replicate=found["replicate"])
        return found.where(has_say).assign_attrs(replicates_used=int(has_say.sum()))


class InformationAnalysis(Analysis):
    """An analysis of I(X;T) and I(T;Y) as one estimator sees them."""

    estimator: str = Field("binned", description="Whose I(X;T) and I(T;Y) are taken: a name under `estimators`.")
    bound: Bound = "upper"

    def information(self, run: Run) -> xr.Dataset:
        """What `information` says of the run by this analysis' estimator."""
        return information(run, self.estimator, self.bound)


def information(run: Run, estimator: str, bound: str) -> xr.Dataset:
    """`I_XT`, `I_TY` (replicate, epoch, layer), `DERIVED`, what there is of `SPLIT`: of those that did not diverge.

    Raises ValueError where no replicate is left.
    """
    measured = run.measurements[estimator]
    measured = measured[["I_XT", "I_TY", *DERIVED, *(name for name in SPLIT if name in measured)]]
    if "bound" in measured.dims:
        measured = measured.sel(bound=bound, drop=True)
    return complete(measured).transpose("replicate", "epoch", "layer")


def complete(measured: xr.Dataset) -> xr.Dataset:
    """Without the replicates that diverged: they are NaN from then on. Raises ValueError where none is left."""
    missing = measured.to_array().isnull()
    kept = ~missing.any([dim for dim in missing.dims if dim != "replicate"])
    if not kept.any():
        raise ValueError(f"all {kept.size} replicates diverged: there is nothing to draw; lower the learning rate")
    return measured.isel(replicate=np.flatnonzero(kept))


def result(
    runs: Sequence[Run], found: Sequence[xr.Dataset], pooled: xr.Dataset | None = None, **settings: Any
) -> xr.DataTree:
    """What an analysis returns: `/condition_1`, ... for the runs, and in the root what concerns them all.

    Every variable has `units` and `long_name`. The attributes of a condition say which it is: `name`, `varied`,
    `experiment`, `condition` (its settings), `replicates`, and `replicates_used`, which a dataset without the dimension
    `replicate` states itself. `settings` become attributes of the root.
    """
    root = _with_described_axes(xr.Dataset() if pooled is None else pooled).assign_attrs(settings)
    nodes = {"/": root}
    for number, (run, data) in enumerate(zip(runs, found, strict=True), 1):
        head = {
            "name": condition_name(run.varied),
            "varied": dict(run.varied),
            "experiment": run.experiment,
            "condition": run.condition.resolved(),
            "replicates": run.condition.replicates,
            "replicates_used": data.sizes.get("replicate"),
        }
        nodes[f"/condition_{number}"] = _with_described_axes(data).assign_attrs({**head, **data.attrs})
    return xr.DataTree.from_dict(nodes)


def _with_described_axes(data: xr.Dataset) -> xr.Dataset:
    """Give `units` and `long_name` to the coordinates that have none."""
    described = {
        name: coordinate.assign_attrs(
            {"units": "epochs" if name == "epoch" else "1", "long_name": str(name)} | coordinate.attrs
        )
        for name, coordinate in data.coords.items()
    }
    return data.assign_coords(described)


def conditions(analysis: xr.DataTree) -> list[xr.Dataset]:
    """The datasets of an analysis' conditions, in their order."""
    return [_whole(analysis.children[f"condition_{number}"]) for number in range(1, len(analysis.children) + 1)]


def _whole(node: xr.DataTree) -> xr.Dataset:
    """The node's dataset, with the coordinates of its dimensions that a tree keeps in its root alone."""
    own = node.to_dataset(inherit=False)
    shared = node.to_dataset(inherit=True).coords
    return own.assign_coords({name: values for name, values in shared.items() if set(values.dims) <= set(own.dims)})


def condition_name(varied: Mapping[str, Any], between: str = ", ") -> str:
    """What sets a condition apart: `train fraction 0.05`; `between` parts it where it is several keys."""
    return between.join(f"{key.replace('_', ' ')} {_value(value)}" for key, value in varied.items())


def _value(value: Any) -> str:
    return "-".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def stated(data: xr.DataArray, units: str, long_name: str) -> xr.DataArray:
    """The array with what it is: its units and its name for people, and no other attributes."""
    return data.drop_attrs(deep=False).drop_encoding().assign_attrs(units=units, long_name=long_name)


def banded(
    values: xr.DataArray, name: str, units: str, long_name: str, center: str = "mean"
) -> dict[str, xr.DataArray]:
    """`NAME_mean` (or `_median`) over replicates, and its band: the percentiles `NAME_10th` and `NAME_90th`."""
    low, high = (values.quantile(share, "replicate").drop_vars("quantile") for share in (0.1, 0.9))
    return {
        f"{name}_{center}": stated(CENTERS[center](values), units, f"{center} of {long_name}"),
        f"{name}_10th": stated(low, units, f"10th percentile of {long_name}"),
        f"{name}_90th": stated(high, units, f"90th percentile of {long_name}"),
    }
