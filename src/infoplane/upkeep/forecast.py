"""What is still to be made for some targets, and about how long that takes and how many bytes it needs."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from infoplane import artifacts, retention
from infoplane.plan import CLAIMS_TABLE, Artifact, Plan
from infoplane.section import one_of
from infoplane.tracing import records
from infoplane.upkeep import costs, holdings, memory
from infoplane.upkeep.costs import Cost

Kind = tuple[str, str]  # stage, and the kind of what is made
SLOWEST, FASTEST = 50.0, 0.02  # of the model: what is beyond is no measure of anything
GENEROUS, GRACE_SECONDS = 4.0, 180.0  # a cluster may end a job after so many times what is expected, and so much more
SHORT_SECONDS, LONG_SECONDS = 120.0, 1200.0


@dataclass(frozen=True)
class Jobs:
    """The jobs of a stage: `missing` of `planned`, together so many processor seconds and bytes.

    `earlier` is the number of earlier jobs under results/ that the estimate goes by; without any it is the model's.
    """

    stage: str
    missing: int
    planned: int
    seconds: float
    bytes: float
    earlier: int


@dataclass(frozen=True)
class Forecast:
    """The jobs by stage; `seconds` from start to end on so many `cores`, one job on each.

    `memory` is the bytes that the largest job needs.
    """

    cores: int
    seconds: float
    bytes: float
    memory: float
    jobs: tuple[Jobs, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def targets(plan: Plan, names: Sequence[str]) -> list[Artifact]:
    """The artifacts that names of figures, `claims` and ids ask for; without names, all that a run is for.

    Raises:
        ValueError: a name that the plan does not know.
    """
    if not names:
        return plan.ends()
    by_id = {id_: artifact for stage in plan.stages.values() for id_, artifact in stage.items()}
    found: list[Artifact] = []
    for name in names:
        if name == CLAIMS_TABLE and plan.verdict is not None:
            found += [artifact for artifact in (plan.verdict, plan.figures[name], plan.page) if artifact]
        elif name in plan.figures or name in by_id:
            found.append(plan.figures.get(name) or by_id[name])
        else:
            raise ValueError(f"{name}: neither a figure nor an id of the plan; {one_of(plan.figures, name)}")
    return found


def behind(ends: Iterable[Artifact]) -> list[Artifact]:
    """Some artifacts and all that they are made of, each once, inputs before what reads them."""
    return _closure(ends, lambda artifact: True)


def missing(ends: Iterable[Artifact], results: Path) -> list[Artifact]:
    """What a run has to make for some artifacts: those that are not there, and what of their inputs is not."""
    again = retention.again(behind(ends), results)
    return _closure(ends, lambda a: a.id in again or not artifacts.is_there(results, a.recipe))


def _closure(ends: Iterable[Artifact], wanted: Any) -> list[Artifact]:
    found: dict[str, Artifact | None] = {}
    waiting = [*ends][::-1]
    order: list[Artifact] = []
    while waiting:
        artifact = waiting[-1]
        if artifact.id not in found:
            found[artifact.id] = artifact if wanted(artifact) else None
            waiting += [i for i in artifact.inputs if i.id not in found] if found[artifact.id] else []
            continue
        waiting.pop()
        if found[artifact.id] is not None:
            order.append(artifact)
            found[artifact.id] = None
    return order


def forecast(ends: Sequence[Artifact], results: Path, cores: int, keep_activations: bool = True) -> Forecast:
    """How long a run for some artifacts takes, and how many bytes stay of them.

    The model of `costs` gives the proportions; the jobs of the same stage and kind whose manifests are under `results`
    give the scale.
    """
    todo, planned = missing(ends, results), behind(ends)
    scales, counts = _scales(results)
    estimates = {artifact.id: _estimate(artifact, scales) for artifact in todo}
    if not keep_activations:
        estimates |= {a.id: _without_activations(a, estimates[a.id]) for a in todo if a.stage == "training"}
    jobs = []
    for stage in artifacts.STAGES:
        of_stage = [artifact for artifact in todo if artifact.stage == stage]
        kinds = {_kind(stage, artifact.recipe.parameters) for artifact in of_stage}
        jobs.append(
            Jobs(
                stage=stage,
                missing=len(of_stage),
                planned=sum(artifact.stage == stage for artifact in planned),
                seconds=sum(estimates[a.id].seconds + costs.start_seconds(stage) for a in of_stage),
                bytes=sum(estimates[a.id].bytes for a in of_stage),
                earlier=sum(counts.get(kind, 0) for kind in kinds),
            )
        )
    seconds = makespan(todo, {a.id: estimates[a.id].seconds + costs.start_seconds(a.stage) for a in todo}, cores)
    largest = max(map(memory.need, todo), default=0.0)
    return Forecast(cores, seconds, sum(job.bytes for job in jobs), largest, tuple(jobs))


def seconds_each(todo: Iterable[Artifact], results: Path | None = None) -> dict[str, float]:
    """How long each of some jobs takes from its start to its end, by id: by the model alone, or by earlier jobs too."""
    scales, _ = ({}, {}) if results is None else _scales(results)
    return {artifact.id: _estimate(artifact, scales).seconds + costs.start_seconds(artifact.stage) for artifact in todo}


def minutes(seconds: float) -> int:
    """The limit of time that a cluster is told for a job of so many expected seconds, as Snakemake's `runtime`."""
    return math.ceil((GRACE_SECONDS + GENEROUS * seconds) / 60)


