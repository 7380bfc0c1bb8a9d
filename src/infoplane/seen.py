"""Digests that are known already, so that a large store is read for its digest once and not by every job.

A note beside an artifact says which file, as the file system knows it, had which digest. A file that was written to,
replaced or copied since is another one there, whatever times it was given. Damage beneath the file system would pass:
that is noticed by the checksums within the store when its bytes are read (stores.py). Audits do not ask here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

NOTES = ".seen"
LARGE = 2**20  # bytes; reading less takes no longer than the note


def known(folder: Path) -> dict[str, str]:
    """The digests (sha256) of an artifact's large files that are as they were when these were noted, by name."""
    try:
        noted = json.loads(_note(folder).read_text())
        return {name: digest for name, (digest, *state) in noted.items() if state == _state(folder / name)}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def note(folder: Path, digests: Mapping[str, str]) -> None:
    """Note the digests of the large files among an artifact's. Where nothing can be written, nothing is noted."""
    with suppress(OSError):
        large = {name: digest for name, digest in digests.items() if (folder / name).stat().st_size >= LARGE}
        if not large:
            return
        _note(folder).parent.mkdir(exist_ok=True)
        noted = {name: [digest, *_state(folder / name)] for name, digest in large.items()}
        _note(folder).write_text(json.dumps(noted))


def forget(folder: Path) -> None:
    """Remove the note of an artifact, if there is one."""
    with suppress(OSError):
        _note(folder).unlink()


def _note(folder: Path) -> Path:
    return folder.parent / NOTES / folder.name


def _state(file: Path) -> list[int]:
    """What changes when a file is written to or another takes its place; the time of the change cannot be set."""
    found = file.stat()
    return [found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns]
