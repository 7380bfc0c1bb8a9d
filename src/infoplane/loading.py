"""From config files and overrides to a checked `Config`.

`load` turns the mapping that Snakemake (or `read`) provides into a `Config`, or raises `ConfigError` with one line for
each problem: the key's path, what was found, what is allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial, reduce
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from infoplane import tree
from infoplane.checks import problems, shown
from infoplane.condition import Condition
from infoplane.config import Config, Experiment
from infoplane.section import Section
from infoplane.tree import LEVELS, as_yaml, named, printable

MAPPINGS = ("model_type", "model_attributes_type", "dict_type")  # pydantic's errors that a mapping was expected

NAMED = 12  # keys of one problem


class ConfigError(ValueError):
    """The config cannot be used; the text has one line for each problem."""


def load(values: Mapping[str, Any]) -> Config:
    """Check a config mapping, across keys too.

    Raises:
        ConfigError: with one line for each problem.
    """
    try:
        tree.check(values)
        expanded = without_removed(expand(values))
        tree.check(expanded)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    try:
        config = Config.model_validate(expanded)
    except ValidationError as error:
        raise ConfigError(lines(error, expanded)) from None
    for experiment, settings in config.experiments.items():
        try:
            config.conditions(experiment)
        except ValidationError as error:
            condition = _failing(config.defaults.model_dump(), settings)
            raise ConfigError(lines(error, condition, partial(config.where, experiment))) from None
    if found := problems(config):
        raise ConfigError("\n".join(_together(found)))
    return config


def _together(found: Mapping[str, str]) -> Iterator[str]:
    """A line for each problem, which names all keys that have it, or the first of very many."""
    paths: dict[str, list[str]] = {}
    for path, problem in found.items():
        paths.setdefault(problem, []).append(path)
    for problem, having in paths.items():
        others = f", and {len(having) - NAMED} more" if having[NAMED:] else ""
        yield printable(f"{', '.join(having[:NAMED])}{others}: {problem}")


def lines(error: ValidationError, values: Any, where: Callable[[str], str] = str) -> str:
    """One line for each problem: the key's path (through `where`), what was found, what is allowed."""
    found: dict[str, str] = {}
    allowed: dict[str, list[str]] = {}
    for problem in error.errors(include_url=False):
        context = problem.get("ctx", {})
        path = _path(problem["loc"], values)
        if problem["type"] == "missing":
            path.append(str(problem["loc"][-1]))
        path += [context["key"]] if "key" in context else []
        key = where(named(path)) or '""'
        value = context.get("found", problem["input"])
        if problem["type"] not in ("missing", "unknown_key") and not isinstance(value, Section):
            found[key] = shown(value, "")
        message = problem["msg"].removeprefix("Value error, ")
        message = "Input should be a mapping" if problem["type"] in MAPPINGS else message
        plain = message.removeprefix("Input should be ")
        allowed.setdefault(key, []).append(message if plain == message else f"allowed: {plain}")
    # where a list is allowed and one of its items is wrong, the other members of the union have nothing to add
    allowed = {key: texts for key, texts in allowed.items() if not any(o.startswith(f"{key}.") for o in allowed)}
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


def _failing(defaults: Mapping[str, Any], settings: Experiment) -> dict[str, Any]:
    """The first combination of an experiment that a condition does not allow."""
    for varied in settings.combinations():
        values = {**defaults, **settings.fixed, **varied}
        try:
            Condition(**values)
        except ValidationError:
            return values
    return {}


def expand(values: Mapping[str, Any]) -> dict[str, Any]:
    """Nested overrides: `a.b=c`, and `a__b=c` where the shell's program (Snakemake) takes no dot in a key.

    They come after the keys without a dot, in their order; a text is read as YAML, since Snakemake hands over text.
    """
    result: dict[str, Any] = {k: v for k, v in values.items() if not _is_nested(k)}
    for key, value in values.items():
        if _is_nested(key):
            path = key.replace("__", ".").split(".")
            if len(path) > LEVELS:
                raise ValueError(f"{named(path[:3])}: nested too deeply; allowed: up to {LEVELS} levels")
            value = as_yaml(value) if isinstance(value, str) else value
            merge(result, reduce(lambda inner, part: {part: inner}, reversed(path), value))
    return result


def _is_nested(key: Any) -> bool:
    return isinstance(key, str) and ("." in key or "__" in key)


def without_removed(values: Any) -> Any:
    """Without the keys that are null: `kde: null` in a later file removes what an earlier one has."""
    if not isinstance(values, Mapping):
        return values
    kept = {key: value for key, value in values.items() if not _is_null(value)}
    named = ("experiments", "datasets", "estimators", "figures", "claims")
    for group in (key for key in named if isinstance(kept.get(key), Mapping)):
        kept[group] = {name: value for name, value in kept[group].items() if not _is_null(value)}
    return kept


def _is_null(value: Any) -> bool:
    """Null, or the text of it, which is what Snakemake makes of `--config 'estimators={kde: null}'`."""
    return value is None or (isinstance(value, str) and as_yaml(value) is None)


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
            content = tree.read(file)
        except ValueError as error:
            raise ConfigError(f"{file}: {error}") from None
        if not isinstance(content, dict):
            found = "nothing" if content is None else type(content).__name__
            raise ConfigError(f"{file}: found {found}; a mapping of sections is needed, {{}} if there are none")
        merge(values, content)
    return values