def length(seconds: float) -> str:
    """How long something is, in a word: what is short is better submitted with others."""
    return "short" if seconds < SHORT_SECONDS else "long" if seconds > LONG_SECONDS else "medium"


def _kind(stage: str, parameters: Mapping[str, Any]) -> Kind:
    return stage, str(parameters.get("kind", ""))


def _estimate(artifact: Artifact, scales: Mapping[Kind, Cost]) -> Cost:
    parameters = artifact.recipe.parameters
    read = {part.stage: part.recipe.parameters for part in artifact.inputs}
    model = costs.cost(artifact.stage, parameters, read)
    scale = scales.get(_kind(artifact.stage, parameters), Cost(1.0, 1.0))
    return Cost(model.seconds * scale.seconds, model.bytes * scale.bytes)


def _without_activations(training: Artifact, estimate: Cost) -> Cost:
    read = {part.stage: part.recipe.parameters for part in training.inputs}
    return Cost(estimate.seconds, costs.bytes_without_activations(training.recipe.parameters, read))


def _scales(results: Path) -> tuple[dict[Kind, Cost], dict[Kind, int]]:
    """By kind, what earlier jobs took for each second and byte of the model; and how many there are."""
    took: dict[Kind, list[tuple[Cost, Cost]]] = {}
    manifests = {}
    for holding in holdings.held(results) if results.is_dir() else []:
        try:
            manifests[holding.id] = (holding, records.kept(holding.path))
        except ValueError:
            continue
    for holding, manifest in manifests.values():
        behind_it = [manifests[id_][1] for id_ in records.input_ids(manifest) if id_ in manifests]
        try:
            read = {record["stage"]: record["parameters"] for record in behind_it}
            model = costs.cost(manifest["stage"], manifest["parameters"], read)
        except ValueError:
            continue
        size = model.bytes if retention.is_let_go(manifest) else holdings.size(holding.path)
        actual = Cost(manifest["seconds"], size)
        took.setdefault(_kind(manifest["stage"], manifest["parameters"]), []).append((model, actual))
    scales = {
        kind: Cost(
            _ratio([a.seconds for _, a in found], [m.seconds for m, _ in found]),
            _ratio([a.bytes for _, a in found], [m.bytes for m, _ in found]),
        )
        for kind, found in took.items()
    }
    return scales, {kind: len(found) for kind, found in took.items()}


def _ratio(actual: Sequence[float], model: Sequence[float]) -> float:
    return min(max(sum(actual) / max(sum(model), 1e-9), FASTEST), SLOWEST)


def makespan(todo: Sequence[Artifact], seconds: Mapping[str, float], cores: int) -> float:
    """Seconds until the last job ends, if each starts as soon as its inputs are there and a core is free.

    `seconds` are those that each takes from start to end, by id; an input without any is there already.
    """
    ends: dict[str, float] = {}
    waits = {artifact.id: {part.id for part in artifact.inputs if part.id in seconds} for artifact in todo}
    readers: dict[str, list[str]] = {}
    for id_, parts in waits.items():
        for part in parts:
            readers.setdefault(part, []).append(id_)
    rank = {artifact.id: number for number, artifact in enumerate(todo)}
    ready = [rank[id_] for id_, parts in waits.items() if not parts]
    heapq.heapify(ready)
    running: list[tuple[float, str]] = []
    now = 0.0
    while ready or running:
        while ready and len(running) < cores:
            id_ = todo[heapq.heappop(ready)].id
            heapq.heappush(running, (now + seconds[id_], id_))
        now, done = heapq.heappop(running)
        ends[done] = now
        for reader in readers.get(done, []):
            waits[reader].discard(done)
            if not waits[reader]:
                heapq.heappush(ready, rank[reader])
    return max(ends.values(), default=0.0)
