"""From the chain of manifests behind a document back to a config that asks for the same."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any

from pydantic import ValidationError

from infoplane.artifacts import canonical
from infoplane.claims import CLAIMS
from infoplane.condition import Condition
from infoplane.datasets import DATASETS
from infoplane.figures import FIGURES
from infoplane.measures import ESTIMATORS, MEASURES
from infoplane.section import Registry, Section
from infoplane.tracing import records
from infoplane.tracing.records import Chain, Record
from infoplane.tracing.schema import Run

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
STAND_IN = "learning_curves"  # a figure that needs no estimator


@dataclass
class _Conditions:
    """The conditions of an experiment that analyses read, by what they vary; `whole` if those are all that it has.

    `after`: those that an analysis has before a condition. Beside other experiments it lacks what it shares with them.
    """

    found: dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = field(default_factory=dict)
    whole: bool = False
    after: dict[str, set[str]] = field(default_factory=dict)

    def add(self, runs: Iterable[Run]) -> None:
        """Add the conditions of the runs of an analysis."""
        before: set[str] = set()
        for run in runs:
            key = canonical(run.varied)
            if canonical(self.found.setdefault(key, (run.varied, run.condition))[1]) != canonical(run.condition):
                raise ValueError("an experiment of the same name has two meanings in it: it is of several configs")
            self.after.setdefault(key, set()).update(before - {key})
            before = {key}

    def ordered(self) -> dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]]:
        """The conditions in the order that all analyses have them in."""
        try:
            order = [*TopologicalSorter({key: self.after.get(key, ()) for key in self.found}).static_order()]
        except CycleError:
            raise ValueError("an experiment has its conditions in two orders: it is of several configs") from None
        return {key: self.found[key] for key in order}


def config(chain: Chain) -> dict[str, Any]:
    """The config, as YAML holds it: every key is written out, so that no default of today or later counts.

    What the chain does not say is the figures that claims point to, where the document is not their page: those are
    stand-ins, learning curves.

    Raises:
        ValueError: the chain is not that of a config, or of kinds that today's code does not know.
    """
    try:
        return _config(chain)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise ValueError(f"not the parameters of a config: {type(error).__name__} {error}") from None


def _config(chain: Chain) -> dict[str, Any]:
    everything = chain.everything()
    verdicts = [record for record in everything.values() if record["stage"] == "verdict"]
    claims = [claim for record in verdicts for claim in records.claims(record)]
    analyses = [record for record in everything.values() if record["stage"] == "analysis"]
    names = _experiment_names(analyses, claims)
    experiments = _experiments(analyses, names)
    first = experiments.get("main") or next(iter(experiments.values()), None)
    if not analyses:
        raise ValueError("nothing in it was analysed, so there is no experiment to run again")
    defaults = _condition(next(iter(first.values()))[1]) if first else {}
    figures = {
        record["parameters"]["name"]: _figure(record, names)
        for record in everything.values()
        if record["stage"] == "figure" and record["parameters"].get("kind") != "claims"
    }
    settings = {name: _restored(CLAIMS, claim) for name, claim, _ in claims}
    for claim in settings.values():
        one = claim["experiment"] if isinstance(claim["experiment"], str) else claim["experiment"][0]
        figures.setdefault(claim["figure"], {"kind": STAND_IN, "experiment": one})
    written = {
        "defaults": defaults,
        "experiments": {name: _experiment(list(c.values()), defaults) for name, c in experiments.items()},
        "datasets": dict(_datasets(analyses, everything)),
        "estimators": dict(_estimators(analyses, everything)),
        "figures": figures,
        "claims": settings,
        "explorer": _explorer(everything, names),
        "strict_environment": any("environment" in record["parameters"] for record in everything.values()),
    }
    return {key: value for key, value in written.items() if value not in ({}, False)}


def _experiment_names(
    analyses: Sequence[Record], claims: Sequence[tuple[str, Mapping[str, Any], str]]
) -> dict[str, list[str]]:
    """The names of the experiments that each analysis (id) reads."""
    told: dict[str, list[str]] = {}
    for _, settings, analysis in claims:
        experiment = settings.get("experiment")
        told[analysis] = [experiment] if isinstance(experiment, str) else list(experiment or [])
    found: dict[str, list[str]] = {}
    for record in analyses:
        read = list(dict.fromkeys(run.experiment for run in records.runs(record)))
        if not read:  # of nothing trained
            found[record["id"]] = []
            continue
        kind = record["parameters"]["kind"]
        names = told.get(record["id"]) or record["label"].removeprefix(f"{kind} of ").split(", ")
        if not all(isinstance(name, str) and NAME.fullmatch(name) for name in names):
            names = []
        if read == [""]:  # of one experiment, whose name does not count
            names = names if len(names) == 1 else ["main"]
        elif len(names) < 2 or set(read) - set(names):
            names = read if len(read) > 1 else [*read, f"{read[0]}-again"]
        found[record["id"]] = names
    return found


def _experiments(
    analyses: Sequence[Record], names: dict[str, list[str]]
) -> dict[str, dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]]]:
    """The conditions of each experiment; where its name does not count, another meaning gets another name."""
    found: dict[str, _Conditions] = {}
    analyses = [record for record in analyses if names[record["id"]]]
    for record in sorted(analyses, key=lambda record: -len(names[record["id"]])):
        runs = records.runs(record)
        if len(names[record["id"]]) > 1:
            for name in names[record["id"]]:
                if of_it := [run for run in runs if run.experiment == name]:
                    found.setdefault(name, _Conditions()).add(of_it)
            continue
        alone = _Conditions(whole=True)
        alone.add(runs)
        name, number = names[record["id"]][0], 1
        while name in found and not _agree(found[name], alone):
            number += 1
            name = f"{names[record['id']][0]}-{number}"
        names[record["id"]] = [name]
        found[name] = alone
    for record in analyses:
        first = records.runs(record)[0].condition
        for name in names[record["id"]]:  # all of its conditions are those of others
            found.setdefault(name, _Conditions({"{}": ({}, first)}))
    return {name: conditions.ordered() for name, conditions in found.items()}


def _agree(before: _Conditions, whole: _Conditions) -> bool:
    """Whether what is known of an experiment is (part of) the whole one."""
    if before.whole and list(before.found) != list(whole.found):
        return False
    return all(
        key in whole.found and canonical(whole.found[key][1]) == canonical(condition)
        for key, (_, condition) in before.found.items()
    )


def _experiment(
    conditions: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]], defaults: Mapping[str, Any]
) -> dict[str, Any]:
    """The `set` and `vary` that give the conditions in their order, some of which may be missing."""
    varied = [values for values, _ in conditions]
    vary = {key: _ordered(varied, position, key) for position, key in enumerate(varied[0])}
    fixed = {k: v for k, v in _condition(conditions[0][1]).items() if k not in vary and v != defaults[k]}
    return {**({"set": fixed} if fixed else {}), **({"vary": vary} if vary else {})}


def _ordered(varied: Sequence[Mapping[str, Any]], position: int, key: str) -> list[Any]:
    """The values of a key in an order in which all combinations, the last key varying fastest, come as they do."""
    values: dict[str, Any] = {}
    after: dict[str, dict[str, None]] = {}
    last: dict[str, str] = {}
    for combination in varied:
        if list(combination) != list(varied[0]):
            raise ValueError("the conditions of an experiment vary different keys")
        value, before = canonical(combination[key]), canonical([*combination.values()][:position])
        values[value] = combination[key]
        after.setdefault(value, {})
        if last.get(before, value) != value:
            after[value][last[before]] = None
        last[before] = value
    try:
        return [values[value] for value in TopologicalSorter(after).static_order()]
    except CycleError:
        raise ValueError("the conditions of an experiment are not in an order of all combinations") from None


def _condition(resolved: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return Condition.restored(resolved).model_dump(mode="json")
    except ValidationError as error:
        raise ValueError(f"not a condition for today's code: {_first(error)}") from None


def _figure(record: Record, names: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    ids = records.input_ids(record)
    if not ids or ids[0] not in names:
        raise ValueError("a figure is not of an analysis")
    settings = {k: v for k, v in record["parameters"].items() if k not in ("name", "caption", "environment")}
    experiments = names[ids[0]]
    read = {"experiment": experiments[0] if len(experiments) == 1 else experiments} if experiments else {}
    return {**_restored(FIGURES, settings), **read}


def _explorer(everything: Mapping[str, Record], names: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The explorer's settings, where the document is one."""
    for record in everything.values():
        if record["stage"] == "explorer":
            analysis = everything[record["inputs"]["analysis"]]
            return {"experiment": [*names[analysis["id"]]], "compare": analysis["parameters"]["compare"]}
    return {}


