"""The config: what is to be computed, checked before anything runs.

`load` turns the mapping that Snakemake (or a YAML file) provides into a `Config`, or raises `ConfigError` with one
line for each problem: the key's path, what was found, what is allowed.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from functools import reduce
from pathlib import Path
from typing import Annotated, Any, Union

import yaml
from pydantic import AfterValidator, BeforeValidator, Field, TypeAdapter, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from infoplane.condition import Condition
from infoplane.datasets import DATASETS
from infoplane.figures import FIGURES
from infoplane.measures import ESTIMATORS
from infoplane.section import Registry, Section, one_of

Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")]


class ConfigError(ValueError):
    """The config cannot be used; the text has one line for each problem."""


def named(registry: Registry) -> Any:
    """The type of a config section that maps names to kinds of a registry; `kind` defaults to the name."""

    def default_kind(sections: Any) -> Any:
        if not isinstance(sections, Mapping):
            return sections
        filled = {}
        for name, section in sections.items():
            section = {} if section is None else section
            if isinstance(section, Mapping):
                section = {"kind": name, **section}
                if section["kind"] not in registry:
                    hint = one_of(registry, section["kind"])
                    raise PydanticCustomError(
                        "unknown_kind", "unknown kind; {hint}", {"key": f"{name}.kind", "hint": hint}
                    )
            filled[name] = section
        return filled

    kinds = Annotated[Union[tuple(registry.values())], Field(discriminator="kind")]  # noqa: UP007
    return Annotated[dict[Name, kinds], BeforeValidator(default_kind)]


def _condition_keys(keys: dict[str, Any]) -> dict[str, Any]:
    for key in keys:
        if key not in Condition.model_fields:
            hint = one_of(Condition.model_fields, key)
            raise PydanticCustomError("unknown_key", "unknown key; {hint}", {"key": key, "hint": hint})
    return keys


class Experiment(Section):
    """A named set of conditions: the defaults, some keys set, and every combination of those varied."""

    fixed: Annotated[dict[str, Any], AfterValidator(_condition_keys)] = Field(
        default_factory=dict, alias="set", description="Keys of `defaults` that differ in all of its conditions."
    )
    vary: Annotated[
        dict[str, Annotated[list[Any], Field(min_length=1)]], AfterValidator(_condition_keys)
    ] = Field(default_factory=dict, description="Keys of `defaults`, each with the list of values it takes.")

    def combinations(self) -> Iterator[dict[str, Any]]:
        """Every combination of the varied values, the last key varying fastest."""
        for values in itertools.product(*self.vary.values()):
            yield dict(zip(self.vary, values, strict=True))


class Config(Section):
    """The whole config. Names are free; each `kind` is a line in its registry."""

    defaults: Condition = Field(default_factory=Condition, description="One condition: network, data, training.")
    experiments: dict[Name, Experiment] = Field(
        default_factory=dict, description="Named sets of conditions: the defaults with a few keys varied."
    )
    datasets: named(DATASETS) = Field(default_factory=dict, description="Named datasets.")
    estimators: named(ESTIMATORS) = Field(default_factory=dict, description="Named estimators of information.")
    figures: named(FIGURES) = Field(default_factory=dict, description="Figures to make, by file name.")

    @model_validator(mode="after")
    def _references_exist(self) -> Config:
        for name, figure in self.figures.items():
            _exists(figure.experiment, self.experiments, f"figures.{name}.experiment")
            for estimator in figure.estimators():
                _exists(estimator, self.estimators, f"figures.{name}.estimator")
        return self

    def conditions(self, experiment: str) -> list[tuple[dict[str, Any], Condition]]:
        """The conditions of an experiment, each with the values of the keys that it varies."""
        settings = self.experiments[experiment]
        base = {**self.defaults.model_dump(), **settings.fixed}
        return [(varied, Condition(**{**base, **varied})) for varied in settings.combinations()]


def _exists(name: str, among: Mapping[str, Any], path: str) -> None:
    if name not in among:
        raise PydanticCustomError(
            "unknown_name", "unknown name; {hint}", {"key": path, "found": name, "hint": one_of(among, name)}
        )


def load(values: Mapping[str, Any]) -> Config:
    """Check a config mapping, across keys too.

    Raises:
        ConfigError: with one line for each problem.
    """
    try:
        config = TypeAdapter(Config).validate_python(expand(values))
    except ValidationError as error:
        raise ConfigError(_lines(error)) from None
    for experiment in config.experiments:
        _check_conditions(config, experiment)
    return config


def _check_conditions(config: Config, experiment: str) -> None:
    settings = config.experiments[experiment]
    try:
        conditions = config.conditions(experiment)
    except ValidationError as error:
        key = error.errors()[0]["loc"][0]
        group = "vary" if key in settings.vary else "set"
        raise ConfigError(_lines(error, f"experiments.{experiment}.{group}.")) from None
    for varied, condition in conditions:

        def fail(key: str, problem: str, varied: Mapping = varied, condition: Condition = condition) -> None:
            group = "vary" if key in varied else "set" if key in settings.fixed else None
            path = f"experiments.{experiment}.{group}.{key}" if group else f"defaults.{key}"
            raise ConfigError(f"{path}: found {_shown(getattr(condition, key))}; {problem}")

        if condition.dataset not in config.datasets:
            fail("dataset", one_of(config.datasets, condition.dataset))
        try:
            shape = config.datasets[condition.dataset].shape()
        except ValueError as error:
            raise ConfigError(f"datasets.{condition.dataset}: {error}") from None
        training = round(condition.train_fraction * shape.samples)
        if training < 1:
            fail("train_fraction", f"it leaves none of the {shape.samples} samples to train on")
        if condition.batch_size != "full" and condition.batch_size > training:
            fail("batch_size", f"allowed: 1 to {training}, the size of the training set, or `full`")
        if condition.output == "sigmoid" and shape.classes != 2:
            fail("output", f"allowed: softmax, since `{condition.dataset}` has {shape.classes} classes")


def _lines(error: ValidationError, prefix: str = "") -> str:
    """One line for each problem: the key's path, what was found, what is allowed."""
    lines = {}
    for problem in error.errors(include_url=False):
        context = problem.get("ctx", {})
        kinds = {kind for registry in (DATASETS, ESTIMATORS, FIGURES) for kind in registry}
        # a union adds its tag to the path: datasets.mine.npz.path -> datasets.mine.path
        path = [
            str(part)
            for i, part in enumerate(problem["loc"])
            if not (i == 2 and part in kinds and problem["loc"][0] in ("datasets", "estimators", "figures"))
        ]
        if "key" in context:
            path.append(context["key"])
        message = problem["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
        found = context.get("found", problem["input"]) if problem["type"] != "unknown_key" else None
        shown = "" if found is None or isinstance(found, Section | Mapping) else f"found {_shown(found)}; "
        allowed = message if message == problem["msg"] else f"allowed: {message}"
        lines.setdefault(prefix + ".".join(path), shown + allowed)
    return "\n".join(f"{path}: {text}" for path, text in lines.items())


def _shown(value: Any) -> str:
    return json.dumps(value, default=str)


def expand(values: Mapping[str, Any]) -> dict[str, Any]:
    """Nested overrides: `a.b=c`, and `a__b=c` where the shell's program (Snakemake) takes no dot in a key."""
    result: dict[str, Any] = {k: v for k, v in values.items() if "." not in k and "__" not in k}
    for key in values.keys() - result.keys():
        path = key.replace("__", ".").split(".")
        merge(result, reduce(lambda value, part: {part: value}, reversed(path), values[key]))
    return result


def merge(target: dict[str, Any], update: Mapping[str, Any]) -> dict[str, Any]:
    """Merge nested mappings into `target`, as Snakemake merges config files."""
    for key, value in update.items():
        if isinstance(value, Mapping) and isinstance(target.get(key), Mapping):
            target[key] = merge(dict(target[key]), value)
        else:
            target[key] = value
    return target


def read(*files: Path) -> dict[str, Any]:
    """Read and merge YAML config files, later ones over earlier ones.

    Raises:
        ConfigError: a file is missing, not YAML or not a mapping.
    """
    values: dict[str, Any] = {}
    for file in files:
        try:
            content = yaml.safe_load(Path(file).read_text()) or {}
        except OSError as error:
            raise ConfigError(f"{file}: {error.strerror}") from None
        except yaml.YAMLError as error:
            raise ConfigError(f"{file}: not YAML: {' '.join(str(error).split())}") from None
        if not isinstance(content, dict):
            raise ConfigError(f"{file}: found {type(content).__name__}; a mapping of sections is needed")
        merge(values, content)
    return values

