"""Manifests inside figure files: so that a PDF or PNG that travels alone can still say where it came from.

A PDF gets an incremental update: the drawing's own bytes stay as they are, at the front, and are what its content
digest covers. In a PNG the digest covers the pixels. Both survive copying and renaming; editing the drawing shows.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib.figure
from PIL import Image, PngImagePlugin, UnidentifiedImageError
from pypdf import PdfReader, PdfWriter
from pypdf.errors import PyPdfError

KEY = "infoplane"
DPI = 300


def draw(figure: matplotlib.figure.Figure) -> dict[str, bytes]:
    """The figure as PDF and PNG (300 dpi), without times or versions in them: the same drawing, the same bytes."""
    files = {}
    for suffix, metadata in (("pdf", {"CreationDate": None}), ("png", {"Software": None})):
        stream = io.BytesIO()
        figure.savefig(stream, format=suffix, dpi=DPI, metadata=metadata)
        files[suffix] = stream.getvalue()
    return files


def content(suffix: str, data: bytes) -> str:
    """Content digest (sha256) of a drawing without a manifest: a PDF's bytes, a PNG's pixels."""
    if suffix == "pdf":
        return hashlib.sha256(data).hexdigest()
    return _pixels(Image.open(io.BytesIO(data)))


def insert(suffix: str, data: bytes, manifest: dict[str, Any]) -> bytes:
    """The file with its manifest inside: PDF info key `/infoplane`, PNG text chunk `infoplane`."""
    stream = io.BytesIO()
    if suffix == "pdf":
        writer = PdfWriter(io.BytesIO(data), incremental=True)
        writer.add_metadata({f"/{KEY}": json.dumps({**manifest, "content_bytes": len(data)})})
        writer.write(stream)
    else:
        text = PngImagePlugin.PngInfo()
        text.add_text(KEY, json.dumps(manifest), zip=True)
        with Image.open(io.BytesIO(data)) as image:
            image.save(stream, format="png", pnginfo=text, dpi=(DPI, DPI))
    return stream.getvalue()


def read(path: Path) -> tuple[dict[str, Any], str]:
    """The manifest inside a figure file, and the content digest of the drawing that is there now.

    Raises:
        ValueError: no such file, not a PDF or PNG, or no manifest in it.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"{path}: there is no such file")
    readers: dict[bytes, Callable[[Path], tuple[str | None, str]]] = {
        b"%PDF": _read_pdf,
        b"\x89PNG": _read_png,
    }
    reader = readers.get(path.read_bytes()[:4])
    if reader is None:
        raise ValueError(f"{path}: not a PDF or PNG file")
    try:
        text, found = reader(path)
        manifest = None if text is None else json.loads(text)
    except (PyPdfError, UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise ValueError(f"{path}: damaged: {' '.join(str(error).split())}") from None
    if manifest is None:
        raise ValueError(f"{path}: no infoplane manifest inside; it was not made by infoplane, or was saved anew")
    return manifest, found


def _read_pdf(path: Path) -> tuple[str | None, str]:
    data = path.read_bytes()
    text = (PdfReader(io.BytesIO(data)).metadata or {}).get(f"/{KEY}")
    drawing = data[: json.loads(text)["content_bytes"]] if text else data
    return text, content("pdf", drawing)


def _read_png(path: Path) -> tuple[str | None, str]:
    with Image.open(path) as image:
        return image.text.get(KEY), _pixels(image)


def _pixels(image: Image.Image) -> str:
    head = f"{image.mode} {image.size} ".encode()
    return hashlib.sha256(head + image.tobytes()).hexdigest()
