"""The checkpoint of one training: enough to finish it after a kill, on this machine or another.

A folder outside the artifact. It holds `training.zarr`, the store that is being written, and one `NNNNNN.npz` per
snapshot with all that is not activations, each renamed into place after the activations of its snapshot are written.
So the last npz says how far the store is good, and holds the state from which training goes on; what a killed run had
begun beyond it is overwritten. At the end the store is packed into one file in its place, and the folder removed: the
store first, so that a checkpoint without one, or with all snapshots, beside a packed store is what a killed run left.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.npyio import NpzFile

from infoplane import stores

OPEN_FILES = 128  # snapshots that are kept open: a store is finished array by array, each from all of them


class Checkpoint:
    """A locked checkpoint folder; `with Checkpoint(path) as checkpoint` raises ValueError if another run holds it."""

    def __init__(self, path: Path):
        self.path, self.store = Path(path), Path(path) / "training.zarr"
        self._opened: dict[int, NpzFile] = {}

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
        self._close()
        os.close(self._lock)

    def count(self) -> int:
        """Snapshots that are complete."""
        if not self.store.exists():
            return 0
        count = 0
        while self._file(count).exists():
            count += 1
        return count

    def clear(self) -> None:
        """Remove everything but the lock."""
        self._close()
        for entry in self.path.iterdir():
            if entry.is_dir():
                shutil.rmtree(entry)
            elif entry.name != "lock":
                entry.unlink()

    def save(self, snapshot: int, arrays: Mapping[str, Any]) -> None:
        """Store a snapshot; it appears whole or not at all."""
        beside = self.path / "snapshot.partial"
        with open(beside, "wb") as file:
            np.savez(file, **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, self._file(snapshot))

    def load(self, snapshot: int, name: str) -> np.ndarray:
        """Return one array of one snapshot, which is not saved anew afterwards."""
        if snapshot not in self._opened:
            if len(self._opened) == OPEN_FILES:
                self._opened.popitem()[1].close()  # the newest: who reads all in turn needs it last
            self._opened[snapshot] = np.load(self._file(snapshot))
        return self._opened[snapshot][name]

    def _close(self) -> None:
        for arrays in self._opened.values():
            arrays.close()
        self._opened.clear()

    def release(self, path: Path) -> None:
        """Pack the finished store into the file `path` and remove the checkpoint."""
        stores.pack(self.store, path)
        self.remove()

    def remove(self) -> None:
        """Remove the checkpoint, the store first."""
        self._close()
        shutil.rmtree(self.store, ignore_errors=True)
        shutil.rmtree(self.path)

    def _file(self, snapshot: int) -> Path:
        return self.path / f"{snapshot:06d}.npz"
