"""PNG: the manifest is a compressed text chunk, the first behind the header.

The chunks are read here and not by Pillow, which refuses text of more than a megabyte and would allocate whatever size
the header declares.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from typing import Any

from infoplane.embed import pictures
from infoplane.embed.manifest import KEY, LIMIT, TooLargeError, load

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHUNKS = 2**17
HEADER = 33  # bytes of signature and header chunk
_NAME = KEY.encode() + b"\0"
_TEXTS = (b"tEXt", b"zTXt", b"iTXt")
# The chunks that the pixels are made of, in the order that every reader understands in the same way.
_DRAWN = re.compile(rb"IHDR(PLTE)?(tRNS)?(IDAT)+IEND")


def put(data: bytes, text: bytes) -> bytes:
    """All other bytes stay as they are."""
    return data[:HEADER] + _chunk(b"zTXt", _NAME + b"\0" + zlib.compress(text, 9)) + data[HEADER:]


def split(data: bytes) -> tuple[bytes, bytes] | None:
    """What `put` was given. The compressed bytes may be those of another zlib, but nothing may be around them."""
    if data[:16] != SIGNATURE + b"\0\0\0\x0dIHDR" or data[HEADER + 4 : HEADER + 8] != b"zTXt":
        return None
    body = data[HEADER + 8 : HEADER + 8 + int.from_bytes(data[HEADER : HEADER + 4], "big")]
    whole = _chunk(b"zTXt", body)
    if not body.startswith(_NAME + b"\0") or not data.startswith(whole, HEADER):
        return None
    try:
        return data[:HEADER] + data[HEADER + len(whole) :], _inflate(body[len(_NAME) + 1 :])
    except (ValueError, zlib.error):
        return None


def manifests(data: bytes) -> list[Any]:
    """In text chunks of every kind, wherever they are."""
    return [load(_text(kind, body)) for kind, body in _chunks(data) if kind in _TEXTS and body.startswith(_NAME)]


def look(data: bytes) -> str | None:
    """Digest of the size and the pixels as RGBA, however they are stored.

    None with chunks that could change how the pixels look (gamma, colour profiles, further frames, some that a reader
    may not know), with 16 bits per channel, and where readers could disagree.
    """
    chunks = list(_chunks(data))
    if chunks[0][0] != b"IHDR" or len(chunks[0][1]) != 13:
        raise ValueError("its header is not the first chunk")
    width, height, depth, kind = struct.unpack(">2I2B", chunks[0][1][:10])
    drawn = [chunk for chunk in chunks if chunk[0] not in (*_TEXTS, b"tIME") and not _is_square(*chunk)]
    keyed = kind in (0, 2) and any(name == b"tRNS" for name, _ in drawn)
    if not _DRAWN.fullmatch(b"".join(name for name, _ in drawn)) or depth > 8 or (keyed and depth < 8):
        return None
    slim = SIGNATURE + b"".join(_chunk(*chunk) for chunk in drawn)
    with pictures.opened(slim, "PNG", width, height) as image:
        return pictures.digest(image)


def _is_square(kind: bytes, body: bytes) -> bool:
    """A resolution; one that stretches the picture is not plain."""
    return kind == b"pHYs" and len(body) == 9 and body[:4] == body[4:8]


def _text(kind: bytes, body: bytes) -> bytes:
    """The text of a chunk of ours."""
    rest = body[len(_NAME) :]
    if kind == b"tEXt":
        return rest.decode("latin-1").encode()
    if kind == b"zTXt":
        return _inflate(rest[1:])
    text = rest[2:].split(b"\0", 2)[-1]
    return _inflate(text) if rest[:1] == b"\1" else text


def _inflate(packed: bytes) -> bytes:
    stream = zlib.decompressobj()
    text = stream.decompress(packed, LIMIT + 1)
    if len(text) > LIMIT:
        raise TooLargeError(f"its text has more than {LIMIT >> 20} MiB")
    if not stream.eof or stream.unused_data:
        raise ValueError("its compressed text does not end where it should")
    return text


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The chunks up to the end chunk, behind a signature of 8 bytes."""
    place = len(SIGNATURE)
    for _ in range(CHUNKS):
        if place + 12 > len(data):
            raise ValueError("it ends too early")
        length, kind = struct.unpack_from(">I4s", data, place)
        body = data[place + 8 : place + 8 + length]
        if data[place + 8 + length : place + 12 + length] != struct.pack(">I", zlib.crc32(kind + body)):
            raise ValueError("a chunk's checksum is wrong, or it ends too early")
        yield kind, body
        place += 12 + length
        if kind == b"IEND":
            return
    raise TooLargeError(f"more than {CHUNKS} chunks")
