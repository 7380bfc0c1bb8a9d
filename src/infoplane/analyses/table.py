"""An analysis as a table for people (CSV), and as the numbers that captions quote."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import xarray as xr

from infoplane.analyses.base import conditions
from infoplane.statistics import INTERVAL

# dimensions whose values are drawn, but not quoted one by one
MANY = ("replicate", "epoch", "sample", "network", "feature", "correlation", "point", "other")


def csv(analysis: xr.DataTree) -> str:
    """A row per point; what a column holds, with its units, in comments above.

    Variables of the same dimensions share their rows; columns of dimensions that a variable has not got are empty.
    An estimate with an interval takes three columns: `name`, `name_low`, `name_high`.
    """
    named = [("", analysis.to_dataset()), *((node.attrs["name"], node) for node in conditions(analysis))]
    several = {node.attrs.get("experiment") for _, node in named} - {None, ""}
    frames = []
    for name, data in named:
        head = {"experiment": data.attrs.get("experiment", "")} if several else {}
        for frame in _frames(data):
            frames.append(frame.assign(**{**head, "condition": name}))
    table = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
    leading = [column for column in ("experiment", "condition") if column in table]
    dims = [column for column in table if column not in leading and any(column in data.coords for _, data in named)]
    rest = [column for column in table if column not in (*leading, *dims)]
    columns = [*leading, *dims, *rest]
    meanings = {name: data[name] for _, data in named for name in data.variables}  # xarray's coords have no order
    lines = [f"# {name}: {_meaning(meanings[name])}\n" for name in columns if name in meanings]
    return "".join(lines) + table[columns].to_csv(index=False, lineterminator="\n")


def _frames(data: xr.Dataset) -> list[pd.DataFrame]:
    """A frame for each set of dimensions that variables have; a point without any value has no row."""
    flat: dict[str, xr.DataArray] = {}
    for key, variable in data.data_vars.items():
        name = str(key)
        if INTERVAL in variable.dims:
            ends = {name: "estimate", f"{name}_low": "low", f"{name}_high": "high"}
            flat |= {column: variable.sel({INTERVAL: end}, drop=True) for column, end in ends.items()}
        else:
            flat[name] = variable
    groups: dict[tuple[str, ...], dict[str, xr.DataArray]] = {}
    for name, variable in flat.items():
        groups.setdefault(tuple(sorted(map(str, variable.dims))), {})[name] = variable
    frames = []
    for variables in groups.values():
        together = xr.Dataset(variables)
        if together.dims:
            order = [*next(iter(variables.values())).dims]
            frame = together.to_dataframe(order).dropna(how="all", subset=list(variables)).reset_index()
        else:
            frame = pd.DataFrame([{name: value.item() for name, value in together.data_vars.items()}])
        # a kind of integers that knows empty cells: epoch 3 stays 3, not 3.0, beside rows without an epoch
        frames.append(frame.astype(dict.fromkeys(frame.select_dtypes("integer"), "Int64")))
    return frames


def _meaning(variable: xr.DataArray) -> str:
    units = variable.attrs.get("units", "1")
    text = variable.attrs.get("long_name", variable.name)
    return text if units == "1" else f"{text} [{units}]"


def numbers(analysis: xr.DataTree) -> dict[str, Any]:
    """The numbers that a caption quotes: attributes, and variables that have no value for each network or epoch.

    Plain values, None for what is not finite.
    """
    root = analysis.to_dataset()
    return {**_quoted(root), "conditions": [_quoted(node) for node in conditions(analysis)]}


def _quoted(data: xr.Dataset) -> dict[str, Any]:
    quoted = {
        str(name): _plain(variable.values.tolist())
        for name, variable in data.variables.items()
        if not set(variable.dims) & set(MANY)
    }
    return {**{key: _plain(value) for key, value in data.attrs.items()}, **quoted}


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
