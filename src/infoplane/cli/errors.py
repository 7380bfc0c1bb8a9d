"""Errors as lines, and text from anywhere in a form that a terminal can be shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer

from infoplane.tree import printable


@contextmanager
def one_line() -> Iterator[None]:
    """What is wrong with the input, or with the machine, is a line on stderr, or one for each problem; exit 2."""
    try:
        yield
    except (ValueError, OSError) as error:
        raise stop(str(error)) from None
    except RecursionError:
        raise stop("nested too deeply") from None


def stop(text: str) -> typer.Exit:
    """Say what is wrong; the exit with 2 to raise."""
    for line in text.splitlines() or ["it cannot be said what is wrong"]:
        typer.echo(printable(line), err=True)
    return typer.Exit(2)


def told(error: Any) -> str:
    """An error of the command line, which has a `format_message`, in one line."""
    return f"{' '.join(printable(error.format_message()).split())} (`infoplane --help` and `infoplane COMMAND --help`)"
