"""JSON: the manifest is the last key, `infoplane`, of the object, on a line of its own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from infoplane.embed.manifest import KEY, TooLargeError, dump, load

MARK = f',\n "{KEY}": '.encode()
OBJECT = 2**24


def put(data: bytes, text: bytes) -> bytes:
    """The object with one key more, before its last brace."""
    body, brace, tail = data.rpartition(b"}")
    head = body.rstrip()
    mark = MARK[1:] if head.endswith(b"{") else MARK
    return head + mark + text + body[len(head) :] + brace + tail


def split(data: bytes) -> tuple[bytes, bytes] | None:
    """What `put` was given: the text has no line ends, so the last mark is the one before it."""
    start = data.rfind(MARK[1:])
    if start < 0:
        return None
    body, brace, tail = data[start + len(MARK) - 1 :].rpartition(b"}")
    head, text = data[:start].removesuffix(b","), body.rstrip()
    rest = head + body[len(text) :] + brace + tail
    return (rest, text) if put(rest, text) == data else None


def manifests(data: bytes) -> list[Any]:
    """The one under our key, wherever in the object that is; none twice, as no key may be."""
    value = _object(data, float)
    return [load(dump(value[KEY]))] if KEY in value else []


def look(data: bytes) -> str:
    """Digest of the values, whatever the spaces, the order of keys, the escapes and the notation of numbers."""
    value = {key: item for key, item in _object(data, _number).items() if key != KEY}
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _object(data: bytes, number: Callable[[str], float]) -> dict[str, Any]:
    if len(data) > OBJECT:
        raise TooLargeError(f"an object of more than {OBJECT >> 20} MiB")
    value = json.loads(data.decode("utf-8-sig"), object_pairs_hook=_once, parse_float=number)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of a key that is there twice, readers disagree on which they take."""
    value = dict(pairs)
    if len(value) < len(pairs):
        raise ValueError("a key is there twice in one object")
    return value


def _number(text: str) -> float:
    """1.0 is 1, as JavaScript writes it."""
    number = float(text)
    return int(number) if number.is_integer() else number
