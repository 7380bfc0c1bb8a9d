"""Datasets of the user, read from files: MATLAB in the layout of [ST17]'s code, numpy's npz, or MNIST's idx."""

from __future__ import annotations

import gzip
from abc import abstractmethod
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import IO, Literal
from zipfile import ZipFile

import numpy as np
import xarray as xr
from pydantic import Field

from infoplane.datasets.base import Dataset, Shape, from_arrays
from infoplane.section import Count

BYTES = 4 * 10**9  # of an array in a file: a small file can hold, or say that it holds, more than any machine
GZIP = b"\x1f\x8b"
MOST_AXES = 8  # of an idx file
IDX_TYPES: Mapping[int, str] = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
NUMBERS = (
    *("double", "single", "logical"),
    *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
)


class FileDataset(Dataset):
    """Samples and labels in a file: equally likely samples, each with its one label (`from_arrays`)."""

    path: Path = Field(description="The file, absolute or relative to the working directory.")

    @abstractmethod
    def read(self) -> tuple[np.ndarray, np.ndarray]:
        """x (sample, feature) and y (sample), as they are in the file."""

    def files(self) -> tuple[Path, ...]:
        """The one file."""
        return (self.path,)

    def exact(self) -> xr.Dataset:
        """Uniform p(x), one-hot p(y|x); ValueError with the file's name, in one line, for an unusable one."""
        for file in self.files():
            if not _is_file(file):
                raise ValueError(f"{file}: there is no such file, or it is none that can be read twice")
        try:
            with np.errstate(over="ignore"):
                found = from_arrays(*self.read())
            if not np.isfinite(found["x"]).all():
                raise ValueError("x: holds values beyond 3e38, the largest of float32; scale the features")
        except ValueError as error:
            raise ValueError(f"{self.path}: {error}") from error
        return found

    def shape(self) -> Shape:
        """As read from the file."""
        sizes = self.exact().sizes
        return Shape(sizes["sample"], sizes["feature"], sizes["class"])


class Mat(FileDataset):
    """A MATLAB file (up to v7.2): the patterns `F` (sample, feature) and the labels `y`, one per sample."""

    kind: Literal["mat"] = "mat"

    def read(self) -> tuple[np.ndarray, np.ndarray]:
        """`F` and `y`, whose row or column form is MATLAB's habit."""
        from scipy.io import loadmat, whosmat

        try:
            for name, shape, kind in whosmat(self.path):
                if name in ("F", "y"):
                    _check_size(name, 8 * prod(shape))
                    if kind not in NUMBERS:
                        raise _Unfit(f"{name}: {kind}; allowed: a full matrix of numbers")
            content = loadmat(self.path, variable_names=["F", "y"])
        except _Unfit:
            raise
        except Exception as error:
            raise ValueError(f"not readable ({_line(error)}); allowed: a MATLAB file up to v7.2") from error
        patterns, labels = _pick(content, "F", "y")
        return patterns, labels.ravel()


class Npz(FileDataset):
    """A numpy file (`numpy.savez`) with the arrays `x` (sample, feature) and `y` (sample)."""

    kind: Literal["npz"] = "npz"

    def read(self) -> tuple[np.ndarray, np.ndarray]:
        """`x` and `y`; pickled objects are refused, since reading them would run the file's code."""
        try:
            with ZipFile(self.path) as packed:
                for name in ("x", "y"):
                    if f"{name}.npy" in packed.namelist():
                        _check_size(name, max(packed.getinfo(f"{name}.npy").file_size, _declared(packed, name)))
            with np.load(self.path, allow_pickle=False) as content:
                arrays = {name: content[name] for name in ("x", "y") if name in content}
        except _Unfit:
            raise
        except Exception as error:
            raise ValueError(f"not readable ({_line(error)}); allowed: npz without pickled objects") from error
        x, y = _pick(arrays, "x", "y")
        return x, y


