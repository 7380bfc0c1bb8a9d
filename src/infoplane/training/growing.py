"""A packed store in the making: one file, to which each chunk is added as it comes.

Nothing is written twice: packing a folder of chunks would read and write a training's activations again.
"""

from __future__ import annotations

import mmap
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from zarr.core.buffer import Buffer

from infoplane import stores

CHUNK = "/c/"  # in the names of Zarr's chunks
SIGNATURE = b"PK\3\4"
HEADER = struct.Struct("<4s5H3L2H")  # of a member, before its name: the last four are sizes of data, name and extra


class Growing(dict[str, Buffer]):
    """What Zarr writes, for `zarr.storage.MemoryStore`: chunks go to the file `path`, at once and for good.

    What Zarr says of them, which may change until the end, is kept and written by `close`. The first `end` bytes of the
    file are those of a run that was killed and stay; what it wrote beyond goes.

    Raises:
        ValueError, struct.error: these bytes are not what was written.
    """

    def __init__(self, path: Path, end: int = 0):
        super().__init__()
        self._file = path.open("r+b" if end else "w+b")
        self._file.truncate(end)
        try:
            members = list(_members(self._file, end))
        except BaseException:
            self._file.close()
            raise
        self._file.seek(end)
        self._zip = zipfile.ZipFile(self._file, "w")
        self._zip.filelist += members

    def __setitem__(self, key: str, value: Buffer) -> None:
        if CHUNK in key:
            self._zip.writestr(stores.member(key), value.as_numpy_array().data)
        else:
            super().__setitem__(key, value)

    def end(self) -> int:
        """Bytes of what is written; all of them are on disk."""
        self._file.flush()
        os.fsync(self._file.fileno())
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
    """The members of a zip of `end` bytes that has no directory yet, each as it was written."""
    if not end:
        return
    start = 0
    with mmap.mmap(file.fileno(), end, access=mmap.ACCESS_READ) as whole, memoryview(whole) as data:
        while start < end:
            signature, *_, checksum, _, size, name, extra = HEADER.unpack_from(data, start)
            after = start + HEADER.size + name
            stop = after + extra + size
            found = stores.member(bytes(data[start + HEADER.size : after]).decode())
            is_chunk = CHUNK in found.filename and "\0" not in found.orig_filename
            is_whole = stop <= end and zlib.crc32(data[after + extra : stop]) == checksum
            if not (signature == SIGNATURE and is_chunk and is_whole):
                raise ValueError(f"damaged at byte {start}")
            found.header_offset, found.CRC, found.compress_size, found.file_size = start, checksum, size, size
            yield found
            start = stop
