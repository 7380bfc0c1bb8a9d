"""Stores: the one place that writes and opens them.

A store is a Zarr hierarchy in one file, `NAME.zarr.zip`: a training has thousands of chunks, and thousands of small
files are slow to copy and delete and use up a cluster's quota of files. Chunks are compressed already, so the zip only
holds them side by side. Its checksums notice damaged bytes when they are read, which Zarr's own format does not.
A store that an `ActivationRecorder` wrote under a name without `.zip` is a folder; it opens the same.
"""

from __future__ import annotations

import os
import struct
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import xarray as xr
from zarr.storage import ZipStore

if TYPE_CHECKING:
    from zarr.abc.store import ByteRequest
    from zarr.core.buffer import Buffer, BufferPrototype

# What zipfile makes of damaged bytes: beside BadZipFile, methods and versions that do not exist, and ends too early.
DAMAGE = (zipfile.BadZipFile, EOFError, RuntimeError, struct.error)
EPOCH = (1980, 1, 1, 0, 0, 0)  # the first date that a zip can hold: no byte depends on when it was written
UNIX = 3
READABLE = 0o100644 << 16  # a plain file, as Unix permissions in a zip's attributes

Opened = TypeVar("Opened", xr.Dataset, xr.DataTree)


def write(data: xr.Dataset | xr.DataTree, path: Path) -> None:
    """Write a dataset or a tree, its attributes included, as one file; the same data gives the same bytes.

    It appears at `path` whole or not at all, in place of what was there.
    """
    path = Path(path)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
        store, packed = Path(folder, "store"), Path(folder, "packed")
        _plain(data).to_zarr(store, mode="w-", consolidated=False, zarr_format=3)
        pack(store, packed)
        os.replace(packed, path)


def _plain(data: xr.Dataset | xr.DataTree) -> xr.Dataset | xr.DataTree:
    """The data without the chunks and codecs of the store that it was read from; texts of any length."""
    if isinstance(data, xr.DataTree):
        return xr.DataTree.from_dict({node.path: _plain(node.to_dataset(inherit=False)) for node in data.subtree})
    texts = [name for name, variable in data.variables.items() if variable.dtype.kind == "U"]
    # Zarr has no specification of texts of one length
    return data.drop_encoding().assign_coords({n: data[n].astype(object) for n in texts if n in data.coords})


def pack(folder: Path, path: Path) -> None:
    """Write a folder store as one file; the same names and bytes in `folder` give the same bytes.

    It appears at `path` whole or not at all. Until then it is `.NAME.partial` beside: what a killed run left of that is
    written over, so no two runs may pack to the same path at once.
    """
    folder, path = Path(folder), Path(path)
    beside = path.with_name(f".{path.name}.partial")
    try:
        with zipfile.ZipFile(beside, "w", zipfile.ZIP_STORED) as packed:
            for name, file in _files(folder):
                packed.writestr(member(name), file.read_bytes())
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def _files(folder: Path) -> list[tuple[str, Path]]:
    """The files of a folder store, sorted by name, without what Zarr was writing when a run was killed."""
    files = (file for file in folder.rglob("*") if file.is_file() and file.suffix != ".partial")
    return sorted((file.relative_to(folder).as_posix(), file) for file in files)


def member(name: str) -> zipfile.ZipInfo:
    """A member of a packed store, of which nothing but its name and its data is told."""
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.create_system, entry.external_attr = UNIX, READABLE
    return entry


def open_dataset(path: Path) -> xr.Dataset:
    """Open the root of a store lazily.

    Raises:
        ValueError: there is no store at `path`, or its bytes are damaged; data that are damaged raise it when read.
    """
    return _open(path, lambda store: xr.open_zarr(store, consolidated=False, chunks=None))


def open_tree(path: Path) -> xr.DataTree:
    """Open a store with groups (training.zarr.zip) lazily; raises as `open_dataset` does."""
    return _open(path, lambda store: xr.open_datatree(store, engine="zarr", consolidated=False, chunks=None))


def open_parts(paths: Iterable[Path]) -> xr.Dataset:
    """The roots of a condition's parts as one dataset, in the order of replicates; raises as `open_dataset` does."""
    parts = [open_dataset(path) for path in paths]
    if "replicate" not in parts[0].dims:
        return parts[0]
    whole = xr.concat(parts, "replicate", data_vars="minimal", coords="minimal", compat="override", join="exact")

    def close() -> None:
        for part in parts:
            part.close()

    whole.set_close(close)
    return whole


class _Packed(ZipStore):
    """A packed store, read-only, that says which file is damaged."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, mode="r")

    async def get(self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None) -> Buffer | None:
        """As ZipStore's."""
        try:
            return await super().get(key, prototype, byte_range)
        except DAMAGE as error:
            raise _damaged(self.path, error) from error


def _open(path: Path, opener: Callable[[Any], Opened]) -> Opened:
    path = Path(path)
    if not path.exists():
        raise ValueError(f"{path}: missing")
    store = str(path) if path.is_dir() else _Packed(path)
    try:
        opened = opener(store)
    except (FileNotFoundError, *DAMAGE) as error:  # Zarr finds no group, or the zip's directory is damaged
        raise _damaged(path, error) from error
    if isinstance(store, _Packed):
        opened.set_close(store.close)
    return opened


def _damaged(path: Path, error: Exception) -> ValueError:
    return ValueError(f"{path}: damaged: {' '.join(str(error).split())}")
