"""The config: what is to be computed, checked before anything runs.

`load` turns the mapping that Snakemake (or a YAML file) provides into a `Config`, or raises `ConfigError` with one
line for each problem: the key's path, what was found, what is allowed.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from functools import partial, reduce
from pathlib import Path
from typing import Annotated, Any, Union

import yaml
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from infoplane.checks import problems, shown
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

    @model_validator(mode="after")
    def _set_or_vary(self) -> Experiment:
        for key in self.fixed.keys() & self.vary.keys():
            context = {"key": f"set.{key}", "found": self.fixed[key]}
            raise PydanticCustomError("both", "`vary` has this key too; leave it out of one of them", context)
        return self

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

    def conditions(self, experiment: str) -> list[tuple[dict[str, Any], Condition]]:
        """The conditions of an experiment, each with the values of the keys that it varies."""
        settings = self.experiments[experiment]
        base = {**self.defaults.model_dump(), **settings.fixed}
        return [(varied, Condition(**{**base, **varied})) for varied in settings.combinations()]

    def where(self, experiment: str, key: str) -> str:
        """The path at which a key of an experiment's conditions is set; of a nested one, by its first part."""
        settings, name = self.experiments[experiment], key.partition(".")[0]
        group = "vary" if name in settings.vary else "set" if name in settings.fixed else None
        return f"experiments.{experiment}.{group}.{key}" if group else f"defaults.{key}"


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
    for experiment, settings in config.experiments.items():
        for varied in settings.combinations():
            condition = {**config.defaults.model_dump(), **settings.fixed, **varied}
            try:
                Condition(**condition)
            except ValidationError as error:
                raise ConfigError(_lines(error, condition, partial(config.where, experiment))) from None
    if found := problems(config):
        raise ConfigError("\n".join(f"{path}: {problem}" for path, problem in found.items()))
    return config


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
            found[key] = shown(value, "")
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