def _datasets(analyses: Sequence[Record], everything: Mapping[str, Record]) -> Iterator[tuple[str, dict[str, Any]]]:
    for record in analyses:
        for run in records.runs(record):
            read = [everything[id_] for id_ in run.ids() if id_ in everything]
            ids = {id_ for part in read for id_ in records.input_ids(part)} | ({run.dataset} if run.dataset else set())
            for dataset in (everything[i] for i in ids if i in everything and everything[i]["stage"] == "dataset"):
                apart = ("seed", "replicates", "files", "environment")
                settings = {key: value for key, value in dataset["parameters"].items() if key not in apart}
                yield str(run.condition.get("dataset")), _restored(DATASETS, settings)


def _estimators(analyses: Sequence[Record], everything: Mapping[str, Record]) -> Iterator[tuple[str, dict[str, Any]]]:
    for record in analyses:
        for run in records.runs(record):
            for name, ids in run.measurements.items():
                if name in MEASURES or not ids or ids[0] not in everything:
                    continue
                parameters = everything[ids[0]]["parameters"]
                yield name, _restored(ESTIMATORS, {k: v for k, v in parameters.items() if k != "environment"})


def _restored(registry: Registry[Section], settings: Mapping[str, Any]) -> dict[str, Any]:
    """All settings of a section, as a config has them."""
    kind = settings.get("kind")
    if not isinstance(kind, str) or kind not in registry:
        raise ValueError(f"today's code knows no kind {kind}")
    try:
        return registry[kind].restored(settings).model_dump(mode="json", by_alias=True)
    except ValidationError as error:
        raise ValueError(f"not settings of {kind} for today's code: {_first(error)}") from None


def _first(error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}"
