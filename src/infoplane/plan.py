"""The plan: from a config to every artifact it needs, each with its version id and place.

Everything that decides an id is here: which parameters a stage uses, which inputs it reads, which code it runs.
Conditions that experiments share have the same ids, so they are trained once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from infoplane import code
from infoplane.artifacts import Recipe
from infoplane.claims.table import Claims
from infoplane.condition import Condition
from infoplane.config import Config
from infoplane.datasets import DATASETS
from infoplane.figures.base import Figure
from infoplane.measures import ESTIMATORS, MEASURES

# The project's folder, of an installation with `pip install -e`.
PROJECT = Path(__file__).parents[2]
# Where the code of a stage starts, besides the module of the kind in question.
DRAW = "infoplane.datasets.replicates"
TRAIN = "infoplane.training.trainer"
RENDER = "infoplane.rendering"
# Keys of a condition that its training does not use: they name the data, or only say how many and how split.
NOT_TRAINED = {"dataset", "replicates", "replicates_per_job"}


@dataclass(frozen=True)
class Artifact:
    """One output of one stage: what makes it, what it reads, a name for people."""

    recipe: Recipe
    inputs: tuple[Artifact, ...]
    label: str

    @property
    def id(self) -> str:
        """Version id."""
        return self.recipe.id

    @property
    def stage(self) -> str:
        """dataset, training, measurement or figure."""
        return self.recipe.stage

    @property
    def place(self) -> Path:
        """The artifact's folder below the results folder."""
        return Path(f"{self.stage}s") / self.id

    @property
    def store(self) -> Path:
        """Its Zarr store below the results folder."""
        return self.place / f"{self.stage}.zarr"


@dataclass(frozen=True)
class PlannedRun:
    """One condition of an experiment and the artifacts of it that a figure reads."""

    experiment: str
    condition: Condition
    varied: Mapping[str, Any]
    dataset: Artifact
    trainings: tuple[Artifact, ...]
    measurements: Mapping[str, tuple[Artifact, ...]]

    def artifacts(self) -> Iterator[Artifact]:
        """All of them."""
        yield self.dataset
        yield from self.trainings
        for parts in self.measurements.values():
            yield from parts

    def describe(self, results: Path) -> dict[str, Any]:
        """Plain values: the condition, what varies, and the paths of the stores."""

        def stores(parts: tuple[Artifact, ...]) -> list[str]:
            return [str(results / part.store) for part in parts]

        return {
            "experiment": self.experiment,
            "condition": self.condition.model_dump(mode="json"),
            "varied": json.loads(json.dumps(self.varied)),
            "dataset": str(results / self.dataset.store),
            "trainings": stores(self.trainings),
            "measurements": {name: stores(parts) for name, parts in self.measurements.items()},
        }


@dataclass(frozen=True)
class Plan:
    """Every artifact of a config by stage and id; figures by name, with the runs they draw."""

    config: Config
    dataset: dict[str, Artifact] = field(default_factory=dict)
    training: dict[str, Artifact] = field(default_factory=dict)
    measurement: dict[str, Artifact] = field(default_factory=dict)
    figure: dict[str, Artifact] = field(default_factory=dict)
    runs: dict[str, tuple[PlannedRun, ...]] = field(default_factory=dict)

    def ids(self) -> set[str]:
        """The version ids of everything in the plan."""
        stages = (self.dataset, self.training, self.measurement, self.figure)
        return {artifact.id for stage in stages for artifact in stage.values()}


def make(config: Config, captions: Mapping[str, str] | None = None) -> Plan:
    """Plan every figure of the config.

    `captions` maps each figure's kind to the text of its caption: by default those of this project's own workflow.
    """
    plan = Plan(config)
    if captions is None:
        captions = {path.stem: path.read_text() for path in (PROJECT / "workflow/report").glob("*.rst")}
    for name, figure in figures(config).items():
        plan.runs[name] = tuple(_runs(plan, figure))
        plan.figure[name] = _figure(name, figure, plan.runs[name], captions)
    return plan


def figures(config: Config) -> dict[str, Figure]:
    """All figures by name: those of the config and, where it has claims, the table of their verdicts."""
    claims = {"claims": Claims(claims=config.claims)} if config.claims else {}
    return {**claims, **config.figures}


