"""The plan: from a config to every artifact it needs, each with its version id and place.

Everything that decides an id is here: which parameters a stage uses, which inputs it reads, which code it runs.
Conditions that experiments share have the same ids, so they are trained once; so have analyses that figures share.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from infoplane import code
from infoplane.analyses import ANALYSES
from infoplane.analyses.base import Analysis
from infoplane.artifacts import STAGES, Order, Recipe, canonical, is_there
from infoplane.captions import known, place
from infoplane.claims import CLAIMS
from infoplane.claims.base import Claim
from infoplane.condition import Condition
from infoplane.config import Config
from infoplane.datasets import DATASETS
from infoplane.environment import packages
from infoplane.explorer.settings import Explorer
from infoplane.figures import FIGURES
from infoplane.figures.base import Picture
from infoplane.figures.verdicts import Verdicts
from infoplane.measures import ESTIMATORS, MEASURES

# Keys of a condition that its training does not use: they name the data, or only say how many and how split.
NOT_TRAINED = {"dataset", "replicates", "replicates_per_job"}
CLAIMS_TABLE = "claims"  # the figure of the verdicts


@dataclass(frozen=True)
class Artifact:
    """One output of one stage: what makes it, what it reads, a name for people."""

    recipe: Recipe
    inputs: tuple[Artifact, ...]
    label: str

    @cached_property
    def id(self) -> str:
        """Version id."""
        return self.recipe.id

    @property
    def stage(self) -> str:
        """One of `artifacts.STAGES`."""
        return self.recipe.stage

    @cached_property
    def place(self) -> Path:
        """The artifact's folder below the results folder."""
        return self.recipe.place

    @property
    def order(self) -> Order:
        """What the job that makes it is told."""
        return Order(self.recipe, self.label)


@dataclass(frozen=True)
class PlannedRun:
    """One condition of an experiment and the artifacts of it that an analysis reads; `experiment` as in `Run`."""

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

    def describe(self, analysis: Analysis) -> dict[str, Any]:
        """Plain values: the condition, what varies, and the ids of what the analysis reads."""
        return {
            "experiment": self.experiment,
            "condition": self.condition.resolved(),
            "varied": json.loads(json.dumps(self.varied)),
            "measurements": {name: [part.id for part in parts] for name, parts in self.measurements.items()},
            **({"trainings": [part.id for part in self.trainings]} if analysis.reads_curves else {}),
            **({"dataset": self.dataset.id} if analysis.reads_dataset else {}),
        }


@dataclass
class Plan:
    """Every artifact of a config, by stage and id; figures and claims by name, with what they lead to."""

    config: Config
    stages: dict[str, dict[str, Artifact]] = field(default_factory=lambda: {stage: {} for stage in STAGES})
    runs: dict[str, tuple[PlannedRun, ...]] = field(default_factory=dict)  # by the analysis' id
    figures: dict[str, Artifact] = field(default_factory=dict)
    decided_by: dict[str, Artifact] = field(default_factory=dict)  # claim -> analysis
    verdict: Artifact | None = None
    page: Artifact | None = None
    explorer: Artifact | None = None

    def ids(self) -> set[str]:
        """The version ids of everything in the plan."""
        return {id_ for stage in self.stages.values() for id_ in stage}

    def missing(self, stage: str, results: Path) -> list[Artifact]:
        """What of a stage is not there (`artifacts.is_there`)."""
        return [artifact for artifact in self.stages[stage].values() if not is_there(results, artifact.recipe)]

    def ends(self) -> list[Artifact]:
        """What a run is for: figures, the verdicts and their page, the explorer."""
        return [*self.figures.values(), *filter(None, [self.verdict, self.page, self.explorer])]

    def shown(self, artifact: Artifact) -> dict[str, str]:
        """The names in the view (`view.py`) of an artifact's files, and the files, below the results folder."""
        return {str(name): str(artifact.place / file) for name, file in _shown(artifact)}

    def names(self) -> dict[str, str]:
        """What is shown of everything that a run is for."""
        return {name: file for end in self.ends() for name, file in self.shown(end).items()}

    @cached_property
    def view(self) -> str:
        """What identifies the view of this plan."""
        return hashlib.sha256(canonical(sorted(end.id for end in self.ends())).encode()).hexdigest()[:12]


