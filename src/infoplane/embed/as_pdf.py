"""PDF: the manifest is the key `/infoplane` of the info dictionary, in an incremental update behind the drawing."""

from __future__ import annotations

import io
import logging
import re
from typing import Any

from pypdf import PdfReader

from infoplane.embed.manifest import KEY, load
from infoplane.embed.pages import look

__all__ = ["look", "manifests", "put", "split"]

# The end of a PDF as matplotlib writes it: the trailer's entries, the info dictionary's number, the place of the table.
_END = re.compile(rb"trailer\s+<< (/Size [^<>]*/Info (\d+) 0 R) >>\s+startxref\s+(\d+)\s+%%EOF\s*\Z")
# The end of our update, with the length of the drawing before it.
_UPDATE_END = re.compile(rb"xref\n\d+ 1\n(\d{10}) 00000 n \ntrailer\n<< [^<>]*>>\nstartxref\n\d+\n%%EOF\n\Z")
_TAIL = 2048
_START, _STOP = b"/%s (" % KEY.encode(), b") >>\nendobj\n"
# What pypdf has to say of a damaged file is in its exceptions.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)


def put(data: bytes, text: bytes) -> bytes:
    """The drawing with one incremental update: the info dictionary again, with the text under our key.

    Byte for byte the same in every version of every library, so that a reader can tell our update from any other.

    Raises:
        ValueError: the drawing is not by matplotlib.
    """
    end = _END.search(data, max(0, len(data) - _TAIL))
    if end is None:
        raise ValueError("not a PDF as matplotlib writes it")
    entries, number, table = end.groups()
    info = data.rpartition(b"\n%s 0 obj\n<<" % number)[2].partition(b">>\nendobj")[0]
    literal = re.sub(rb"[\\()]", rb"\\\g<0>", text)
    body = b"%s 0 obj\n<<%s%s%s%s" % (number, info, _START, literal, _STOP)
    return b"%s%sxref\n%s 1\n%010d 00000 n \ntrailer\n<< %s /Prev %s >>\nstartxref\n%d\n%%%%EOF\n" % (
        *(data, body, number, len(data), entries, table),
        len(data) + len(body),
    )


def split(data: bytes) -> tuple[bytes, bytes] | None:
    """What `put` was given."""
    end = _UPDATE_END.search(data, max(0, len(data) - _TAIL))
    if end is None:
        return None
    rest, update = data[: int(end[1])], data[int(end[1]) : end.start()]
    literal = update.partition(_START)[2].removesuffix(_STOP)
    text = re.sub(rb"\\([\\()])", rb"\1", literal)
    try:
        return (rest, text) if put(rest, text) == data else None
    except ValueError:
        return None


def manifests(data: bytes) -> list[Any]:
    """The one in the info dictionary."""
    information = PdfReader(io.BytesIO(data)).metadata
    value = information.get(f"/{KEY}") if information else None
    text = None if value is None else value.get_object()
    if text is None:
        return []
    if not isinstance(text, str | bytes):
        raise ValueError("its manifest is not text")
    return [load(text.encode() if isinstance(text, str) else text)]
