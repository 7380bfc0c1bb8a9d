"""Kinds that other installed packages bring, in their entry points: `[project.entry-points."infoplane.estimators"]`.

Each is a line `kind = "package.module:Class"`. The code of the package is digested as infoplane's own is.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import distributions
from importlib.util import find_spec
from pathlib import Path

PREFIX = "infoplane."


def kinds(group: str) -> dict[str, str]:
    """The import paths (`package.module:Class`) of a group, by kind."""
    return _groups().get(group, {})


def file(module: str) -> Path | None:
    """Where a module of a package that brings kinds lies, or would; without the ending. None for any other package."""
    package, *parts = module.split(".")
    home = _home(package) if package in _packages() else None
    return home.joinpath(*parts) if home else None


@cache
def _groups() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    points = [point for package in distributions() for point in package.entry_points]
    for point in sorted(point for point in points if point.group.startswith(PREFIX)):
        found.setdefault(point.group, {})[point.name] = point.value
    return found


@cache
def _packages() -> frozenset[str]:
    return frozenset(path.partition(".")[0] for group in _groups().values() for path in group.values())


@cache
def _home(package: str) -> Path | None:
    found = find_spec(package)
    places = found.submodule_search_locations if found else None
    return Path(next(iter(places))) if places else None
