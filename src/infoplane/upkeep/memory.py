"""What memory a job needs: a model of its largest arrays, declared to Snakemake and held against the machine's.

Bytes of what is in memory at once at the peak. The bases are what Python and its packages take (measured: a training of
10 networks of the paper's size peaks at 1.1 GB, of 50 at 1.2 GB, docs/performance.md); the rest is arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psutil

from infoplane import checks
from infoplane.condition import Condition
from infoplane.config import Config
from infoplane.datasets.base import Shape
from infoplane.measures import MEASURES
from infoplane.measures.followed import INPUTS
from infoplane.measures.units import ENDS
from infoplane.measures.units import INPUTS as COMPARED
from infoplane.plan import Artifact
from infoplane.upkeep import costs
from infoplane.upkeep.costs import Parameters, Size

BASE = {"dataset": 350e6, "training": 1000e6, "measurement": 400e6, "analysis": 400e6, "figure": 600e6}
OTHER = 400e6
CHUNK = 64 * 2**20  # training/store.py: replicates are observed in groups whose widest layer stays under it
FRAME = 1e6  # of a film, for each condition
WEIGHTS = 12  # copies of the weights: state, slots of the optimizer, gradients, snapshot, checkpoint
OF_ACTIVATIONS = ("followed", "units")  # of the built-in measures
QUANTITIES = 12  # that an estimator stores for each replicate, snapshot and layer


def need(artifact: Artifact) -> float:
    """The bytes that the job of an artifact needs."""
    parameters, read = artifact.recipe.parameters, {part.stage: part.recipe.parameters for part in artifact.inputs}
    if artifact.stage == "dataset":
        return dataset(costs.shape(parameters), parameters["replicates"])
    if artifact.stage == "training":
        return training(costs.training_size(parameters, read["dataset"]))
    if artifact.stage == "measurement":
        size = costs.training_size(read["training"], read["dataset"]) if "training" in read else None
        return measurement(parameters, size)
    if artifact.stage == "analysis":
        return BASE["analysis"] + 3 * sum(map(_stored, artifact.inputs))
    if artifact.stage == "figure":
        return BASE["figure"] + _frames(artifact) * FRAME
    return OTHER


def megabytes(artifact: Artifact) -> int:
    """The same as Snakemake's `mem_mb`."""
    return math.ceil(need(artifact) / 1e6)


def dataset(shape: Shape, replicates: int) -> float:
    """Of a dataset: x and p(y|x) as they are made and as they are stored; labels and orders, 5 bytes, twice."""
    return BASE["dataset"] + shape.samples * (20.0 * shape.features + 40.0 * shape.classes + 10.0 * replicates)


