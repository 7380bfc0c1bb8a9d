"""Compiled programs, kept from job to job.

XLA compiles a condition's epochs for seconds, and a sweep over seeds asks for the same program a thousand times.
TensorFlow can write what it compiles into a folder and looks there first, by a fingerprint of the program. But it reads
whatever bytes it finds, also damaged ones or another processor's. So each job has a folder of its own for that: what
is kept comes there if it begins with its digest, and programs are kept apart by all that they depend on beside.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from infoplane.artifacts import write_bytes

KEPT_BYTES = 256 * 2**20  # of all programs; the seed network's are 1.5 MB
DIGEST = hashlib.sha256().digest_size
AT_WORK = "jobs"
FREE = ("seed", "epochs", "snapshots")  # what is handed to a program, or not its business
CPUINFO, CARDS = Path("/proc/cpuinfo"), Path("/proc/driver/nvidia/gpus")


@contextmanager
def kept(place: Path, job: str, about: Mapping[str, object]) -> Iterator[Path | None]:
    """A folder for TensorFlow to find compiled programs in, and to leave new ones, which `place` keeps.

    `job` is a name that no other has at the time; what a killed one left under it is removed. `about` is what the job
    is: those that differ in nothing that a program has in it share a shelf. None where nothing can be kept: all is
    compiled then.
    """
    own = {key: value for key, value in about.items() if key not in FREE}
    words = json.dumps({**own, "processor": _processor()}, sort_keys=True, default=str)
    shelf, folder = place / hashlib.sha256(words.encode()).hexdigest()[:16], place / AT_WORK / job
    shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):
        folder.mkdir(parents=True)
    if not folder.is_dir():
        yield None
        return
    for file in shelf.glob("*.pb"):
        with suppress(OSError):  # another job forgot it, or it is somebody else's
            _take(file, folder)
    taken = set(folder.iterdir())
    try:
        yield folder
    finally:
        with suppress(OSError):
            _keep(sorted(set(folder.glob("*.pb")) - taken), shelf)
            _forget(place)
        shutil.rmtree(folder, ignore_errors=True)


def _processor() -> str:
    """What programs are compiled for, where that is told: the kind of processor, what it can do, and graphics cards."""
    told = CPUINFO.read_text().splitlines() if CPUINFO.exists() else []
    flags = next((line for line in told if line.startswith(("flags", "Features"))), "")
    return "\n".join([platform.machine(), flags, *(card.read_text() for card in sorted(CARDS.glob("*/information")))])


def _take(file: Path, folder: Path) -> None:
    """A kept program into a job's folder, or away with it."""
    kept = file.read_bytes()
    digest, program = kept[:DIGEST], kept[DIGEST:]
    if digest != hashlib.sha256(program).digest():
        return file.unlink()
    (folder / file.name).write_bytes(program)
    os.utime(file)  # used: to be forgotten last


def _keep(programs: list[Path], shelf: Path) -> None:
    """One of a fingerprint: jobs that compile it at once get other bytes each, and the last one's stay."""
    if programs:
        shelf.mkdir(parents=True, exist_ok=True)
    for program in programs:
        data = program.read_bytes()
        write_bytes(shelf / program.name, hashlib.sha256(data).digest() + data)


def _forget(place: Path) -> None:
    """Remove what has not been used for longest, as far as there is too much."""
    found = sorted(((file.stat(), file) for file in place.glob("*/*.pb")), key=lambda pair: -pair[0].st_mtime)
    total = 0
    for stat, file in found:
        total += stat.st_size
        if total > KEPT_BYTES:
            file.unlink(missing_ok=True)
