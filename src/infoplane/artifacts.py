"""Artifacts: what one stage writes, whole or not at all, with a manifest that says where it came from.

An artifact is a folder `results/<stages>/<id>/` with files and `manifest.json`. It is written beside its place and
renamed into it, so whatever is in place is complete, whenever the machine was switched off: existence decides.
"""

from __future__ import annotations

import dataclasses
import fcntl
import hashlib
import json
import os
import platform
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from infoplane import seen

MANIFEST = "manifest.json"
STAMP = ".snakemake_timestamp"  # Snakemake's, in folders that it manages
FOLDERS = {
    "dataset": "datasets",
    "training": "trainings",
    "measurement": "measurements",
    "analysis": "analyses",
    "figure": "figures",
    "verdict": "verdicts",
    "page": "pages",
    "explorer": "explorers",
}
STAGES = tuple(FOLDERS)
SMALL = (
    "analysis",
    "figure",
    "verdict",
    "page",
    "explorer",
)  # whose bytes are checked before each run; a damaged one is made again


def check_writable(results: Path) -> None:
    """Refuse a results folder in which jobs could not write.

    Raises:
        ValueError: a file is in the way, or something is read-only; one line names it.
    """
    above = next(path for path in (results.absolute(), *results.absolute().parents) if path.exists())
    for path in (above, results, *(results / name for name in (*FOLDERS.values(), "logs", "checkpoints", ".locks"))):
        if path.is_symlink() and not path.exists():
            raise ValueError(f"{path}: is a link that leads nowhere; a folder is needed")
        if path.exists() and not path.is_dir():
            raise ValueError(f"{path}: is no folder; move it away, since results are kept there")
        if path.exists() and not os.access(path, os.W_OK | os.X_OK):
            raise ValueError(f"{path}: cannot be written to: it is read-only, or somebody else's")


def version_id(stage: str, parameters: Mapping[str, Any], inputs: Mapping[str, Any], code: str) -> str:
    """The id (12 hex digits) of what a stage makes of these resolved parameters, input ids and code digest."""
    made_by = {"stage": stage, "parameters": parameters, "inputs": inputs, "code": code}
    return hashlib.sha256(canonical(made_by).encode()).hexdigest()[:12]


def canonical(value: Any) -> str:
    """JSON that is the same for equal values."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What determines an artifact: its id is their hash.

    `inputs` maps a role to the id or ids that fill it; `code` is the digest of the code that starts at `roots`.
    """

    stage: str
    parameters: Mapping[str, Any]
    inputs: Mapping[str, Any]
    code: str
    roots: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Version id; the roots are listed for readers, their digest is `code`."""
        return version_id(self.stage, self.parameters, self.inputs, self.code)

    @property
    def place(self) -> Path:
        """The artifact's folder below the results folder."""
        return Path(FOLDERS[self.stage]) / self.id

    def input_ids(self) -> list[str]:
        """The ids of all inputs."""
        return [i for ids in self.inputs.values() for i in (ids if isinstance(ids, list | tuple) else [ids])]

    def to_json(self) -> dict[str, Any]:
        """Plain values, as Snakemake's `params` and the manifest hold them."""
        return json.loads(json.dumps({"id": self.id, **dataclasses.asdict(self)}))

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Recipe:
        """The recipe in a manifest or in `params`."""
        fields = {field.name: values[field.name] for field in dataclasses.fields(cls)}
        return cls(**{**fields, "roots": tuple(fields["roots"])})


class Order(NamedTuple):
    """What a job is told: what to make, and what people call it."""

    recipe: Recipe
    label: str


def of_today(folder: Path) -> None:
    """Give an artifact of the future, where a clock was set back, today's time.

    Snakemake refuses an output that is older than its inputs.
    """
    stamp = folder / STAMP if (folder / STAMP).exists() else folder
    if stamp.exists() and stamp.stat().st_mtime > time.time():
        with suppress(PermissionError):  # somebody else's
            os.utime(stamp)


def ids(results: Path, stage: str) -> set[str]:
    """The ids of a stage that are there, those included that are damaged."""
    return {place.name for place in (results / FOLDERS[stage]).glob("[0-9a-f]" * 12)}


