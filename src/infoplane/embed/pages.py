"""What the pages of a PDF show, whatever its file is like: compressed or not, linearised, renumbered, rearranged.

That is what pypdf reads in it. A damaged file of which readers make different things is told only where pypdf fails.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pypdf import PdfReader
from pypdf.generic import BooleanObject, IndirectObject, NameObject, NullObject, StreamObject

from infoplane.embed.manifest import TooLargeError

DECODED = 2**28  # bytes of all streams
# How a thing is stored, where it hangs in the tree, and what describes it but is not seen.
_UNSEEN = {"/Length", "/Filter", "/DecodeParms", "/DL", "/Parent"}
_UNSEEN |= {"/Metadata", "/PieceInfo", "/LastModified", "/StructParents", "/ProcSet"}
_INHERITED = ("/Resources", "/MediaBox", "/CropBox", "/Rotate")
# The begin of an object, without which other readers than pypdf do not take it for one.
_HEAD = re.compile(rb"\s*\d{1,10}\s{1,9}\d{1,10}\s{1,9}obj\b")
# What a document has besides its pages that no page looks different for.
_DOCUMENT = {"/Type", "/Pages", "/Version", "/Extensions", "/Outlines", "/PageMode", "/PageLayout", "/PageLabels"}
_DOCUMENT |= {"/Lang", "/MarkInfo", "/StructTreeRoot"}


def look(data: bytes) -> str | None:
    """Digest of the pages with all that they draw, and of what else in the document could change their look.

    None with objects that hold themselves or do not begin as they should, and with streams in a code other than Flate.
    """
    reader = PdfReader(io.BytesIO(data), strict=True)
    root: Any = reader.trailer["/Root"]
    objects = _Objects(data, reader.xref)
    try:
        document = objects.dictionary({key: value for key, value in root.items() if key not in _DOCUMENT})
        pages = [objects.page(page) for page in _pages(dict.__getitem__(root, "/Pages"), {}, set())]
    except _UndecidedError:
        return None
    return _hash("document", document, *pages).hex()


class _UndecidedError(Exception):
    """There is something that has no digest here."""


class _Objects:
    """Digests (32 bytes) of PDF objects: those of the same content have the same, however often they are stored."""

    def __init__(self, data: bytes, places: Mapping[int, Mapping[int, int]]) -> None:
        self._data, self._places = data, places
        self._known: dict[tuple[int, int], bytes | None] = {}
        self._left = DECODED

    def page(self, page: Mapping[str, Any]) -> bytes:
        """Of a page, its content in whatever number of streams."""
        rest = {key: value for key, value in page.items() if key not in ("/Contents", "/Annots")}
        notes = [self.any(note) for note in _listed(page.get("/Annots"))]
        drawn = b"\n".join(self._decoded(stream) for stream in _listed(page.get("/Contents"))).strip()
        return _hash("page", self.dictionary(rest), hashlib.sha256(drawn).digest(), *notes)

    def dictionary(self, value: Mapping[str, Any]) -> bytes:
        """Of a dictionary, in which a key without a value is none."""
        shown = {key: item for key, item in value.items() if key not in _UNSEEN and _resolved(item) is not None}
        return _hash("dictionary", *(part for key in sorted(shown) for part in (_name(key), self.any(shown[key]))))

    def any(self, value: Any) -> bytes:
        """Of any object."""
        if isinstance(value, IndirectObject):
            return self._indirect(value)
        if isinstance(value, StreamObject):
            return _hash("stream", self.dictionary(value), hashlib.sha256(self._decoded(value)).digest())
        if isinstance(value, dict):
            return self.dictionary(value)
        if isinstance(value, list):
            return _hash("array", *(self.any(item) for item in list.__iter__(value)))
        return _scalar(value)

    def _indirect(self, reference: IndirectObject) -> bytes:
        key = (reference.idnum, reference.generation)
        if key not in self._known:
            self._known[key] = None
            place = self._places.get(reference.generation, {}).get(reference.idnum)
            if place is not None and not _HEAD.match(self._data, place):
                raise _UndecidedError
            self._known[key] = self.any(reference.get_object())
        found = self._known[key]
        if found is None:
            raise _UndecidedError
        return found

    def _decoded(self, stream: StreamObject) -> bytes:
        if any(code != "/FlateDecode" for code in _listed(stream.get("/Filter"))):
            raise _UndecidedError
        data = stream.get_data()
        self._left -= len(data)
        if self._left < 0:
            raise TooLargeError(f"its streams have more than {DECODED >> 20} MiB")
        return data


def _pages(reference: Any, inherited: Mapping[str, Any], seen: set[tuple[int, int]]) -> Iterator[dict[str, Any]]:
    """The pages of the tree, each with what it inherits. No node may be there twice."""
    if isinstance(reference, IndirectObject):
        key = (reference.idnum, reference.generation)
        if key in seen:
            raise ValueError("a page is there twice in the tree of pages")
        seen.add(key)
    node = _resolved(reference)
    handed = {**inherited, **{key: dict.__getitem__(node, key) for key in _INHERITED if key in node}}
    if "/Kids" not in node:
        yield {**dict(dict.items(node)), **handed}
        return
    for kid in list.__iter__(node["/Kids"]):
        yield from _pages(kid, handed, seen)


def _resolved(value: Any) -> Any:
    """What a reference stands for; None for PDF's null."""
    value = value.get_object() if hasattr(value, "get_object") else value
    return None if isinstance(value, NullObject) else value


def _listed(value: Any) -> list[Any]:
    """What is in an array, or is what may stand for an array of it alone."""
    value = _resolved(value)
    if not isinstance(value, list):
        return [] if value is None else [value]
    return [_resolved(item) for item in list.__iter__(value)]


def _scalar(value: Any) -> bytes:
    if isinstance(value, NameObject):
        return _name(value)
    if isinstance(value, str | bytes):
        text: Any = value  # a plain one has bytes alone
        return _hash("text", getattr(text, "original_bytes", text))
    if isinstance(value, BooleanObject | NullObject):
        return _hash("constant", repr(getattr(value, "value", None)).encode())
    return _hash("number", (str(int(value)) if value == int(value) else f"{value:.7g}").encode())


def _name(name: str) -> bytes:
    return _hash("name", str(name).encode("utf-8", "surrogateescape"))


def _hash(kind: str, *parts: bytes) -> bytes:
    return hashlib.sha256(b"".join([kind.encode(), b":", *parts])).digest()