class Idx(FileDataset):
    """Two idx files, as MNIST's, plain or gzipped: images (sample, ...) in `path`, classes (sample) in `labels_path`.

    Images are flattened; those of unsigned bytes are scaled to [0, 1].
    """

    kind: Literal["idx"] = "idx"
    labels_path: Path = Field(description="The file of the labels, absolute or relative to the working directory.")
    samples: Count | None = Field(None, description="Samples used, the first ones; all if null.")

    def files(self) -> tuple[Path, ...]:
        """Images and labels."""
        return (self.path, self.labels_path)

    def read(self) -> tuple[np.ndarray, np.ndarray]:
        """The images (sample, pixel) and the labels (sample)."""
        images, labels = _read_idx(self.path, "images"), _read_idx(self.labels_path, "labels")
        if images.ndim < 2:
            raise ValueError(f"images: {images.ndim} axis; allowed: (sample, ...), two or more")
        if len(labels) != len(images):
            raise ValueError(f"{len(images)} images, and {len(labels)} labels in {self.labels_path}; allowed: as many")
        images = images.reshape(len(images), -1)[: self.samples]
        return images / np.float32(255) if images.dtype == np.uint8 else images, labels[: self.samples]


def _read_idx(path: Path, name: str) -> np.ndarray:
    """The array of an idx file: two zeros, a code of its type, its axes, their lengths, and the numbers."""
    with path.open("rb") as plain:
        packed = plain.read(2) == GZIP
    try:
        with gzip.open(path) if packed else path.open("rb") as stream:
            return _idx_array(stream, name)
    except _Unfit:
        raise
    except Exception as error:
        raise ValueError(f"{name}: not readable ({_line(error)}); allowed: an idx file, plain or gzipped") from error


def _idx_array(stream: IO[bytes] | gzip.GzipFile, name: str) -> np.ndarray:
    head = stream.read(4)
    if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in IDX_TYPES or head[3] == 0:
        raise _Unfit(f"{name}: begins with {head!r}; allowed: an idx file, plain or gzipped")
    lengths = stream.read(4 * head[3])
    if len(lengths) < 4 * head[3] or head[3] > MOST_AXES:
        raise _Unfit(f"{name}: {head[3]} axes; allowed: a whole idx file, of up to {MOST_AXES}")
    shape = tuple(int(length) for length in np.frombuffer(lengths, ">u4"))
    dtype = np.dtype(IDX_TYPES[head[2]])
    size = prod(shape) * dtype.itemsize
    _check_size(name, size)
    content = stream.read(size + 1)
    if len(content) != size:
        found = "more" if len(content) > size else str(len(content))
        raise _Unfit(f"{name}: {found} bytes, where its head promises {size}; allowed: a whole idx file")
    return np.frombuffer(content, dtype).reshape(shape)


class _Unfit(ValueError):
    """The file can be read, but not used."""


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that is too long, or has a zero in it
        return False


def _declared(packed: ZipFile, name: str) -> int:
    """The bytes that an array's head promises: numpy takes the memory for them before it reads."""
    with packed.open(f"{name}.npy") as stream:
        version = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(stream)
    return prod(shape) * dtype.itemsize


def _check_size(name: str, size: int) -> None:
    if size > BYTES:
        raise _Unfit(f"{name}: {size / 1e9:.3g} GB when unpacked; allowed: up to {BYTES / 1e9:.3g} GB")


def _pick(content: dict[str, np.ndarray], *names: str) -> tuple[np.ndarray, ...]:
    missing = [name for name in names if name not in content]
    if missing:
        raise ValueError(f"holds no {' and no '.join(missing)}; needed: the variables {' and '.join(names)}")
    return tuple(np.asarray(content[name]) for name in names)


def _line(error: Exception) -> str:
    """The error in one line: readers of damaged files raise all sorts."""
    return " ".join(f"{type(error).__name__}: {error}".split())
