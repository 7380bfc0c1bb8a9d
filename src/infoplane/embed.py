"""Manifests inside figure files: so that a PDF or PNG that travels alone can still say where it came from.

A PDF gets an incremental update and a GIF a comment: the drawing's own bytes stay as they are, and are what its content
digest covers. In a PNG the digest covers the pixels, and what else can change their look. All survive copying and
renaming; editing the drawing shows, also where the edit is a later update, frame or chunk.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib.figure
from PIL import Image, PngImagePlugin, UnidentifiedImageError
from pypdf import PdfReader
from pypdf.errors import PyPdfError

KEY = "infoplane"
DPI = 300
# The end of a PDF as matplotlib writes it: the trailer's entries, the info dictionary's number, the place of the table.
_PDF_END = re.compile(rb"trailer\s+<< (/Size [^<>]*/Info (\d+) 0 R) >>\s+startxref\s+(\d+)\s+%%EOF\s*\Z")
# Chunks that do not change what a PNG shows, or that the pixels stand for.
_PNG_PLAIN = {b"IHDR", b"IDAT", b"IEND", b"pHYs", b"tEXt", b"zTXt", b"iTXt", b"tIME"}
_GIF_COMMENT = b"\x21\xfe" + bytes([len(KEY)]) + KEY.encode()
# What pypdf has to say of a damaged file is in its exceptions.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)


def draw(figure: matplotlib.figure.Figure) -> dict[str, bytes]:
    """The figure as PDF and PNG (300 dpi), without times or versions in them: the same drawing, the same bytes."""
    files = {}
    for suffix, metadata in (("pdf", {"CreationDate": None}), ("png", {"Software": None})):
        stream = io.BytesIO()
        figure.savefig(stream, format=suffix, dpi=DPI, metadata=metadata)
        files[suffix] = stream.getvalue()
    return files


def content(suffix: str, data: bytes) -> str:
    """Content digest (sha256) of a drawing without a manifest: a PNG's picture, a PDF's or GIF's bytes."""
    if suffix == "png":
        return _picture(data)
    return hashlib.sha256(data).hexdigest()


def insert(suffix: str, data: bytes, manifest: dict[str, Any]) -> bytes:
    """The file with its manifest inside: PDF info key `/infoplane`, PNG text chunk, GIF comment."""
    return {"pdf": _insert_pdf, "png": _insert_png, "gif": _insert_gif}[suffix](data, manifest)


def read(path: Path) -> tuple[dict[str, Any], str]:
    """The manifest inside a figure file, and the content digest of the drawing that is there now.

    Raises:
        ValueError: no such file, not a PDF, PNG or GIF, or no manifest in it.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"{path}: there is no such file")
    data = path.read_bytes()
    readers = {b"%PDF": _read_pdf, b"\x89PNG": _read_png, b"GIF8": _read_gif}
    reader = readers.get(data[:4])
    if reader is None:
        raise ValueError(f"{path}: not a PDF, PNG or GIF file")
    try:
        text, found = reader(data)
        manifest = None if text is None else json.loads(text)
    except (PyPdfError, UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise ValueError(f"{path}: damaged: {' '.join(str(error).split())}") from None
    if manifest is None:
        raise ValueError(f"{path}: no infoplane manifest inside; it was not made by infoplane, or was saved anew")
    return manifest, found


def _insert_pdf(data: bytes, manifest: dict[str, Any]) -> bytes:
    return _update(data, json.dumps({**manifest, "content_bytes": len(data)}))


def _update(drawing: bytes, text: str) -> bytes:
    """A PDF of matplotlib's with one incremental update: the info dictionary again, with the text under our key.

    Byte for byte the same in every version of every library, so that a reader can tell our update from any other.
    """
    end = _PDF_END.search(drawing)
    if end is None:
        raise ValueError("not a PDF as matplotlib writes it")
    entries, number, table = end.groups()
    info = drawing.rpartition(b"\n%s 0 obj\n<<" % number)[2].partition(b">>\nendobj")[0]
    literal = re.sub(rb"[\\()]", rb"\\\g<0>", text.encode("ascii"))
    body = b"%s 0 obj\n<<%s/%s (%s) >>\nendobj\n" % (number, info, KEY.encode(), literal)
    return b"%s%sxref\n%s 1\n%010d 00000 n \ntrailer\n<< %s /Prev %s >>\nstartxref\n%d\n%%%%EOF\n" % (
        *(drawing, body, number, len(drawing), entries, table),
        len(drawing) + len(body),
    )


def _read_pdf(data: bytes) -> tuple[str | None, str]:
    text = (PdfReader(io.BytesIO(data)).metadata or {}).get(f"/{KEY}")
    if text is None:
        return None, content("pdf", data)
    drawing = data[: json.loads(text).get("content_bytes", 0)]
    ours = _PDF_END.search(drawing) and text.isascii() and _update(drawing, text) == data
    return text, content("pdf", drawing if ours else data)


def _insert_png(data: bytes, manifest: dict[str, Any]) -> bytes:
    stream = io.BytesIO()
    text = PngImagePlugin.PngInfo()
    text.add_text(KEY, json.dumps(manifest), zip=True)
    with Image.open(io.BytesIO(data)) as image:
        image.save(stream, format="png", pnginfo=text, dpi=(DPI, DPI))
    return stream.getvalue()


def _read_png(data: bytes) -> tuple[str | None, str]:
    with Image.open(io.BytesIO(data)) as image:
        return image.text.get(KEY), _picture(data)


def _insert_gif(data: bytes, manifest: dict[str, Any]) -> bytes:
    """Before the trailer, the last byte, in blocks of up to 255 bytes with their length in front."""
    text = json.dumps(manifest).encode()
    blocks = [text[start : start + 255] for start in range(0, len(text), 255)]
    return data[:-1] + _GIF_COMMENT + b"".join(bytes([len(block)]) + block for block in blocks) + b"\0" + data[-1:]


def _read_gif(data: bytes) -> tuple[str | None, str]:
    start = data.rfind(_GIF_COMMENT)
    if start < 0:
        return None, content("gif", data)
    text, place = b"", start + len(_GIF_COMMENT)
    while place < len(data) and data[place]:
        text += data[place + 1 : place + 1 + data[place]]
        place += 1 + data[place]
    return text.decode(), content("gif", data[:start] + data[place + 1 :])


def _picture(data: bytes) -> str:
    """Digest of a PNG's pixels and of every chunk that could change how they look, such as a second frame."""
    with Image.open(io.BytesIO(data)) as image:
        digest = hashlib.sha256(f"{image.mode} {image.size} ".encode() + image.tobytes())
    for kind, body in _chunks(data):
        if kind not in _PNG_PLAIN:
            digest.update(kind + body)
    return digest.hexdigest()


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The chunks of a PNG, which are length, kind, body and checksum, behind a signature of 8 bytes."""
    place = 8
    while place + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        yield kind, data[place + 8 : place + 8 + length]
        place += 12 + length
