"""A remote: where artifacts are shared by version id, through fsspec: a folder, S3, Google Cloud Storage, SSH.

    REMOTE/objects/ab/<sha256>       the bytes of a file, under the digest of its content
    REMOTE/<stages>/<id>.json        the manifest of an artifact, as it is beside its files

An object is never changed, and a manifest is written when all of its objects are there: an artifact is on the remote
whole or not at all, two people who push at once do not disturb each other, and what was sent need not be sent again.
Nothing that comes from a remote is believed: names have a fixed form, bytes are held against their digest.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from infoplane import artifacts
from infoplane.tracing import records

OBJECT_STORES = {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az"}  # what is put there appears whole
SSH = {"ssh", "sftp"}
BLOCK = 2**23  # bytes that are read at once
LARGEST = 2**26  # bytes of a manifest
FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,150}")  # the name of a file of an artifact: no path
EXTRA = "pip install 'infoplane[share]'"


class Remote:
    """A place that fsspec knows; all of its errors are a ValueError of one line that begins with its URL."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        try:
            import fsspec
        except ImportError:
            raise ValueError(f"{url}: fsspec is not installed, which reaches remotes; `{EXTRA}` does it") from None
        protocol = fsspec.utils.get_protocol(url)
        # sshfs would take any host for the one that is meant; () asks ~/.ssh/known_hosts, as ssh does
        options = {"known_hosts": ()} if protocol in SSH else {}
        with self._told():
            try:
                self._fs, self._root = fsspec.core.url_to_fs(url, **options)
            except ImportError:
                raise ValueError(f"what reaches {protocol}:// is not installed; `{EXTRA}` does it") from None
        self._is_object_store = protocol in OBJECT_STORES

    def manifest(self, stage: str, id_: str) -> records.Record | None:
        """The manifest of an artifact, checked; None if it is not there.

        Raises:
            ValueError: it is none, or one of another artifact.
        """
        data = self.read(place := _place(stage, id_))
        if data is None:
            return None
        try:
            return checked(data, stage, id_)
        except ValueError as error:
            raise ValueError(f"{self.url}/{place}: {error}; it is refused") from None

    def publish(self, record: records.Record) -> None:
        """Write the manifest of an artifact whose objects are there."""
        self.write(_place(record["stage"], record["id"]), records.text(record).encode())

    def read(self, place: str) -> bytes | None:
        """A small file; None if there is none."""
        with self._told():
            try:
                data = self._fs.cat_file(self._path(place), start=0, end=LARGEST + 1)
            except FileNotFoundError:
                return None
        if len(data) > LARGEST:
            raise ValueError(f"{self.url}/{place}: more than {LARGEST >> 20} MiB; it is refused")
        return data

    def write(self, place: str, data: bytes) -> None:
        """Write a small file, whole or not at all."""
        self._put(place, lambda path: self._fs.pipe_file(path, data))

    def listed(self, folder: str) -> list[str]:
        """The names of the files in a folder; none if there is no such folder."""
        with self._told():
            try:
                found = self._fs.ls(self._path(folder), detail=False, refresh=True)
            except FileNotFoundError:
                return []
        return sorted(str(path).rpartition("/")[2] for path in found)

    def send(self, file: Path, digest: str) -> int:
        """Send a file of a known digest, unless it is there; how many bytes went."""
        place, size = _object(digest), file.stat().st_size
        with self._told():
            try:
                if self._fs.info(self._path(place))["size"] == size:
                    return 0
            except FileNotFoundError:
                pass
        self._put(place, lambda path: self._fs.put_file(str(file), path))
        return size

    def fetch(self, digest: str, file: Path) -> int:
        """Fetch the bytes of a digest into `file`, from where an earlier fetch stopped; how many bytes came.

        Raises:
            ValueError: they are not there, or not those of the digest.
        """
        place = _object(digest)
        before = file.stat().st_size if file.exists() else 0
        for start in dict.fromkeys((before, 0)):  # what was fetched earlier may be damaged
            with self._told():
                try:
                    self._append(self._path(place), file, start)
                except FileNotFoundError:
                    raise ValueError(f"{place} is not there, though a manifest lists it") from None
            if artifacts.digest(file) == digest:
                return file.stat().st_size - start
        file.unlink()
        raise ValueError(f"{self.url}/{place}: its bytes are not those of its digest; it is refused")

    def _append(self, path: str, file: Path, start: int) -> None:
        with self._fs.open(path, "rb") as source, file.open("ab") as target:
            target.truncate(start)
            source.seek(start)
            shutil.copyfileobj(source, target, BLOCK)

    def _put(self, place: str, put: Callable[[str], Any]) -> None:
        """Put a file, so that nobody ever sees a part of it."""
        path = self._path(place)
        with self._told():
            if self._is_object_store:
                put(path)
                return
            folder, _, name = path.rpartition("/")
            beside = f"{folder}/.{name}.{platform.node()}.{os.getpid()}.{threading.get_ident()}"
            self._fs.makedirs(folder, exist_ok=True)
            try:
                put(beside)
                self._fs.mv(beside, path)
            except BaseException:
                with suppress(Exception):  # what went wrong first is what is told
                    self._fs.rm_file(beside)
                raise

    def _path(self, place: str) -> str:
        return f"{self._root}/{place}"

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say where it went wrong; behind fsspec are many libraries, each with its own errors."""
        try:
            yield
        except Exception as error:
            text = " ".join(str(error).split()) or type(error).__name__
            raise ValueError(f"{self.url}: {text}") from None


def checked(data: bytes, stage: str, id_: str) -> records.Record:
    """A manifest from anyone, if it is that of this artifact.

    Raises:
        ValueError: it is none, it contradicts itself, or it is another's; names of files that are paths are refused.
    """
    record = records.parsed(data)
    if (record["stage"], record["id"]) != (stage, id_):
        raise ValueError(f"the manifest of another artifact: {record['stage']} {record['id']}")
    if problem := records.contradiction(record):
        raise ValueError(problem)
    for name in record["files"]:
        if not FILE.fullmatch(name) or name in (artifacts.MANIFEST, artifacts.STAMP):
            raise ValueError(f"{name!r} is not a name for a file of an artifact")
    return record


def _place(stage: str, id_: str) -> str:
    return f"{artifacts.FOLDERS[stage]}/{id_}.json"


def _object(digest: str) -> str:
    return f"objects/{digest[:2]}/{digest}"