def make(config: Config, captions: Mapping[str, str] | None = None) -> Plan:
    """Plan everything that the config asks for.

    `captions` maps each figure's kind to the text of its caption: by default those of `captions.known`.

    Raises:
        ValueError: a kind has no caption.
        OSError: a data file is gone.
    """
    plan = Plan(config)
    captions = known() if captions is None else captions
    for name, claim in config.claims.items():
        plan.decided_by[name] = _analysis(plan, claim.analysis())
    if config.claims:
        plan.verdict = _verdict(plan)
        plan.figures[CLAIMS_TABLE] = _figure(plan, CLAIMS_TABLE, Verdicts(), plan.verdict, captions)
    for name, figure in config.figures.items():
        plan.figures[name] = _figure(plan, name, figure, _analysis(plan, figure.analysis()), captions)
    if config.claims:
        plan.page = _page(plan)
    if config.explorer:
        plan.explorer = _explorer(plan, config.explorer)
    return plan


def drawn(config: Config) -> dict[str, Picture]:
    """All figures by name: those of the config and, where it has claims, the table of their verdicts."""
    return {**({CLAIMS_TABLE: Verdicts()} if config.claims else {}), **config.figures}


def _add(
    plan: Plan, stage: str, parameters: Any, inputs: Mapping[str, Any], roots: Sequence[str], label: str
) -> Artifact:
    """The artifact of a stage; the one that is planned already, if it is the same."""
    artifacts = {role: [part] if isinstance(part, Artifact) else list(part) for role, part in inputs.items()}
    ids = {role: part.id if isinstance(part, Artifact) else [p.id for p in part] for role, part in inputs.items()}
    if plan.config.strict_environment:
        parameters = {**parameters, "environment": packages()}
    roots = (f"workflow/scripts/{stage}.py", *roots)
    recipe = Recipe(stage, parameters, ids, _code(*roots), roots)
    artifact = Artifact(recipe, tuple(a for parts in artifacts.values() for a in parts), label)
    return plan.stages[stage].setdefault(artifact.id, artifact)


def _dataset(plan: Plan, condition: Condition) -> Artifact:
    section = plan.config.datasets[condition.dataset]
    parameters = {
        **section.resolved(),
        "seed": condition.seed,
        "replicates": condition.replicates,
        "files": {str(file): _file_digest(file, file.stat().st_mtime_ns) for file in section.files()},
    }
    label = f"{condition.dataset}, {condition.replicates} replicates"
    return _add(plan, "dataset", parameters, {}, [DATASETS.module(section.kind)], label)


def _trainings(plan: Plan, condition: Condition, dataset: Artifact) -> tuple[Artifact, ...]:
    settings = {key: value for key, value in condition.resolved().items() if key not in NOT_TRAINED}
    parts = []
    for start in range(0, condition.replicates, condition.replicates_per_job):
        stop = min(start + condition.replicates_per_job, condition.replicates)
        label = f"{_title(condition)}, replicates {start} to {stop - 1}"
        parts.append(_add(plan, "training", {**settings, "replicates": [start, stop]}, {"dataset": dataset}, [], label))
    return tuple(parts)


def _measurements(plan: Plan, name: str, dataset: Artifact, trainings: tuple[Artifact, ...]) -> tuple[Artifact, ...]:
    section = plan.config.estimators.get(name) or MEASURES[name]()
    registry = ESTIMATORS if name in plan.config.estimators else MEASURES
    roots = [registry.module(section.kind)]
    if section.reads == "dataset":
        inputs: list[dict[str, Artifact]] = [{"dataset": dataset}]
    else:
        inputs = [{"training": training, "dataset": dataset} for training in trainings]
    parameters = section.resolved()
    return tuple(
        _add(plan, "measurement", parameters, read, roots, f"{name} of {next(iter(read.values())).label}")
        for read in inputs
    )


def _analysis(plan: Plan, analysis: Analysis) -> Artifact:
    """An analysis of the runs of its experiments; a condition that they share counts for the first."""
    runs = tuple(_runs(plan, analysis))
    parameters = {
        **{key: value for key, value in analysis.resolved().items() if key != "experiment"},
        "runs": [run.describe(analysis) for run in runs],
    }
    stages = {"measurement"} | ({"training"} if analysis.reads_curves else set())
    stages |= {"dataset"} if analysis.reads_dataset else set()
    reads = {a.id: a for run in runs for a in run.artifacts() if a.stage in stages}
    inputs = {stage: [a for a in reads.values() if a.stage == stage] for stage in STAGES if stage in stages}
    label = " of ".join(filter(None, [analysis.kind, ", ".join(analysis.experiments())]))
    artifact = _add(plan, "analysis", parameters, inputs, [ANALYSES.module(analysis.kind)], label)
    plan.runs[artifact.id] = runs
    return artifact


