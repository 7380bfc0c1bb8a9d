"""HTML: the manifest is the last line, a comment `<!-- infoplane: {json} -->` in which nothing ends the comment."""

from __future__ import annotations

from typing import Any

from infoplane.embed import lines
from infoplane.embed.manifest import KEY, load

MARK, END = f"<!-- {KEY}: ".encode(), b" -->"
_ESCAPES = ((b"--", rb"\u002d\u002d"), (b"<", rb"\u003c"), (b">", rb"\u003e"))


def put(data: bytes, text: bytes) -> bytes:
    """The page with the line behind it."""
    for character, escape in _ESCAPES:
        text = text.replace(character, escape)
    return lines.append(data, MARK + text + END)


def split(data: bytes) -> tuple[bytes, bytes] | None:
    """What `put` was given."""
    found = lines.detach(data, MARK)
    if found is None:
        return None
    rest, text = found[0], found[1][len(MARK) : -len(END)]
    return (rest, text) if put(rest, text) == data else None


def manifests(data: bytes) -> list[Any]:
    """Wherever they are in the page; no more than two."""
    comments = (piece.partition(b"-->") for piece in data.split(MARK, 2)[1:])
    return [load(text) for text, end, _ in comments if end]


def look(data: bytes) -> None:
    """What a page looks like is up to the browser."""
    return
