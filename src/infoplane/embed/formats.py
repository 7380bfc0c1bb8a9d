"""The formats that can have a manifest inside, and how a file's is recognised.

Each is a module of the same four functions: `put(data, text)` inserts a manifest's text, `split(data)` takes it out
again (None unless it is exactly as `put` leaves it), `manifests(data)` finds all wherever they have got to, and
`look(data)` digests what is seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from infoplane.embed import as_csv, as_png
from infoplane.embed.manifest import load

SIZE = 2**29
FORMATS = ("pdf", "png", "gif", "html", "json", "csv")
_MAGIC = {b"%PDF": "pdf", as_png.SIGNATURE: "png", b"GIF8": "gif"}


def form(suffix: str) -> ModuleType:
    """The format of files with this suffix.

    Raises:
        ValueError: none that can have a manifest inside.
    """
    if suffix not in FORMATS:
        raise ValueError(f"a manifest can be in {', '.join(FORMATS)}; not in {suffix}")
    return import_module(f"infoplane.embed.as_{suffix}")  # when it is needed: a plan should not wait for its libraries


def recognise(data: bytes) -> str | None:
    """The suffix by the bytes: what is no picture or PDF is recognised by the manifest that should end it."""
    for magic, suffix in _MAGIC.items():
        if data.startswith(magic):
            return suffix
    last = data.rfind(b"\n", 0, max(0, len(data) - 2)) + 1
    first = data[:1024].removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if first in (b"{", b"<") and not data.startswith(as_csv.MARK, last):
        return "json" if first == b"{" else "html"
    return "csv" if as_csv.MARK in data else None


def split(form: ModuleType, data: bytes) -> tuple[bytes, dict[str, Any]] | None:
    """The file as it was, and its manifest, if that is one, at its place, and all that is there."""
    found = form.split(data)
    try:
        manifest = None if found is None else load(found[1])
    except (ValueError, RecursionError):
        return None
    return (found[0], manifest) if isinstance(manifest, dict) else None


def has_manifest(data: bytes) -> bool:
    """Whether it is a file that can be read, with a manifest inside."""
    suffix = recognise(data)
    try:
        with reading("a file"):
            return suffix is not None and any(isinstance(found, dict) for found in form(suffix).manifests(data))
    except ValueError:
        return False


def file_bytes(path: Path | str) -> bytes:
    """The bytes of a regular file of up to 512 MiB.

    Raises:
        ValueError: there is none, in one line that names it.
    """
    path = Path(path)
    try:
        if not path.is_file():
            raise ValueError(f"{path}: not a regular file" if path.exists() else f"{path}: there is no such file")
        with path.open("rb") as stream:
            data = stream.read(SIZE + 1) if path.stat().st_size <= SIZE else None
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    if data is None or len(data) > SIZE:
        raise ValueError(f"{path}: larger than {SIZE >> 20} MiB")
    return data


@contextmanager
def reading(what: str) -> Iterator[None]:
    """One line of whatever is wrong with a file: the readers of damaged ones fail with every kind of exception."""
    try:
        yield
    except Exception as error:
        said = "nested too deeply" if isinstance(error, RecursionError) else " ".join(str(error).split())[:200]
        raise ValueError(f"{what}: {said or type(error).__name__}") from None
