"""A packed store in the making: one file, to which each chunk is added as it comes.

Nothing is written twice: packing a folder of chunks would read and write a training's activations again.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from zarr.core.buffer import Buffer

from infoplane import stores

HEADER = struct.Struct("<4s5H3L2H")  # of a member, before its name: the last four are sizes of data, name and extra


class Growing(dict[str, Buffer]):
    """What Zarr writes, for `zarr.storage.MemoryStore`: chunks go to the file `path`, at once and for good.

    What Zarr says of them, which may change until the end, is kept and written by `close`. The first `end` bytes of the
    file are those of a run that was killed and stay; what it wrote beyond goes.
    """

    def __init__(self, path: Path, end: int = 0):
        super().__init__()
        self._file = path.open("r+b" if end else "w+b")
        self._file.truncate(end)
        members = list(_members(self._file, end))
        self._file.seek(end)
        self._zip = zipfile.ZipFile(self._file, "w")
        self._zip.filelist += members

    def __setitem__(self, key: str, value: Buffer) -> None:
        if "/c/" in key:
            self._zip.writestr(stores.member(key), value.as_numpy_array().data)
        else:
            super().__setitem__(key, value)

    def end(self) -> int:
        """Bytes of what is written; all of them are in the file."""
        self._file.flush()
        return self._file.tell()

    def close(self) -> None:
        """Write what was kept, after which the file is a packed store."""
        for key in sorted(self):
            self._zip.writestr(stores.member(key), self[key].to_bytes())
        self._zip.close()
        self._file.close()

    def leave(self) -> None:
        """End where `close` was not reached: what is written stays for a later run."""
        self._zip.fp = None  # or it writes a directory when it is collected, also on a full disk
        with suppress(OSError):
            self._file.close()


def _members(file: BinaryIO, end: int) -> Iterator[zipfile.ZipInfo]:
    """The members of a zip that has no directory yet."""
    start = 0
    while start < end:
        file.seek(start)
        *_, checksum, _, size, name, extra = HEADER.unpack(file.read(HEADER.size))
        found = stores.member(file.read(name).decode())
        found.header_offset, found.CRC, found.compress_size, found.file_size = start, checksum, size, size
        yield found
        start += HEADER.size + name + extra + size
