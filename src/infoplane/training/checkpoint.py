"""The checkpoint of one training: enough to finish it after a kill, on this machine or another.

A folder outside the artifact. It holds `training.zarr.zip`, the store that is being written, and one `NNNNNN.arrays`
per snapshot with all that is not activations (where each array lies, then their bytes), renamed into place after the
activations of its snapshot are written. So the last of them says how far the store is good, and holds the state from
which training goes on; what a killed run had begun beyond it goes. At the end the store gets a second name in its place
(or is copied there, to another file system). The checkpoint stays until its owner knows that the store is safe there.
"""

from __future__ import annotations

import fcntl
import json
import math
import os
import shutil
import socket
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from zarr.storage import MemoryStore

from infoplane.training.growing import Growing

OPEN_FILES = 128  # snapshots that are kept open: a store is finished array by array, each from all of them


class Checkpoint:
    """A locked checkpoint folder; `with Checkpoint(path) as checkpoint` raises ValueError if another run holds it."""

    def __init__(self, path: Path):
        self.path, self.file = Path(path), Path(path) / "training.zarr.zip"
        self._opened: dict[int, tuple[dict[str, Any], np.memmap[Any, Any]]] = {}
        self._growing: Growing | None = None

    def __enter__(self) -> Checkpoint:
        while True:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o644)
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                owner = os.read(self._lock, 200).decode() or "another process"
                os.close(self._lock)
                raise ValueError(f"{self.path}: this training is already running ({owner})") from None
            if self._holds_path():
                break
            os.close(self._lock)  # the run before us finished and removed the folder in between
        os.truncate(self._lock, 0)
        os.pwrite(self._lock, f"process {os.getpid()} on {socket.gethostname()}".encode(), 0)
        return self

    def _holds_path(self) -> bool:
        try:
            return os.path.samestat(os.fstat(self._lock), os.stat(self.path / "lock"))
        except FileNotFoundError:
            return False

    def __exit__(self, *_: object) -> None:
        self._opened.clear()
        if self._growing is not None:  # a dictionary, so false while it keeps nothing
            self._growing.leave()
        os.close(self._lock)

    def count(self) -> int:
        """Snapshots that are complete."""
        if not self.file.exists():
            return 0
        count = 0
        while self._file(count).exists():
            count += 1
        return count

    def begin(self, signature: str) -> int:
        """How many snapshots a killed run of the same job has completed; `store` goes on after them."""
        done = self.count()
        end = int(self.load(done - 1, "end")) if done else 0
        if not done or self.load(done - 1, "signature") != signature or self.file.stat().st_size < end:
            self._clear()
            done = end = 0
        self.signature = signature
        try:
            self._growing = self._grown(end)
        except (ValueError, struct.error):  # as a power loss can leave it: all there, but in part of zeros
            self._clear()
            done, self._growing = 0, self._grown(0)
        self.store = MemoryStore(self._growing)
        return done

    def _grown(self, end: int) -> Growing:
        if end and self.file.stat().st_nlink > 1:  # under its second name it stays as it is
            self._copy(self.file)
        return Growing(self.file, end)

    def _copy(self, path: Path) -> None:
        beside = path.with_name(f".{path.name}.partial")
        shutil.copyfile(self.file, beside)
        os.replace(beside, path)

    def _clear(self) -> None:
        """Remove everything but the lock."""
        self._opened.clear()
        for entry in self.path.iterdir():
            if entry.name != "lock":
                entry.unlink()

    def save(self, snapshot: int, arrays: Mapping[str, np.ndarray]) -> None:
        """Keep a snapshot whose activations are in the store; it appears whole or not at all."""
        assert self._growing is not None, "`begin` comes first"
        arrays = {**arrays, "signature": np.array(self.signature), "end": np.array(self._growing.end())}
        places, start = {}, 0
        for name, array in arrays.items():
            places[name] = array.dtype.str, array.shape, start
            start += array.nbytes
        beside = self.path / "snapshot.partial"
        with open(beside, "wb") as file:
            np.save(file, np.array(json.dumps(places)))
            for array in arrays.values():
                array.tofile(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, self._file(snapshot))

    def load(self, snapshot: int, name: str) -> np.ndarray:
        """Return one array of one snapshot, which is not saved anew afterwards."""
        if snapshot not in self._opened:
            if len(self._opened) == OPEN_FILES:
                self._opened.popitem()  # the newest: who reads all in turn needs it last
            with open(self._file(snapshot), "rb") as file:
                places = json.loads(str(np.load(file)))
                self._opened[snapshot] = places, np.memmap(file, np.uint8, "r", file.tell())
        places, data = self._opened[snapshot]
        kind, shape, start = places[name]
        return data[start : start + np.dtype(kind).itemsize * math.prod(shape)].view(kind).reshape(shape)

    def release(self, path: Path) -> None:
        """Give the finished store to the file `path`."""
        assert self._growing is not None, "`begin` comes first"
        self._growing.close()
        try:
            os.link(self.file, path)
        except OSError:  # another file system, or one on which a file has one name
            self._copy(path)

    def _file(self, snapshot: int) -> Path:
        return self.path / f"{snapshot:06d}.arrays"
