"""Manifests inside figure files: so that a PDF or PNG that travels alone can still say where it came from.

A PDF gets an incremental update and a GIF a comment: the drawing's own bytes stay as they are, and are what its content
digest covers. In a PNG the digest covers the pixels. All survive copying and renaming; editing the drawing shows.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
from pathlib import Path
from typing import Any

import matplotlib.figure
from PIL import Image, PngImagePlugin, UnidentifiedImageError
from pypdf import PdfReader, PdfWriter
from pypdf.errors import PyPdfError

KEY = "infoplane"
DPI = 300
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
    """Content digest (sha256) of a drawing without a manifest: a PNG's pixels, a PDF's or GIF's bytes."""
    if suffix == "png":
        return _pixels(Image.open(io.BytesIO(data)))
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
    stream = io.BytesIO()
    writer = PdfWriter(io.BytesIO(data), incremental=True)
    writer.add_metadata({f"/{KEY}": json.dumps({**manifest, "content_bytes": len(data)})})
    writer.write(stream)
    return stream.getvalue()


def _read_pdf(data: bytes) -> tuple[str | None, str]:
    text = (PdfReader(io.BytesIO(data)).metadata or {}).get(f"/{KEY}")
    drawing = data[: json.loads(text)["content_bytes"]] if text else data
    return text, content("pdf", drawing)


def _insert_png(data: bytes, manifest: dict[str, Any]) -> bytes:
    stream = io.BytesIO()
    text = PngImagePlugin.PngInfo()
    text.add_text(KEY, json.dumps(manifest), zip=True)
    with Image.open(io.BytesIO(data)) as image:
        image.save(stream, format="png", pnginfo=text, dpi=(DPI, DPI))
    return stream.getvalue()


def _read_png(data: bytes) -> tuple[str | None, str]:
    with Image.open(io.BytesIO(data)) as image:
        return image.text.get(KEY), _pixels(image)


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


def _pixels(image: Image.Image) -> str:
    head = f"{image.mode} {image.size} ".encode()
    return hashlib.sha256(head + image.tobytes()).hexdigest()
