"""A manifest as text: what is written into the files, and read from files that anyone may have made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

KEY = "infoplane"
# A manifest names every artifact behind a file: one of a megabyte is large.
LIMIT = 2**26


class TooLargeError(ValueError):
    """More than is safe to read."""


def dump(manifest: Mapping[str, Any]) -> bytes:
    """One line of ASCII."""
    return json.dumps(manifest).encode("ascii")


def load(text: bytes) -> Any:
    """The value that the text stands for.

    Raises:
        ValueError: too large, not JSON in UTF-8, or with half of a surrogate pair, which nothing could print.
        RecursionError: nested too deeply.
    """
    if len(text) > LIMIT:
        raise TooLargeError(f"its manifest has more than {LIMIT >> 20} MiB")
    try:
        value = json.loads(text.decode("utf-8"))
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except ValueError as error:
        raise ValueError(f"its manifest is not JSON in UTF-8: {error}") from None
    return value
