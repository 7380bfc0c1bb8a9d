"""A job's log file, and errors as the one line that a user can act on."""

from __future__ import annotations

import errno
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

_streams: list[BinaryIO] = []  # the logs that are open, the job's own last


def report(line: str) -> None:
    """Write a line, with the time, to the log of the job."""
    for stream in _streams[-1:]:
        _write(stream, f"{time.strftime('%H:%M:%S')} {line}\n")


@contextmanager
def logged(path: Path | str) -> Iterator[None]:
    """Keep a log at `path`, whose lines appear as they come.

    What is wrong with the input or the machine (ValueError, OSError) ends the program with its message, without a
    traceback; a bug keeps its traceback, in the log too. A log that cannot be written (the disk is full) hides neither.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb", buffering=0) as stream:
        _streams.append(stream)
        try:
            yield
        except (ValueError, OSError) as error:
            _write(stream, traceback.format_exc())
            sys.exit(f"{one_line(error)} (log: {path})")
        except BaseException:
            _write(stream, traceback.format_exc())
            raise
        finally:
            _streams.pop()


def _write(stream: BinaryIO, text: str) -> None:
    with suppress(OSError):
        stream.write(text.encode())


def one_line(error: Exception) -> str:
    """What went wrong, in one line."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "the disk is full: free some space and run again; nothing half-written counts as done"
    return " ".join(str(error).split()) or type(error).__name__
