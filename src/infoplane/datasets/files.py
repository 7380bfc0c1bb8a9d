"""Datasets of the user, read from one file: MATLAB in the layout of [ST17]'s code, or numpy's npz."""

from __future__ import annotations

from abc import abstractmethod
from math import prod
from pathlib import Path
from typing import Literal
from zipfile import ZipFile

import numpy as np
import xarray as xr
from pydantic import Field

from infoplane.datasets.base import Dataset, Shape, from_arrays

BYTES = 4 * 10**9  # of an array in a file: a small file can hold, or say that it holds, more than any machine
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
        if not _is_file(self.path):
            raise ValueError(f"{self.path}: there is no such file, or it is none that can be read twice")
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
        return _pick(arrays, "x", "y")


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