def training(size: Size) -> float:
    """Of a training: data, weights, and the activations of one group of replicates, made, joined and written."""
    data = size.samples * (12.0 * size.features + 16.0 * size.replicates)
    weights = 4.0 * WEIGHTS * size.replicates * size.parameters
    each = 4.0 * size.samples * size.widest
    group = min(size.replicates, max(1, CHUNK // int(each)))
    return BASE["training"] + data + weights + group * (12.0 * size.samples * size.units + 2 * each)


def measurement(parameters: Parameters, size: Size | None) -> float:
    """Of a measurement: one snapshot of the widest layer, its cells or neighbours, and what is stored of all.

    Stacks of small ones (`STACK_BYTES`) are within the base.
    """
    if size is None:
        return OTHER
    if parameters["kind"] in MEASURES and parameters["kind"] not in OF_ACTIVATIONS:
        # of weights: float64 of one snapshot, and all pairs of units
        pairs = 24.0 * size.replicates * size.widest * max(size.widest, size.features)
        return BASE["measurement"] + pairs + _values(parameters, size)
    alike = 9.0 * INPUTS if parameters["kind"] == "followed" else 0.0  # whether each sample is in the inputs' cells
    snapshot = size.replicates * size.samples * (24.0 * size.widest + 40 + alike)
    draws = parameters.get("draws", 0) * (32.0 * size.widest + 64.0 * size.classes)
    return BASE["measurement"] + snapshot + draws + _values(parameters, size)


def _values(parameters: Parameters, size: Size) -> float:
    """Bytes of a measurement: numbers by replicate, snapshot and layer, and what some keep of inputs:
    `specific` a bool for each sample, `followed` patterns; of `units`, what each makes of the inputs at both ends."""
    measured = min(parameters.get("snapshots") or size.snapshots, size.snapshots)
    if parameters["kind"] == "units":
        return 4.0 * size.replicates * ENDS * size.units * min(size.samples, COMPARED)
    of_inputs = {"specific": size.samples, "followed": 8 * INPUTS * size.features}
    each = 8.0 * QUANTITIES + of_inputs.get(parameters["kind"], 0)
    return size.replicates * measured * size.layers * each


def _stored(artifact: Artifact) -> float:
    """Bytes that an analysis reads of one of its inputs."""
    parameters, read = artifact.recipe.parameters, {part.stage: part.recipe.parameters for part in artifact.inputs}
    if artifact.stage == "measurement" and "training" in read:
        return _values(parameters, costs.training_size(read["training"], read["dataset"]))
    if artifact.stage == "dataset":
        return dataset(costs.shape(parameters), parameters["replicates"]) - BASE["dataset"]
    return 0.0


def _frames(artifact: Artifact) -> float:
    """Frames of a film, each with all of its conditions; without a film, the panels alone."""
    runs = artifact.inputs[0].recipe.parameters.get("runs", [])
    film = artifact.recipe.parameters["kind"] == "information_plane_animation"
    return len(runs) * (sum(run["condition"]["snapshots"] for run in runs) if film else 1)


def machine() -> float:
    """The bytes of memory of this machine."""
    return float(psutil.virtual_memory().total)


def check(config: Config, memory: float) -> None:
    """Refuse a config of which a job needs more than `memory` bytes.

    Raises:
        ValueError: a line for each key that asks for too much.
    """
    found: dict[str, str] = {}
    for path, problem in _problems(config, memory):
        found.setdefault(path, problem)
    if found:
        raise ValueError("\n".join(f"{path}: {problem}" for path, problem in found.items()))


def _problems(config: Config, memory: float) -> Iterator[tuple[str, str]]:
    for experiment in config.experiments:
        for _, condition in config.conditions(experiment):
            data = config.datasets[condition.dataset].resolved()
            together = min(condition.replicates, condition.replicates_per_job)
            size = costs.training_size({**condition.resolved(), "replicates": [0, together]}, data)
            needed = dataset(costs.shape(data), condition.replicates)
            if needed > memory:
                text = _told(condition.replicates, "the dataset", needed, memory, "fewer replicates or samples")
                yield config.where(experiment, "replicates"), text
            elif (needed := training(size)) > memory:
                yield _too_large(config, experiment, condition, size, memory)
            else:
                yield from _measured(config, experiment, size, memory)


def _too_large(config: Config, experiment: str, condition: Condition, size: Size, memory: float) -> tuple[str, str]:
    """A training that needs too much: the key to change, and what is allowed there."""
    one, needed = training(replace(size, replicates=1)), training(size)
    if one > memory:
        text = _told(condition.hidden, "a training", one, memory, "fewer units, or a smaller dataset")
        return config.where(experiment, "hidden"), text
    most, most_of = 1, size.replicates
    while most + 1 < most_of:
        middle = (most + most_of) // 2
        fits = training(replace(size, replicates=middle)) <= memory
        most, most_of = (middle, most_of) if fits else (most, middle)
    text = _told(condition.replicates_per_job, "a training", needed, memory, f"1 to {most}")
    return config.where(experiment, "replicates_per_job"), text


def _measured(config: Config, experiment: str, size: Size, memory: float) -> Iterator[tuple[str, str]]:
    """Estimators that need too much for a training that does not."""
    for _, section in checks.readers(config):
        analysis = section.analysis()
        for name in analysis.estimators() if experiment in analysis.experiments() else ():
            parameters = config.estimators[name].resolved()
            if (needed := measurement(parameters, size)) > memory:
                key = "draws" if "draws" in parameters else "kind"
                allowed = "fewer draws, or replicates_per_job" if key == "draws" else "fewer replicates_per_job"
                yield f"estimators.{name}.{key}", _told(parameters[key], "a measurement", needed, memory, allowed)


def _told(found: Any, job: str, needed: float, memory: float, allowed: str) -> str:
    says = f"{job} needs about {needed / 1e9:.3g} GB of memory, of {memory / 1e9:.3g} GB here"
    return checks.shown(found, f"{says}; allowed: {allowed}")
