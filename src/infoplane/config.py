"""The config: what is to be computed, checked before anything runs.

`load` turns the mapping that Snakemake (or a YAML file) provides into a `Config`, or raises `ConfigError` with one
line for each problem: the key's path, what was found, what is allowed.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from functools import reduce
from pathlib import Path
from typing import Annotated, Any, Union

import yaml
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from infoplane.claims import CLAIMS
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
                        "unknown_kind",
                        "unknown kind; {hint}",
                        {"key": f"{name}.kind", "hint": hint, "found": section["kind"]},
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
        default_factory=dict,
        alias="set",
        description="Keys of `defaults` that differ in all of its conditions.",
    )
    vary: Annotated[dict[str, Annotated[list[Any], Field(min_length=1)]], AfterValidator(_condition_keys)] = Field(
        default_factory=dict, description="Keys of `defaults`, each with the list of values it takes."
    )

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
    claims: named(CLAIMS) = Field(default_factory=dict, description="Claims to test, each with its thresholds.")

    @model_validator(mode="after")
    def _references_exist(self) -> Config:
        for group, sections in (("figures", self.figures), ("claims", self.claims)):
            for name, section in sections.items():
                for experiment in section.experiments():
                    _exists(experiment, self.experiments, f"{group}.{name}.experiment")
                for estimator in section.estimators():
                    _exists(estimator, self.estimators, f"{group}.{name}.estimator")
        if "claims" in self.figures:
            raise PydanticCustomError(
                "taken",
                "taken by the table of verdicts; choose another name",
                {"key": "figures.claims", "found": "claims"},
            )
        for name, claim in self.claims.items():
            _exists(claim.figure, self.figures, f"claims.{name}.figure")
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
    expanded = expand(values)
    try:
        config = Config.model_validate(expanded)
    except ValidationError as error:
        raise ConfigError(_lines(error, expanded)) from None
    for experiment in config.experiments:
        _check_conditions(config, experiment)
    return config


def _check_conditions(config: Config, experiment: str) -> None:
    """Each condition of an experiment by itself, and across keys."""
    settings = config.experiments[experiment]
    for varied in settings.combinations():
        values = {**config.defaults.model_dump(), **settings.fixed, **varied}
        changed = {**dict.fromkeys(settings.fixed, "set"), **dict.fromkeys(varied, "vary")}

        def where(path: str, changed: Mapping[str, str] = changed) -> str:
            group = changed.get(path.partition(".")[0])
            return f"experiments.{experiment}.{group}.{path}" if group else f"defaults.{path}"

        try:
            condition = Condition(**values)
        except ValidationError as error:
            raise ConfigError(_lines(error, values, where)) from None
        for key, problem in _problems_across_keys(config, condition):
            raise ConfigError(f"{where(key)}: found {_shown(values[key])}; {problem}")


def _problems_across_keys(config: Config, condition: Condition) -> Iterator[tuple[str, str]]:
    """Keys whose values do not go together, each with what is allowed."""
    if condition.dataset not in config.datasets:
        yield "dataset", f"unknown name; {one_of(config.datasets, condition.dataset)}"
        return
    try:
        shape = config.datasets[condition.dataset].shape()
    except ValueError as error:
        raise ConfigError(f"datasets.{condition.dataset}: {error}") from None
    training = round(condition.train_fraction * shape.samples)
    if training < 1:
        yield "train_fraction", f"it leaves none of the {shape.samples} samples to train on"
    if condition.batch_size != "full" and condition.batch_size > training:
        yield "batch_size", f"allowed: 1 to {training}, the size of the training set, or `full`"
    if condition.output == "sigmoid" and shape.classes != 2:
        yield "output", f"allowed: softmax, since `{condition.dataset}` has {shape.classes} classes"


def _lines(error: ValidationError, values: Any, where: Callable[[str], str] = str) -> str:
    """One line for each problem: the key's path (through `where`), what was found, what is allowed."""
    found: dict[str, str] = {}
    allowed: dict[str, list[str]] = {}
    for problem in error.errors(include_url=False):
        context = problem.get("ctx", {})
        path = _path(problem["loc"], values)
        if problem["type"] == "missing":
            path.append(str(problem["loc"][-1]))
        path += [context["key"]] if "key" in context else []
        key = where(".".join(path))
        value = context.get("found", problem["input"])
        if problem["type"] not in ("missing", "unknown_key") and not isinstance(value, Section):
            found[key] = f"found {_shown(value)}; "
        message = problem["msg"].removeprefix("Value error, ")
        plain = message.removeprefix("Input should be ")
        allowed.setdefault(key, []).append(message if plain == message else f"allowed: {plain}")
    lines = {key: " or ".join(dict.fromkeys(texts)).replace(" or allowed: ", " or ") for key, texts in allowed.items()}
    return "\n".join(f"{key}: {found.get(key, '')}{text}" for key, text in lines.items())


def _path(location: tuple[int | str, ...], values: Any) -> list[str]:
    """The keys of a location; pydantic's also names the members of unions that it tried."""
    path = []
    for part in location:
        is_key = isinstance(values, Mapping) and part in values
        is_index = isinstance(values, list | tuple) and isinstance(part, int) and part < len(values)
        if is_key or is_index:
            path.append(str(part))
            values = values[part]
    return path


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
