"""Artifacts: what one stage writes, whole or not at all, with a manifest that says where it came from.

An artifact is a folder `results/<stage>s/<id>/` with a Zarr store and `manifest.json`. It is written beside its place
and renamed into it, so whatever is in place is complete, whenever the machine was switched off.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil
import xarray as xr

MANIFEST = "manifest.json"
PACKAGES = (
    "infoplane",
    "numpy",
    "xarray",
    "zarr",
    "tensorflow",
    "keras",
    "scipy",
    "scikit-learn",
    "matplotlib",
)


def version_id(stage: str, parameters: Mapping[str, Any], inputs: Mapping[str, Any], code: str) -> str:
    """The id (12 hex digits) of what a stage makes of these resolved parameters, input ids and code digest."""
    made_by = {"stage": stage, "parameters": parameters, "inputs": inputs, "code": code}
    return hashlib.sha256(_canonical(made_by).encode()).hexdigest()[:12]


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What determines an artifact: its id is their hash. `inputs` maps a role to the id or ids that fill it."""

    stage: str
    parameters: Mapping[str, Any]
    inputs: Mapping[str, Any]
    code: str
    modules: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Version id; the modules are listed for readers, their digest is `code`."""
        return version_id(self.stage, self.parameters, self.inputs, self.code)

    def to_json(self) -> dict[str, Any]:
        """Plain values, as Snakemake's `params` and the manifest hold them."""
        return json.loads(json.dumps({"id": self.id, **dataclasses.asdict(self)}))

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Recipe:
        """The recipe in a manifest or in `params`."""
        fields = {field.name: values[field.name] for field in dataclasses.fields(cls)}
        return cls(**{**fields, "modules": tuple(fields["modules"])})


@contextmanager
def staged(place: Path, recipe: Recipe, inputs: Iterable[Path] = ()) -> Iterator[Path]:
    """A folder to write an artifact into; on leaving, it gets its manifest and moves to `place`.

    `inputs` are the folders of the artifacts that were read: their content digests go into the manifest. Where
    `place` is already taken (two runs made the same version), the one that was there stays. On an error nothing
    is left behind.
    """
    place = Path(place)
    folder = _staging(place)
    folder.mkdir(parents=True)
    clock = Clock()
    try:
        yield folder
        record = manifest(recipe, inputs, clock, content=digest(folder))
        write_text(folder / MANIFEST, json.dumps(record, indent=1))
        try:
            folder.rename(place)
        except OSError:
            if not (place / MANIFEST).is_file():
                raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _staging(place: Path) -> Path:
    """A path beside `place` that names its writer; those of writers on this host that were killed are removed."""
    host = platform.node()
    for left in place.parent.glob(f".{place.name}.{host}.*"):
        if not psutil.pid_exists(int(left.suffix[1:])):
            shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink(missing_ok=True)
    return place.parent / f".{place.name}.{host}.{os.getpid()}"


class Clock:
    """When a stage started, and how long it has taken."""

    def __init__(self) -> None:
        self._start = time.time()

    def read(self) -> dict[str, Any]:
        """Start (UTC) and duration so far in seconds."""
        started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self._start))
        return {"started": started, "seconds": round(time.time() - self._start, 3)}


def manifest(recipe: Recipe, inputs: Iterable[Path], clock: Clock, content: Any) -> dict[str, Any]:
    """Everything that a reader needs to trace and check an artifact."""
    read = [read_manifest(folder) for folder in inputs]
    return {
        **recipe.to_json(),
        "content": content,
        "input_contents": {m["id"]: m["content"] for m in read},
        "environment": environment(),
        **clock.read(),
    }


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of the artifact in `folder`.

    Raises:
        ValueError: there is none, or it cannot be read.
    """
    path = Path(folder) / MANIFEST
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        raise ValueError(f"{path}: missing; `snakemake --cores all` makes it") from None
    except ValueError:
        raise ValueError(f"{path}: not JSON; remove its folder and run again") from None


def digest(path: Path) -> str:
    """Content digest (sha256) of a file, or of a folder's names and bytes; the manifest itself is left out."""
    path = Path(path)
    if path.is_file():
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    total = hashlib.sha256()
    for file in sorted(path.rglob("*")):
        # Snakemake leaves a time stamp of its own in folders that it manages
        if file.is_file() and file.name not in (MANIFEST, ".snakemake_timestamp"):
            total.update(f"{file.relative_to(path).as_posix()}\0{digest(file)}\n".encode())
    return total.hexdigest()


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


def write_dataset(data: xr.Dataset, path: Path) -> None:
    """Write an xarray dataset to a new Zarr store; the same data gives the same bytes."""
    data.to_zarr(path, mode="w-", consolidated=False, zarr_format=3)


def open_dataset(path: Path) -> xr.Dataset:
    """Open a store lazily."""
    return xr.open_zarr(path, consolidated=False, chunks=None)


def open_tree(path: Path) -> xr.DataTree:
    """Open a store with groups (training.zarr) lazily."""
    return xr.open_datatree(path, engine="zarr", consolidated=False, chunks=None)


def open_parts(paths: Iterable[Path]) -> xr.Dataset:
    """The root datasets of a condition's parts as one, in the order of replicates."""
    parts = [open_dataset(path) for path in paths]
    if "replicate" not in parts[0].dims:
        return parts[0]
    return xr.concat(parts, "replicate", data_vars="minimal", coords="minimal", compat="override", join="exact")


@cache
def environment() -> dict[str, Any]:
    """Code version (git), package versions and platform."""

    def git(*arguments: str) -> str | None:
        command = ["git", "-C", str(Path(__file__).parent), *arguments]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
        except (OSError, subprocess.SubprocessError):
            return None
        return done.stdout.strip()

    def installed(package: str) -> str | None:
        try:
            return version(package)
        except PackageNotFoundError:
            return None

    # installed inside somebody else's repository, that repository's commit would say nothing about this code
    tracked = git("ls-files", "--error-unmatch", Path(__file__).name) is not None
    status = git("status", "--porcelain", "--untracked-files=no") if tracked else None
    return {
        "git_commit": git("rev-parse", "HEAD") if tracked else None,
        "git_dirty": None if status is None else bool(status),
        "python": platform.python_version(),
        "packages": {package: installed(package) for package in PACKAGES},
        "platform": f"{sys.platform}-{platform.machine()}",
    }
