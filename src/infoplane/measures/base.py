"""What every measure is: a `Section` whose `measure` turns one training into a measurement."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
import xarray as xr
from pydantic import Field

from infoplane.activations import LIMITS
from infoplane.measures.derived import derive
from infoplane.section import Int, Section


class Measure(Section):
    """A measurement of one training store (or one part of a condition: `replicates_per_job`).

    `reads` says what it looks at: "training", or "dataset" for what depends on the data alone (then
    `training` is None).
    """

    if TYPE_CHECKING:
        kind: str = ""  # each kind has its own

    reads: ClassVar[str] = "training"

    @abstractmethod
    def measure(self, training: xr.DataTree, dataset: xr.Dataset) -> xr.Dataset:
        """Measure every replicate, snapshot and layer of `training`.

        `training` and `dataset` are opened lazily (docs: the data model); the result has the dimensions
        (replicate, epoch, layer) with the coordinates of `training`, `units` and `long_name` on every
        variable: `contracts.measurement` holds it to that, `testing.check_estimator` to more.
        """


@dataclass(frozen=True)
class Layer:
    """What an estimator may know of a layer beside one snapshot of its activations.

    `minimum` and `maximum` (replicate) are the observed range over all epochs, samples and units, so that it
    does not depend on how replicates are split into jobs.
    """

    number: int
    activation: str
    minimum: xr.DataArray
    maximum: xr.DataArray

    @classmethod
    def of(cls, number: int, node: xr.Dataset) -> Layer:
        """That of a layer of a training."""
        lowest, highest = node.activation_min.load().min("epoch"), node.activation_max.load().max("epoch")
        return cls(number, node.attrs["activation"], lowest.astype(np.float32), highest.astype(np.float32))

    @property
    def limits(self) -> tuple[xr.DataArray, xr.DataArray]:
        """Lower and upper end (replicate): of the activation function if it saturates, else as observed."""
        if self.activation not in LIMITS:
            return self.minimum, self.maximum
        lower, upper = LIMITS[self.activation]
        return xr.full_like(self.minimum, lower), xr.full_like(self.maximum, upper)


def layers(training: xr.DataTree) -> Iterator[tuple[int, xr.Dataset]]:
    """The layers of a training, first to last: their numbers (from 1) and datasets, variables without attributes.

    With them, what is computed of an activation would be called an activation: xarray hands attributes on.
    """
    numbers = sorted(int(name.removeprefix("layer_")) for name in training.children)
    for number in numbers:
        layer = training[f"layer_{number}"].to_dataset().copy()
        for variable in layer.variables.values():
            variable.attrs = {}
        yield number, layer


def read(dataset: xr.Dataset, *names: str) -> xr.Dataset:
    """Variables of a dataset, in memory and without attributes, for the reason that `layers` gives."""
    return dataset[list(names)].load().drop_attrs()


class Estimator(Measure):
    """A way of turning a training into I(X;T), I(T;Y) and H(T), in bits: those of `quantities`.

    `reads_classes` says that it needs p(y|x); one that does not is for real-valued targets.
    """

    quantities: ClassVar[tuple[str, ...]] = ("I_XT", "I_TY", "H_T")
    reads_classes: ClassVar[bool] = True

    snapshots: Annotated[Int, Field(ge=2)] | None = Field(
        None,
        description="Snapshots measured at most, evenly chosen from those recorded, with the first and the last; "
        "all if not given. For what takes long: the cost is in proportion.",
    )

    def misfits(self, condition: Any, samples: int, features: int) -> Iterator[tuple[str, str]]:
        """Real-valued targets, or classes."""
        if self.reads_classes == (condition.output == "linear"):
            of = (
                "gaussian, since the targets are real-valued"
                if self.reads_classes
                else "others, since there are classes"
            )
            yield "kind", f"allowed: {of}"

    def measured(self, recorded: int) -> np.ndarray:
        """The numbers of the snapshots to measure."""
        return np.unique(np.linspace(0, recorded - 1, min(recorded, self.snapshots or recorded)).round().astype(int))


# Bytes of the activations that are looked at together.
STACK_BYTES = 2**23


class LayerEstimator(Estimator):
    """An estimator that looks at one snapshot of one layer at a time; at several, if it is `stacked`."""

    stacked: ClassVar[bool] = False

    @abstractmethod
    def information(self, activation: xr.DataArray, dataset: xr.Dataset, layer: Layer) -> xr.Dataset:
        """Estimate the `quantities` of one snapshot of a layer.

        `activation` float32 (replicate, sample, unit); the result has the dimension replicate. Replicates
        with a NaN give NaN. If the estimator is `stacked`, both have the dimension epoch after replicate.
        """

    def measure(self, training: xr.DataTree, dataset: xr.Dataset) -> xr.Dataset:
        """Measure one snapshot of one layer at a time, or a stack of them: the store has a chunk of each."""
        known = ("p_x", "p_y_given_x", "sufficient_class", "nuisance_class", "label")
        dataset = read(dataset, *(name for name in known if name in dataset))
        measured = [self._layer(number, node, dataset) for number, node in layers(training)]
        return derive(xr.concat(measured, "layer", coords="minimal", compat="override"), dataset)

    def _layer(self, number: int, node: xr.Dataset, dataset: xr.Dataset) -> xr.Dataset:
        layer = Layer.of(number, node)
        snapshots = []
        for epochs in self._stacks(node.activation):
            activation = node.activation.isel(epoch=epochs).load().astype(np.float32, copy=False)
            activation = activation.transpose("replicate", "epoch", "sample", "unit", missing_dims="ignore")
            activation = activation.drop_vars(("sample", "unit"), errors="ignore")
            snapshots.append(self.information(activation, dataset, layer))
        result = xr.concat(snapshots, "epoch", data_vars="all", coords="minimal", compat="override")
        return result.merge(self.layer_variables(layer)).assign_coords(layer=number)

    def _stacks(self, activation: xr.DataArray) -> Iterator[int | slice | np.ndarray]:
        """The snapshots to look at together: one, or so many as `STACK_BYTES` hold; Zarr reads slices fastest."""
        measured = self.measured(activation.sizes["epoch"])
        if not self.stacked:
            yield from measured
            return
        most = max(1, STACK_BYTES * activation.sizes["epoch"] // (4 * activation.size))
        for stack in np.split(measured, range(most, len(measured), most)):
            follow = np.array_equal(stack, np.arange(stack[0], stack[0] + len(stack)))
            yield slice(int(stack[0]), int(stack[0]) + len(stack)) if follow else stack

    def layer_variables(self, layer: Layer) -> xr.Dataset:
        """Further variables (replicate) of a layer for all its snapshots, such as the range of the bins."""
        return xr.Dataset()
