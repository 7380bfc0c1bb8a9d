"""What a job costs: a model of its work, to be corrected by what earlier jobs took.

The constants are processor seconds and bytes as measured for networks of the paper's size: trainings on one core of two
(Intel Xeon, AVX-512), measurements by the manifests of a run of config/paper.yaml on both (AMD EPYC, at 0db951c). They
give the proportions between jobs, and the first guess.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from infoplane.artifacts import canonical
from infoplane.datasets import DATASETS
from infoplane.datasets.base import Shape
from infoplane.figures import FIGURES
from infoplane.measures import MEASURES
from infoplane.measures.units import ENDS, INPUTS
from infoplane.training.schedule import snapshot_epochs
from infoplane.training.small import is_small, widths

Parameters = Mapping[str, Any]
Read = Mapping[str, Parameters]  # the parameters of what a job reads, by stage

START_SECONDS = {"training": 6.0}  # until a job's own clock starts: Python and its imports
OTHER_START_SECONDS = 3.0
OTHER_STEPS = 300  # a sample costs as much as so many parameters more
OTHER_ESTIMATOR_SECONDS = 1e-7  # for each activation
PACKED = 0.83  # of the bytes of activations, when compressed


@dataclass(frozen=True)
class Cost:
    """Processor seconds and bytes on disk."""

    seconds: float
    bytes: float


@dataclass(frozen=True)
class Pace:
    """How fast an engine trains: processor seconds to compile, for each parameter and sample, and each activation."""

    compile: float
    layer: float
    step: float
    snapshot: float


GRAPH, SMALL = Pace(8.0, 1.2, 3e-10, 9e-8), Pace(1.5, 0.1, 1e-10, 6e-8)


@dataclass(frozen=True)
class Size:
    """How large a training is."""

    replicates: int
    epochs: int
    snapshots: int
    samples: int
    trained: int  # samples
    layers: int
    units: int
    widest: int  # units of the widest layer
    features: int
    classes: int
    parameters: int
    bytes_each: int  # of an activation

    @property
    def activations(self) -> int:
        """Numbers that it records."""
        return self.replicates * self.snapshots * self.samples * self.units


def cost(stage: str, parameters: Parameters, read: Read) -> Cost:
    """The cost of a job with these parameters, by the model.

    Raises:
        ValueError: it cannot be said, since a data file is missing, say.
    """
    try:
        return _COSTS.get(stage, _small)(parameters, read)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not the parameters of a {stage}: {error}") from None


def start_seconds(stage: str) -> float:
    """What a job takes before its own clock starts."""
    return START_SECONDS.get(stage, OTHER_START_SECONDS)


def training_size(parameters: Parameters, dataset: Parameters) -> Size:
    """The size of a training of a dataset, both given by their parameters."""
    samples, features, classes = shape(dataset)
    sizes = widths(parameters, features, classes)
    start, stop = parameters["replicates"]
    return Size(
        replicates=stop - start,
        epochs=parameters["epochs"],
        snapshots=_snapshots(parameters["epochs"], parameters["snapshots"]),
        samples=samples,
        trained=round(parameters["train_fraction"] * samples),
        layers=len(sizes) - 1,
        units=sum(sizes[1:]),
        widest=max(sizes[1:]),
        features=features,
        classes=classes,
        parameters=sum((one + 1) * other for one, other in itertools.pairwise(sizes)),
        bytes_each=2 if parameters["precision"] == "float16" else 4,
    )


@cache
def _snapshots(epochs: int, snapshots: int) -> int:
    return len(snapshot_epochs(epochs, snapshots))


def shape(dataset: Parameters) -> Shape:
    """Samples, features and classes of a dataset that is given by its parameters."""
    apart = ("seed", "replicates", "environment")
    return _shape(canonical({key: value for key, value in dataset.items() if key not in apart}))


@cache
def _shape(dataset: str) -> Shape:
    settings = json.loads(dataset)
    settings.pop("files", None)  # in it so that an edited file is read anew
    return DATASETS[settings["kind"]].restored(settings).shape()


def _dataset(parameters: Parameters, _: Read) -> Cost:
    samples, features, classes = shape(parameters)
    return Cost(0.5, samples * (4 * features + 8 * classes + 5 * parameters["replicates"]) * 0.4 + 10_000)


def _training(parameters: Parameters, read: Read) -> Cost:
    size = training_size(parameters, read["dataset"])
    steps = size.epochs * size.replicates * size.trained * (size.parameters + OTHER_STEPS)
    pace = SMALL if is_small(parameters, size.features, size.classes) else GRAPH
    return Cost(
        pace.compile + pace.layer * size.layers + pace.step * steps + pace.snapshot * size.activations,
        PACKED * size.bytes_each * size.activations + bytes_without_activations(parameters, read),
    )


def bytes_without_activations(parameters: Parameters, read: Read) -> float:
    """What stays of a training whose activations are let go: weights, above all."""
    size = training_size(parameters, read["dataset"])
    return PACKED * 4 * size.replicates * size.snapshots * size.parameters + 20_000


# Seconds of an estimator for each of its activations, by what else the number of operations grows with.
_PER_ACTIVATION: Mapping[str, Callable[[Parameters, Size], float]] = {
    "binned": lambda parameters, size: 3.2e-8,
    "adaptive": lambda parameters, size: 8e-8,
    "exact": lambda parameters, size: 7.5e-8,
    "followed": lambda parameters, size: 6e-8,
    "units": lambda parameters, size: 1.7e-7 * ENDS / size.snapshots,
    "specific": lambda parameters, size: 6e-8,
    "kde": lambda parameters, size: 5e-10 * size.samples,
    "noisy": lambda parameters, size: 2.3e-9 * parameters["draws"],
    "chain": lambda parameters, size: 1.5e-8 * parameters["draws"] * parameters["passes"],
    "knn": lambda parameters, size: 2.8e-7 * math.log2(size.samples),
}


def _measurement(parameters: Parameters, read: Read) -> Cost:
    if "training" not in read:
        return Cost(4e-4 * shape(read["dataset"]).samples, 10_000)
    size = training_size(read["training"], read["dataset"])
    measured = min(parameters.get("snapshots") or size.snapshots, size.snapshots)
    values = 8 * size.replicates * measured * size.layers
    if (
        parameters["kind"] in MEASURES and parameters["kind"] not in _PER_ACTIVATION
    ):  # of weights and gradients, which are few
        return Cost(1.0 + 1e-8 * size.replicates * size.snapshots * size.parameters, 3 * values + 10_000)
    per_activation = _PER_ACTIVATION.get(parameters["kind"], lambda parameters, size: OTHER_ESTIMATOR_SECONDS)
    activations = size.activations * measured / size.snapshots
    kept = 4 * size.replicates * ENDS * size.units * min(size.samples, INPUTS) if parameters["kind"] == "units" else 0
    return Cost(0.5 + activations * per_activation(parameters, size), 4 * values + kept + 10_000)


def _analysis(parameters: Parameters, _: Read) -> Cost:
    return Cost(1.0 + 0.5 * len(parameters["runs"]), 100_000.0 * len(parameters["runs"]))


def _figure(parameters: Parameters, _: Read) -> Cost:
    film = parameters["kind"] in FIGURES and FIGURES[parameters["kind"]].animated
    return Cost(8.0, 5e6) if film else Cost(3.0, 5e5)


def _small(_parameters: Parameters, _read: Read) -> Cost:
    return Cost(1.0, 2e6)


_COSTS: Mapping[str, Callable[[Parameters, Read], Cost]] = {
    "dataset": _dataset,
    "training": _training,
    "measurement": _measurement,
    "analysis": _analysis,
    "figure": _figure,
}
