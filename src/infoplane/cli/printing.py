"""What is printed: lines of styled parts, units for people, aligned columns. Nothing printed is taken for markup."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import typer
from rich.console import Console
from rich.text import Text

from infoplane.cli.errors import printable

UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")
GOOD, BAD, NOTE, HEAD = "green", "red", "yellow", "bold"

_console = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)


def line(*parts: str | tuple[str, str]) -> None:
    """Print a line of parts, each a text or (text, style)."""
    styled = [(printable(part), "") if isinstance(part, str) else (printable(part[0]), part[1]) for part in parts]
    _console.print(Text.assemble(*styled))


def as_json(value: Any) -> None:
    """Print a value for programs."""
    typer.echo(json.dumps(value, indent=1))


def table(rows: Sequence[Sequence[str | tuple[str, str]]], right: Sequence[int] = ()) -> None:
    """Print rows in aligned columns; those with the numbers `right` to the right, the last one not padded."""
    texts = [[printable(cell if isinstance(cell, str) else cell[0]) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)] if texts else []
    for row, cells in zip(rows, texts, strict=True):
        parts = []
        for number, (cell, text) in enumerate(zip(row, cells, strict=True)):
            last = number == len(cells) - 1
            padded = text.rjust(widths[number]) if number in right else text if last else text.ljust(widths[number])
            parts.append((padded + ("" if last else "  "), "" if isinstance(cell, str) else cell[1]))
        line(*parts)


def sized(rows: Iterable[tuple[float, *tuple[str, ...]]]) -> None:
    """Print rows that begin with a number of bytes."""
    table([(size(count), *texts) for count, *texts in rows], right=(0,))


def size(count: float) -> str:
    """Bytes for people: `3.1 MB`."""
    unit = 0
    while count >= 999.5 and unit < len(UNITS) - 1:
        count, unit = count / 1000, unit + 1
    return f"{count:.0f} {UNITS[unit]}" if unit == 0 or count >= 99.5 else f"{count:.2g} {UNITS[unit]}"


def duration(seconds: float) -> str:
    """Seconds for people: `1 h 20 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{round(minutes / 60 / 24)} days"


def value(given: Any) -> str:
    """A setting for people: layers as `12-10-7`, text as it is, anything else as JSON."""
    if isinstance(given, list | tuple) and given and all(isinstance(v, int) and not isinstance(v, bool) for v in given):
        return "-".join(map(str, given))
    return given if isinstance(given, str) else json.dumps(given)


def changes(pairs: Mapping[str, tuple[Any, Any]]) -> str:
    """What differs, as (then, now): `numpy 1.26 -> 2.0, python 3.11 -> 3.12`."""
    return ", ".join(f"{key} {value(then)} -> {value(now)}" for key, (then, now) in pairs.items())


def count(number: int, what: str) -> str:
    """`1 file`, `2 files`."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
