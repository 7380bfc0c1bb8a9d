"""Which numbers differ between two analyses, or between the verdicts on two sets of claims."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

PARTS = ("estimate", "low", "high", "side", "threshold", "unit", "verdict")


@dataclass(frozen=True)
class Number:
    """What differs in a variable or a claim: in words and, where it can be said, by how much at most (`units`)."""

    name: str
    differs: str
    max_difference: float | None = None
    units: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def of_analyses(one: Path, other: Path) -> list[Number]:
    """The variables that differ between the analyses in two folders, by node: the largest absolute difference.

    Raises:
        ValueError: one of the stores is missing or damaged.
    """
    from infoplane import stores  # brings Zarr, which no other command should wait for

    trees = [stores.open_tree(folder / "analysis.zarr.zip") for folder in (one, other)]
    nodes = [{node.path: node.to_dataset(inherit=False).load() for node in tree.subtree} for tree in trees]
    return [number for path in dict.fromkeys((*nodes[0], *nodes[1])) for number in _node(path, *nodes)]


def _node(path: str, *nodes: Mapping[str, xr.Dataset]) -> Iterator[Number]:
    one, other = (node.get(path) for node in nodes)
    if one is None or other is None:
        yield Number(path, f"only in {'A' if other is None else 'B'}")
        return
    for name in dict.fromkeys((*one.variables, *other.variables)):
        if name not in one.variables or name not in other.variables:
            yield Number(f"{path.rstrip('/')}/{name}", f"only in {'A' if name in one.variables else 'B'}")
        elif number := _variable(f"{path.rstrip('/')}/{name}", one[name], other[name]):
            yield number


def _variable(name: str, one: xr.DataArray, other: xr.DataArray) -> Number | None:
    units = one.attrs.get("units", "")
    if one.dims != other.dims or one.shape != other.shape:
        return Number(name, f"shape {_shape(one)} in A, {_shape(other)} in B")
    if one.dtype.kind not in "biuf" or other.dtype.kind not in "biuf":
        return None if np.array_equal(one.values, other.values) else Number(name, "values differ")
    a, b = one.values.astype(float), other.values.astype(float)
    if np.array_equal(a, b, equal_nan=True):
        return None
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    apart = np.abs(a[~same] - b[~same])
    finite = apart[np.isfinite(apart)]
    words = f"{(~same).sum()} of {same.size} values" + ("" if len(finite) == len(apart) else ", some not finite")
    return Number(name, words, float(finite.max()) if len(finite) else None, "" if units == "1" else units)


def _shape(data: xr.DataArray) -> str:
    return ", ".join(f"{dim} {size}" for dim, size in data.sizes.items()) or "none"


def of_verdicts(one: Path, other: Path) -> list[Number]:
    """The claims whose verdict or statistics differ between two claims.json.

    Raises:
        ValueError: one of the files is missing or not such a file.
    """
    before, after = _findings(one), _findings(other)
    return [number for name in dict.fromkeys((*before, *after)) for number in _claim(name, before, after)]


def _findings(path: Path) -> dict[str, Mapping[str, Any]]:
    try:
        return {str(finding["name"]): dict(finding) for finding in json.loads(path.read_text())["claims"]}
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ValueError(f"{path}: not a file of verdicts") from None


def _claim(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Number]:
    if name not in before or name not in after:
        yield Number(name, f"only in {'A' if name in before else 'B'}")
        return
    one, other = before[name], after[name]
    if one.get("verdict") != other.get("verdict"):
        yield Number(name, f"{one.get('verdict')} in A, {other.get('verdict')} in B")
    statistics = [_statistics(finding) for finding in (one, other)]
    for statistic in dict.fromkeys((*statistics[0], *statistics[1])):
        a, b = (found.get(statistic) for found in statistics)
        if a is None or b is None:
            yield Number(f"{name}: {statistic}", f"only in {'A' if b is None else 'B'}")
        elif a != b:
            differs = [f"{part} {a[part]} in A, {b[part]} in B" for part in PARTS if a[part] != b[part]]
            yield Number(f"{name}: {statistic}", "; ".join(differs), _gap(a["estimate"], b["estimate"]), str(a["unit"]))


def _statistics(finding: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    found = finding.get("statistics")
    listed: Sequence[Any] = found if isinstance(found, list) else []
    return {str(s.get("name")): {part: s.get(part) for part in PARTS} for s in listed if isinstance(s, Mapping)}


def _gap(one: Any, other: Any) -> float | None:
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (one, other))
    return abs(one - other) if numbers else None
