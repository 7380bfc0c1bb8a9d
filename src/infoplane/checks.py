"""Keys of a config that do not go together, each valid by itself: found before anything runs."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from infoplane.analyses.base import condition_name
from infoplane.condition import Condition
from infoplane.config import Config
from infoplane.datasets.base import Shape
from infoplane.datasets.replicates import TEST_SHARE
from infoplane.measures import MEASURES
from infoplane.section import Section, one_of

TRAININGS = 20_000  # of a config; a workflow of more is none
LONG = 200  # letters of what was found
Problems = Iterator[tuple[str, str]]  # a key's path, and what is wrong there


def problems(config: Config) -> dict[str, str]:
    """What is wrong, by the path of its key, and what is allowed there.

    Names come first, then conditions, then what reads them: one kind of problem hides the kinds that it may cause.
    """

    @cache
    def shape(dataset: str) -> Shape:
        return config.datasets[dataset].shape()

    for find in (_names, _conditions, _readings):
        found: dict[str, str] = {}
        for path, problem in find(config, shape):
            found.setdefault(path, problem)
        if found:
            return found
    return {}


def shown(value: Any, allowed: str) -> str:
    """What was found, and what is allowed."""
    found = json.dumps(value, default=str)
    return f"found {found if len(found) <= LONG else found[:LONG] + '...'}; {allowed}"


def _names(config: Config, _: Callable[[str], Shape]) -> Problems:
    """Names that nothing has, that something else has, or whose kind gives what is not wanted."""
    for name in config.estimators:
        if name in MEASURES:
            yield f"estimators.{name}", shown(name, "taken by a built-in measure; choose another name")
    if "claims" in config.figures:
        yield "figures.claims", shown("claims", "taken by the table of verdicts; choose another name")
    for path, section in readers(config):
        analysis = section.analysis()
        for experiment in analysis.experiments():
            yield from _unknown(f"{path}.experiment", experiment, config.experiments)
        key, needs = _estimator_key(analysis), analysis.needs
        for estimator in analysis.estimators():
            yield from _unknown(f"{path}.{key}", estimator, config.estimators)
            fit = [name for name, other in config.estimators.items() if set(needs) <= set(other.quantities)]
            if estimator in config.estimators and estimator not in fit:
                missing = [need for need in needs if need not in config.estimators[estimator].quantities]
                reason = f"it gives no {' and no '.join(missing)}; {one_of(fit, estimator)}"
                yield f"{path}.{key}", shown(estimator, reason)
    for name, claim in config.claims.items():
        yield from _unknown(f"claims.{name}.figure", claim.figure, config.figures)


def readers(config: Config) -> Iterator[tuple[str, Any]]:
    """Figures, claims and the explorer, with their paths."""
    for group, sections in (("figures", config.figures), ("claims", config.claims)):
        for name, section in sections.items():
            yield f"{group}.{name}", section
    if config.explorer:
        yield "explorer", config.explorer


def _unknown(path: str, name: str, among: Mapping[str, Any]) -> Problems:
    if name not in among:
        yield path, shown(name, f"unknown name; {one_of(among, name)}")


def _estimator_key(analysis: Any) -> str:
    """The key under which an analysis, and what reads it, names its estimators."""
    return "compare" if "compare" in type(analysis).model_fields else "estimator"


def _conditions(config: Config, shape: Callable[[str], Shape]) -> Problems:
    """Conditions that do not fit their dataset."""
    trainings = 0
    for experiment in config.experiments:
        for varied, condition in config.conditions(experiment):
            trainings += math.ceil(condition.replicates / condition.replicates_per_job)
            if trainings > TRAININGS:
                allowed = f"with it there are {trainings} trainings; allowed: up to {TRAININGS} in all"
                text = shown(condition.replicates, allowed)
                yield config.where(experiment, "replicates"), f"{text} ({_where(experiment, varied)})"
                return
            try:
                for key, allowed in _misfits(config, condition, shape):
                    text = shown(getattr(condition, key), allowed)
                    yield config.where(experiment, key), f"{text} ({_where(experiment, varied)})"
            except ValueError as error:
                yield f"datasets.{condition.dataset}", str(error)


def _where(experiment: str, varied: Mapping[str, Any]) -> str:
    """The condition in which a problem arises."""
    return ", ".join(filter(None, [f"experiment {experiment}", condition_name(varied)]))


def _misfits(config: Config, condition: Condition, shape: Callable[[str], Shape]) -> Problems:
    if condition.dataset not in config.datasets:
        yield "dataset", f"unknown name; {one_of(config.datasets, condition.dataset)}"
        return
    samples, _, classes = shape(condition.dataset)
    if round(TEST_SHARE * samples) < 1:
        yield (
            "dataset",
            f"it has {samples} samples, and none is left to test on; allowed: datasets of 4 samples or more",
        )
        return
    training = round(condition.train_fraction * samples)
    if training < 1:
        yield "train_fraction", f"it leaves none of the {samples} samples to train on"
        return
    if condition.batch_size != "full" and condition.batch_size > training:
        yield "batch_size", f"allowed: 1 to {training}, the size of the training set, or `full`"
    if (condition.output == "linear") != (classes == 0):
        allowed, targets = (
            ("linear", "its targets are real-valued") if classes == 0 else ("sigmoid, softmax", "it has classes")
        )
        yield "output", f"allowed: {allowed}, since {targets} (`{condition.dataset}`)"
    elif condition.output == "sigmoid" and classes != 2:
        yield "output", f"allowed: softmax, since `{condition.dataset}` has {classes} classes"


def _readings(config: Config, shape: Callable[[str], Shape]) -> Problems:
    """Figures, claims and estimators that do not fit a condition that they read."""
    for path, section in readers(config):
        analysis = section.analysis()
        read: list[tuple[str, Section]] = [(path, section), (path, analysis)]
        read += [(f"estimators.{name}", config.estimators[name]) for name in analysis.estimators()]
        for experiment in analysis.experiments():
            for varied, condition in config.conditions(experiment):
                samples, features, _ = shape(condition.dataset)
                for place, reader in read:
                    for key, allowed in reader.misfits(condition, samples, features):
                        text = shown(getattr(reader, key), allowed)
                        yield f"{place}.{key}", f"{text} ({_where(experiment, varied)})"
