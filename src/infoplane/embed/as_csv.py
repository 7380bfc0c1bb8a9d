"""CSV: the manifest is the last line, a comment `# infoplane: {json}`.

The commas in the JSON's strings are escaped. What a CSV reader takes for cells is then the same text when joined by
commas, and a program that knows nothing of the line can read the table and write it anew.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from infoplane.embed import lines
from infoplane.embed.manifest import KEY, LIMIT, TooLargeError, load

MARK = f"# {KEY}: ".encode()
TABLE = 2**24
# Also a string without an end, so that no place in the text is looked at twice.
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+\\?(?:"|\Z)', re.DOTALL)


def put(data: bytes, text: bytes) -> bytes:
    """The table with the line behind it."""
    return lines.append(data, MARK + _STRING.sub(lambda string: string[0].replace(b",", rb"\u002c"), text))


def split(data: bytes) -> tuple[bytes, bytes] | None:
    """What `put` was given."""
    found = lines.detach(data, MARK)
    if found is None:
        return None
    rest, text = found[0], found[1][len(MARK) :]
    return (rest, text) if put(rest, text) == data else None


def manifests(data: bytes) -> list[Any]:
    """Wherever they are, and however their cells are quoted."""
    texts = (text.encode() for text, _ in _rows(data))
    return [load(text[len(MARK) :]) for text in texts if text.startswith(MARK)]


def look(data: bytes) -> str:
    """Digest of the cells, whatever the line ends, the quotes, and the empty cells and lines behind others."""
    rows = [row for text, row in _rows(data) if not text.encode().startswith(MARK)]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def _rows(data: bytes) -> Iterator[tuple[str, list[str]]]:
    """The rows that are not empty, each as text and as cells."""
    if len(data) > TABLE:
        raise TooLargeError(f"a table of more than {TABLE >> 20} MiB")
    with _long_cells():
        for row in csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=None)):
            while row and not row[-1]:
                row.pop()
            if row:
                yield ",".join(row), row


@contextmanager
def _long_cells() -> Iterator[None]:
    """A program may have written the whole manifest as one cell."""
    before = csv.field_size_limit(LIMIT)
    try:
        yield
    finally:
        csv.field_size_limit(before)
