"""Errors that nobody expected: one line, and a file with what its mending needs."""

from __future__ import annotations

import os
import platform
import shlex
import sys
import tempfile
import traceback
from importlib.metadata import version

from infoplane.tree import printable

SHOWN = 200  # letters of the error


def line(error: BaseException) -> str:
    """The error, in one line."""
    said = " ".join(str(error).split())
    return printable(
        f"unexpected {type(error).__name__}: {said[:SHOWN]}" if said else f"unexpected {type(error).__name__}"
    )


def report(error: BaseException) -> str:
    """Keep the traceback of an error in a new file; the line that says what happened, and where that is."""
    head = f"infoplane {version('infoplane')}, Python {platform.python_version()}, {platform.platform()}"
    command = f"command: {shlex.join(sys.argv)}"
    text = "\n".join([head, command, "".join(traceback.format_exception(error))])
    handle, path = tempfile.mkstemp(prefix="infoplane-", suffix=".txt")
    with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as stream:
        stream.write(text)
    return f"{line(error)}; this is a fault of infoplane, and {path} has what its makers need to mend it"
