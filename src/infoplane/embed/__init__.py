"""Manifests inside files: so that a figure, table or page that travels alone can still say where it came from.

The manifest has a stated place in each format, and the rest of the file stays as it was, byte for byte. The content
digest covers that rest: a file with anything else added, moved or edited is not `intact`. The look is a digest of what
is seen, however it is stored: a file of the recorded look is only `re-saved`. Neither is a signature: whoever can write
a file can write its manifest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from infoplane.embed import formats
from infoplane.embed.manifest import KEY, TooLargeError, dump
from infoplane.embed.reports import report_files

__all__ = ["KEY", "Found", "carries", "content", "describe", "insert", "inspect", "is_ours", "look"]
__all__ += ["read", "report_files", "suffix", "verdict"]


@dataclass(frozen=True)
class Found:
    """What is in a file: its format, the manifest, the digests of what is there now (no look: undecided or damaged)."""

    suffix: str
    manifest: dict[str, Any]
    content: str
    look: str | None


def suffix(name: str) -> str:
    """The suffix in a file name, without the dot; a suffix is its own."""
    return name.rpartition(".")[2].lower()


def carries(name: str) -> bool:
    """Whether a file of this name, or suffix, can have a manifest inside."""
    return suffix(name) in formats.FORMATS


def content(suffix: str, data: bytes) -> str:
    """Digest (sha256) of `bare`."""
    return hashlib.sha256(bare(suffix, data)).hexdigest()


def bare(suffix: str, data: bytes) -> bytes:
    """The bytes of a file without the manifest that may be inside."""
    parts = formats.split(formats.form(suffix), data)
    return data if parts is None else parts[0]


def look(suffix: str, data: bytes) -> str | None:
    """Digest of what a file shows, however it is stored and whether or not it has a manifest; None if undecided.

    Raises:
        ValueError: damaged, or larger than is safe to look at.
    """
    with formats.reading(f"a {suffix} file"):
        return formats.form(suffix).look(data)


def describe(files: Mapping[str, bytes]) -> dict[str, dict[str, str]]:
    """The `content` and `look` of files by name or suffix, as `verdict` expects them in a manifest."""
    looks = {name: look(suffix(name), data) for name, data in files.items()}
    return {
        "content": {name: content(suffix(name), data) for name, data in files.items()},
        "look": {name: digest for name, digest in looks.items() if digest is not None},
    }


def insert(suffix: str, data: bytes, manifest: Mapping[str, Any]) -> bytes:
    """The file with its manifest inside.

    That is a PDF's info key, a PNG's first text chunk, a GIF's last comment, a JSON object's last key, the last line of
    a CSV or HTML file.

    Raises:
        ValueError: no such format, not a file of it, or one that has a manifest.
    """
    form = formats.form(suffix)
    with formats.reading(f"a {suffix} file"):
        if form.manifests(data):
            raise ValueError("it has an infoplane manifest inside")
        whole = form.put(data, dump(manifest))
        parts = formats.split(form, whole)
        if parts is None or parts[0] != data or len(form.manifests(whole)) != 1:
            raise ValueError("a manifest inside could not be found again")
    return whole


def read(path: Path | str) -> Found:
    """The manifest inside a file of any name, and the digests of what is there now.

    Raises:
        ValueError: in one line: no such file, of no such format, damaged, or not with one manifest inside.
    """
    return inspect(formats.file_bytes(path), str(path))


def inspect(data: bytes, name: str) -> Found:
    """What `read` finds, in the bytes of a file; `name` is for the error."""
    suffix = formats.recognise(data)
    if suffix is None:
        raise ValueError(f"{name}: not a PDF, PNG, GIF, HTML, JSON or CSV file")
    form = formats.form(suffix)
    with formats.reading(f"{name}: damaged"):
        manifests, parts = form.manifests(data), formats.split(form, data)
        shown = _look(form, data) if len(manifests) == 1 else None
    if not manifests:
        raise ValueError(f"{name}: no infoplane manifest inside; it was not made by infoplane, or was saved anew")
    if len(manifests) > 1:
        raise ValueError(f"{name}: several infoplane manifests inside; which one is its own cannot be told")
    manifest = manifests[0]
    if not isinstance(manifest, dict):
        raise ValueError(f"{name}: damaged: its manifest is not a JSON object")
    rest = parts[0] if parts is not None and dump(parts[1]) == dump(manifest) else data
    return Found(suffix, manifest, hashlib.sha256(rest).hexdigest(), shown)


def _look(form: ModuleType, data: bytes) -> str | None:
    """None also of what is damaged: such a file can be traced, and is not as it was."""
    try:
        return form.look(data)
    except (TooLargeError, MemoryError):
        raise
    except Exception:
        return None


def is_ours(path: Path | str) -> bool:
    """Whether there is a file that can be read, with a manifest inside."""
    try:
        return formats.has_manifest(formats.file_bytes(path))
    except ValueError:
        return False


def verdict(found: Found) -> Literal["intact", "re-saved", "changed"]:
    """Whether a file is the one that its manifest describes, byte for byte or at least to look at."""
    if found.content in _recorded(found, "content"):
        return "intact"
    return "re-saved" if found.look in _recorded(found, "look") else "changed"


def _recorded(found: Found, part: str) -> set[str]:
    """The digests in the manifest of files of this format; the manifest may hold anything."""
    table = found.manifest.get(part)
    digests = table.items() if isinstance(table, dict) else ()
    return {digest for name, digest in digests if suffix(name) == found.suffix and isinstance(digest, str)}
