"""A job's log file, and errors as the one line that a user can act on."""

from __future__ import annotations

import errno
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def logged(path: Path | str) -> Iterator[Callable[[str], None]]:
    """A function that writes lines to the log at `path` as they come.

    What is wrong with the input or the machine (ValueError, OSError) ends the program with its message, without a
    traceback; a bug keeps its traceback, in the log too.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", buffering=1) as stream:

        def report(line: str) -> None:
            stream.write(f"{time.strftime('%H:%M:%S')} {line}\n")

        try:
            yield report
        except (ValueError, OSError) as error:
            stream.write(traceback.format_exc())
            sys.exit(f"{one_line(error)} (log: {path})")
        except BaseException:
            stream.write(traceback.format_exc())
            raise


def one_line(error: Exception) -> str:
    """What went wrong, in one line."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "the disk is full: free some space and run again; nothing half-written counts as done"
    return " ".join(str(error).split()) or type(error).__name__