@contextmanager
def staged(place: Path) -> Iterator[Path]:
    """A folder to write an artifact into; on leaving, it moves to `place`. On an error nothing is left behind.

    The bytes are on disk before the name is, so that a power loss leaves no artifact in part either.
    """
    folder = _staging(Path(place))
    folder.mkdir(parents=True)
    try:
        yield folder
        for path in (*folder.rglob("*"), folder):
            _to_disk(path)
        folder.rename(place)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _to_disk(path: Path) -> None:
    """Wait until a file, or the names in a folder, are where they outlast a power loss."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def drop_damaged(results: Path, recipe: Recipe) -> None:
    """Remove an artifact that is not as it was made, unless somebody is making it."""
    if (results / recipe.place).is_dir():
        with held(results, recipe):
            if not is_there(results, recipe):
                remove(results / recipe.place)


def held(results: Path, recipe: Recipe) -> AbstractContextManager[None]:
    """Hold the lock of an artifact: who makes it, or removes it, is alone."""
    return lock(results / ".locks" / recipe.id)


def remove(place: Path) -> None:
    """Remove an artifact, whole or not at all; nothing happens if there is none."""
    aside = _staging(place)
    try:
        place.rename(aside)
    except FileNotFoundError:
        return
    seen.forget(place)
    shutil.rmtree(aside)


def _staging(place: Path) -> Path:
    """A path beside `place` that names its writer; those of writers on this host that were killed are removed."""
    host = platform.node()
    for left in place.parent.glob(f".{place.name}.{host}.*"):
        writer = int(left.suffix[1:])
        if writer == os.getpid() or not psutil.pid_exists(writer):  # in containers, numbers of processes recur
            shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink(missing_ok=True)
    return place.parent / f".{place.name}.{host}.{os.getpid()}"


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold a lock file; whoever else wants it waits. It goes with its holder, also after a kill."""
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        held = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        fcntl.flock(held, fcntl.LOCK_EX)
        try:
            if os.path.samestat(os.fstat(held), os.stat(path)):
                break
        except FileNotFoundError:
            pass
        os.close(held)  # the holder before us removed the file
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(held)


class Clock:
    """When a stage started, and how long it has taken."""

    def __init__(self) -> None:
        self._start, self._since = time.time(), time.monotonic()

    def read(self) -> dict[str, Any]:
        """Start (UTC) and duration so far in seconds."""
        started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self._start))
        return {"started": started, "seconds": round(time.monotonic() - self._since, 3)}


def is_there(results: Path, recipe: Recipe) -> bool:
    """Whether an artifact is there; none is there in part. Of a small one, also whether its bytes are the recorded."""
    folder = results / recipe.place
    if recipe.stage not in SMALL:
        return (folder / MANIFEST).is_file()
    try:
        return not damage(folder, read_manifest(folder))
    except ValueError:
        return False


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of the artifact in `folder`.

    Raises:
        ValueError: there is none, or it is not one.
    """
    path = Path(folder) / MANIFEST
    try:
        manifest = json.loads(path.read_text())
        Recipe.from_json(manifest)
        manifest["files"].items()
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}; `snakemake --cores all` makes it") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ValueError(f"{path}: not a manifest; remove its folder and run again") from None
    return manifest


def files(folder: Path, known: Mapping[str, str] | None = None) -> dict[str, str]:
    """The content digests (sha256) of an artifact's files by name, without the manifest; `known` ones are not read."""
    folder, known = Path(folder), known or {}
    found = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    return {name: known.get(name) or digest(path) for name, path in found.items() if name not in (MANIFEST, STAMP)}


def digest(path: Path) -> str:
    """Content digest (sha256) of a file."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def damage(folder: Path, manifest: Mapping[str, Any], known: Mapping[str, str] | None = None) -> dict[str, str]:
    """What is wrong with the files of an artifact: by name, `missing`, `changed` or `not in the manifest`."""
    then, now = manifest["files"], files(folder, known)
    wrong = {name: "changed" if name in now else "missing" for name in then if now.get(name) != then[name]}
    return wrong | {name: "not in the manifest" for name in now if name not in then}


def checked(folder: Path, known: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The manifest of an artifact whose bytes are those that its maker wrote; digests that are `known` are not taken.

    Raises:
        ValueError: they are not; the line names the file.
    """
    manifest = read_manifest(folder)
    for name, state in damage(folder, manifest, known).items():
        raise ValueError(f"{folder}/{name}: {state}, so it is not measured or shown; remove {folder} and run again")
    return manifest


def write_text(path: Path, text: str) -> None:
    """Write a whole text file or none."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, data: bytes) -> None:
    """Write a whole file or none: beside, then renamed."""
    path = Path(path)
    beside = _staging(path)
    try:
        beside.write_bytes(data)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
