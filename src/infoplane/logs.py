"""A job's log file, and errors as the one line that a user can act on."""

from __future__ import annotations

import errno
import os
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from infoplane import unexpected
from infoplane.tree import printable

_streams: list[BinaryIO] = []  # the logs that are open, the job's own last


def report(line: str) -> None:
    """Write a line, with the time, to the log of the job."""
    for stream in _streams[-1:]:
        _write(stream, f"{time.strftime('%H:%M:%S')} {line}\n")


@contextmanager
def logged(path: Path | str) -> Iterator[None]:
    """Keep a log at `path`, whose lines appear as they come, with all that would come to the terminal meanwhile.

    What is wrong with the input or the machine (ValueError, OSError) ends the program with its message, without a
    traceback; of a bug, too, the traceback is in the log alone. A log that cannot be written (the disk is full) hides
    neither.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        opened = path.open("wb", buffering=0)
    except OSError as error:
        sys.exit(one_line(error))
    with opened as stream:
        _streams.append(stream)
        try:
            with _instead_of_the_terminal(stream):
                yield
        except (ValueError, OSError) as error:
            _write(stream, traceback.format_exc())
            sys.exit(f"{one_line(error)} (log: {path})")
        except MemoryError:
            _write(stream, traceback.format_exc())
            sys.exit(f"the memory is full: run fewer jobs at once, or smaller ones (log: {path})")
        except Exception as error:
            _write(stream, traceback.format_exc())
            sys.exit(f"{unexpected.line(error)}; this is a fault of infoplane, or of code added to it (log: {path})")
        except KeyboardInterrupt:
            _write(stream, traceback.format_exc())
            sys.exit(f"interrupted (log: {path})")
        except BaseException:
            _write(stream, traceback.format_exc())
            raise
        finally:
            _streams.pop()


@contextmanager
def _instead_of_the_terminal(stream: BinaryIO) -> Iterator[None]:
    """What the process writes to its output and error streams goes to a file: also what C++ writes (CUDA)."""
    streams = (sys.stdout, sys.stderr)
    for each in streams:
        each.flush()
    kept = [os.dup(number) for number in (1, 2)]
    try:
        for number in (1, 2):
            os.dup2(stream.fileno(), number)
        yield
    finally:
        with suppress(OSError):  # a full disk is told of by what fails for it
            for each in streams:
                each.flush()
        for number, old in zip((1, 2), kept, strict=True):
            os.dup2(old, number)
            os.close(old)


def _write(stream: BinaryIO, text: str) -> None:
    with suppress(OSError):
        stream.write(text.encode())


def one_line(error: Exception) -> str:
    """What went wrong, in one line."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "the disk is full: free some space and run again; nothing half-written counts as done"
    if isinstance(error, OSError) and error.filename and error.strerror:
        return printable(f"{error.filename}: {error.strerror}")
    return printable(" ".join(str(error).split())) or type(error).__name__