def _runs(plan: Plan, figure: Figure) -> Iterator[PlannedRun]:
    """What a figure draws; a condition that its experiments share counts for the first."""
    seen = set()
    for experiment, names in figure.reads().items():
        for varied, condition in plan.config.conditions(experiment):
            dataset = _dataset(plan, condition)
            trainings = _trainings(plan, condition, dataset)
            ids = tuple(training.id for training in trainings)
            if ids in seen and not figure.keeps_shared:
                continue
            seen.add(ids)
            measurements = {key: _measurements(plan, key, dataset, trainings) for key in names}
            yield PlannedRun(experiment, condition, varied, dataset, trainings, measurements)


def _dataset(plan: Plan, condition: Condition) -> Artifact:
    section = plan.config.datasets[condition.dataset]
    parameters = {
        **section.model_dump(mode="json"),
        "seed": condition.seed,
        "replicates": condition.replicates,
        "files": {str(file): _file_digest(file, file.stat().st_mtime_ns) for file in section.files()},
    }
    recipe = Recipe("dataset", parameters, {}, *_code(DATASETS.module(section.kind), DRAW))
    artifact = Artifact(recipe, (), f"{condition.dataset}, {condition.replicates} replicates")
    return plan.dataset.setdefault(artifact.id, artifact)


def _trainings(plan: Plan, condition: Condition, dataset: Artifact) -> tuple[Artifact, ...]:
    parts = []
    for start in range(0, condition.replicates, condition.replicates_per_job):
        stop = min(start + condition.replicates_per_job, condition.replicates)
        parameters = condition.model_dump(mode="json", exclude=NOT_TRAINED)
        parameters["replicates"] = [start, stop]
        recipe = Recipe("training", parameters, {"dataset": dataset.id}, *_code(TRAIN))
        artifact = Artifact(recipe, (dataset,), f"{_title(condition)}, replicates {start} to {stop - 1}")
        parts.append(plan.training.setdefault(artifact.id, artifact))
    return tuple(parts)


def _measurements(plan: Plan, name: str, dataset: Artifact, trainings: tuple[Artifact, ...]) -> tuple[Artifact, ...]:
    section = plan.config.estimators.get(name) or MEASURES[name]()
    registry = ESTIMATORS if name in plan.config.estimators else MEASURES
    digest_and_modules = _code(registry.module(section.kind))
    reads_dataset_only = section.reads == "dataset"
    parts = []
    for training in (None,) if reads_dataset_only else trainings:
        inputs = (dataset,) if training is None else (training, dataset)
        recipe = Recipe(
            "measurement",
            section.model_dump(mode="json"),
            {artifact.stage: artifact.id for artifact in inputs},
            *digest_and_modules,
        )
        artifact = Artifact(recipe, inputs, f"{name} of {inputs[0].label}")
        parts.append(plan.measurement.setdefault(artifact.id, artifact))
    return tuple(parts)


def _figure(name: str, figure: Figure, runs: tuple[PlannedRun, ...], captions: Mapping[str, str]) -> Artifact:
    parameters = {
        "name": name,
        **figure.model_dump(mode="json", exclude={"experiment"}),
        # Where there is one experiment, its name does not show.
        "runs": [[run.experiment if len(figure.reads()) > 1 else "", dict(run.varied)] for run in runs],
        "caption": hashlib.sha256(captions[figure.kind].encode()).hexdigest()[:16],
    }
    stages = {"measurement"} | ({"training"} if figure.reads_curves else set())
    if figure.reads_stores:
        stages |= {"training", "dataset"}
    reads = [artifact for run in runs for artifact in run.artifacts() if artifact.stage in stages]
    unique = tuple({artifact.id: artifact for artifact in reads}.values())
    inputs = {"measurement": [], "training": [], "dataset": []}
    for artifact in unique:
        inputs[artifact.stage].append(artifact.id)
    recipe = Recipe("figure", parameters, inputs, *_code(*figure.modules(), RENDER))
    return Artifact(recipe, unique, name)


def _title(condition: Condition) -> str:
    """A condition for people: what it trains on, its layers, and how long."""
    layers = "-".join(map(str, condition.hidden))
    return f"{condition.dataset} -> {layers} {condition.activation}, {condition.epochs} epochs"


@cache
def _code(*modules: str) -> tuple[str, tuple[str, ...]]:
    return code.digest(*modules), tuple(code.closure(*modules))


@cache
def _file_digest(path: Path, _changed: int) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