def _runs(plan: Plan, analysis: Analysis) -> Iterator[PlannedRun]:
    seen = set()
    several = len(analysis.experiments()) > 1  # where there is one experiment, its name does not show
    for experiment in analysis.experiments():
        for varied, condition in plan.config.conditions(experiment):
            dataset = _dataset(plan, condition)
            trainings = _trainings(plan, condition, dataset)
            ids = tuple(training.id for training in trainings)
            if ids in seen:
                continue
            seen.add(ids)
            names = (*analysis.estimators(), *analysis.measures)
            measurements = {name: _measurements(plan, name, dataset, trainings) for name in names}
            yield PlannedRun(experiment if several else "", condition, varied, dataset, trainings, measurements)


def _figure(plan: Plan, name: str, figure: Picture, read: Artifact, captions: Mapping[str, str]) -> Artifact:
    if figure.kind not in captions:
        raise ValueError(f"figures.{name}: there is no caption for {figure.kind}: {place(figure.kind)}")
    parameters = {
        "name": name,
        **{key: value for key, value in figure.resolved().items() if key != "experiment"},
        "caption": hashlib.sha256(captions[figure.kind].encode()).hexdigest()[:16],
    }
    module = type(figure).__module__
    return _add(plan, "figure", parameters, {read.stage: read}, [module], name)


def _verdict(plan: Plan) -> Artifact:
    claims = sorted(plan.config.claims.items(), key=lambda item: (item[1].number, item[0]))
    parameters = {"claims": [[name, claim.resolved(), plan.decided_by[name].id] for name, claim in claims]}
    analyses = {plan.decided_by[name].id: plan.decided_by[name] for name, _ in claims}
    roots = sorted({CLAIMS.module(claim.kind) for _, claim in claims})
    return _add(plan, "verdict", parameters, {"analysis": [*analyses.values()]}, roots, "the verdicts")


def _page(plan: Plan) -> Artifact:
    names = list(dict.fromkeys(claim.figure for claim in plan.config.claims.values()))
    inputs = {"verdict": plan.verdict, "figure": [plan.figures[name] for name in names]}
    return _add(plan, "page", {"figures": names}, inputs, [], "the page of the claims")


def _explorer(plan: Plan, settings: Explorer) -> Artifact:
    """The explorer, with what each claim is about: its experiments and estimators."""
    analysis = settings.analysis()
    parameters = {
        "experiment": [*analysis.experiments()],
        "claims": {name: _about(claim) for name, claim in plan.config.claims.items()},
    }
    inputs = {"analysis": _analysis(plan, analysis), **({"verdict": plan.verdict} if plan.verdict else {})}
    return _add(plan, "explorer", parameters, inputs, [], "the explorer")


def _about(claim: Claim) -> dict[str, Any]:
    """Where the explorer may show what a claim is about."""
    read = claim.analysis()
    return {"kind": claim.kind, "experiments": [*read.experiments()], "estimators": [*read.estimators()]}


def _shown(artifact: Artifact) -> Iterable[tuple[Path, str]]:
    if artifact.stage == "verdict":
        return [(Path(name), name) for name in ("claims.json", "claims.tex")]
    if artifact.stage == "page":
        return [(Path("claims.html"), "claims.html")]
    if artifact.stage == "explorer":
        return [(Path("explorer.html"), "explorer.html")]
    return [(Path("figures") / file, file) for file in documents(artifact)]


def documents(artifact: Artifact) -> list[str]:
    """The files of a figure that people look at."""
    name, kind = artifact.recipe.parameters["name"], artifact.recipe.parameters["kind"]
    figure = Verdicts if kind == CLAIMS_TABLE else FIGURES[kind]
    return [f"{name}.{suffix}" for suffix in ("pdf", "png", "csv", *(["gif"] if figure.animated else []))]


def _title(condition: Condition) -> str:
    """A condition for people: what it trains on, its layers, and how long."""
    layers = "-".join(map(str, condition.hidden))
    return f"{condition.dataset} -> {layers} {condition.activation}, {condition.epochs} epochs"


@cache
def _code(*roots: str) -> str:
    return code.digest(*roots)


@cache
def _file_digest(path: Path, _changed: int) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
