"""A last line that can be taken off again: it ends as the file did, in a line end or in none."""

from __future__ import annotations


def append(data: bytes, line: bytes) -> bytes:
    """The data with one line more."""
    end = _end(data)
    return data + line + end if end else data + b"\n" + line


def detach(data: bytes, mark: bytes) -> tuple[bytes, bytes] | None:
    """What `append` was given, if the last line begins with `mark`."""
    end = _end(data)
    stop = len(data) - len(end)
    start = data.rfind(b"\n", 0, stop) + 1
    if not data.startswith(mark, start):
        return None
    rest, line = data[: start if end else max(start - 1, 0)], data[start:stop]
    return (rest, line) if append(rest, line) == data else None


def _end(data: bytes) -> bytes:
    return next((end for end in (b"\r\n", b"\n") if data.endswith(end)), b"")
