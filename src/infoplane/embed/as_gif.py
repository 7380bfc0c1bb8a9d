"""GIF: the manifest is a comment, the last block before the trailer."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from typing import Any

from PIL import Image, ImageSequence

from infoplane.embed import pictures
from infoplane.embed.manifest import KEY, load

COMMENT, CONTROL, APPLICATION, FRAME, TRAILER = b"\x21\xfe", b"\x21\xf9", b"\x21\xff", b"\x2c", b"\x3b"
# What an application block may say without a change of the look: how often the film runs (which is in the look).
_PLAIN = (b"NETSCAPE2.0", b"ANIMEXTS1.0", b"XMP DataXMP")


def put(data: bytes, text: bytes) -> bytes:
    """In sub-blocks of up to 255 bytes with their length in front; the first names us."""
    pieces = [KEY.encode(), *(text[start : start + 255] for start in range(0, len(text), 255))]
    return data[:-1] + COMMENT + b"".join(bytes([len(piece)]) + piece for piece in pieces) + b"\0" + data[-1:]


def split(data: bytes) -> tuple[bytes, bytes] | None:
    """What `put` was given."""
    start = data.rfind(COMMENT + bytes([len(KEY)]) + KEY.encode())
    if start < 0:
        return None
    text = b"".join(_pieces(data, start + 2))[len(KEY) :]
    rest = data[:start] + data[-1:]
    return (rest, text) if put(rest, text) == data else None


def manifests(data: bytes) -> list[Any]:
    """Wherever in the file, and in whatever sub-blocks."""
    comments = (body for kind, body in _blocks(data) if kind == COMMENT)
    return [load(body[len(KEY) :]) for body in comments if body.startswith(KEY.encode())]


def look(data: bytes) -> str | None:
    """Digest of the frames' pixels with the time that each is shown, and of how often the film runs.

    None with blocks that could change the look: text, colour profiles, frames beyond the canvas.
    """
    width, height = struct.unpack_from("<2H", data, 6)
    blocks = list(_blocks(data))
    frames = [struct.unpack("<4H", body[:8]) for kind, body in blocks if kind == FRAME]
    if any(left + wide > width or top + high > height for left, top, wide, high in frames):
        return None
    if not all(kind in (COMMENT, CONTROL, FRAME) or _is_plain(kind, body) for kind, body in blocks):
        return None
    with pictures.opened(data, "GIF", width, height, len(frames)) as image:
        film = [image.info.get("loop"), *_film(image)]
    return hashlib.sha256(repr(film).encode()).hexdigest()


def _film(image: Image.Image) -> list[list[Any]]:
    """What is shown and for how long (ms); frames that are the same as the one before only prolong it."""
    film: list[list[Any]] = []
    for frame in ImageSequence.Iterator(image):
        shown = pictures.digest(frame)
        if film and film[-1][0] == shown:
            film[-1][1] += frame.info.get("duration", 0)
        else:
            film.append([shown, frame.info.get("duration", 0)])
    return film


def _is_plain(kind: bytes, body: bytes) -> bool:
    return kind == APPLICATION and body[:11] in _PLAIN


def _blocks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The blocks between header and trailer: an extension's label with its bytes, a frame with its 9 bytes of place."""
    place = 13 + _colors(data, 10)
    while data[place : place + 1] != TRAILER:
        if data[place : place + 1] == FRAME:
            yield FRAME, data[place + 1 : place + 10]
            place += 11 + _colors(data, place + 9)
            place += sum(1 + len(piece) for piece in _pieces(data, place)) + 1
        elif data[place : place + 1] == b"\x21":
            pieces = list(_pieces(data, place + 2))
            yield data[place : place + 2], b"".join(pieces)
            place += 2 + sum(1 + len(piece) for piece in pieces) + 1
        else:
            raise ValueError("not a block of a GIF, or it ends too early")


def _pieces(data: bytes, place: int) -> Iterator[bytes]:
    while place < len(data) and data[place]:
        yield data[place + 1 : place + 1 + data[place]]
        place += 1 + data[place]


def _colors(data: bytes, place: int) -> int:
    """The bytes of the colour table that the flags at this place announce."""
    return 3 << (data[place] % 8 + 1) if data[place] & 0x80 else 0
