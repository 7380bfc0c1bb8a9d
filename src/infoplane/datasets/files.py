"""Datasets of the user, read from one file: MATLAB in the layout of [ST17]'s code, or numpy's npz."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import Literal

import numpy as np
import xarray as xr
from pydantic import Field

from infoplane.datasets.base import Dataset, Shape, from_arrays


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
        if not self.path.is_file():
            raise ValueError(f"{self.path}: there is no such file")
        try:
            return from_arrays(*self.read())
        except ValueError as error:
            raise ValueError(f"{self.path}: {error}") from error

    def shape(self) -> Shape:
        """As read from the file."""
        sizes = self.exact().sizes
        return Shape(sizes["sample"], sizes["feature"], sizes["class"])


class Mat(FileDataset):
    """A MATLAB file (up to v7.2): the patterns `F` (sample, feature) and the labels `y`, one per sample."""

    kind: Literal["mat"] = "mat"

    def read(self) -> tuple[np.ndarray, np.ndarray]:
        """`F` and `y`, whose row or column form is MATLAB's habit."""
        from scipy.io import loadmat

        try:
            content = loadmat(self.path, variable_names=["F", "y"])
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
            with np.load(self.path, allow_pickle=False) as content:
                arrays = {name: content[name] for name in ("x", "y") if name in content}
        except Exception as error:
            raise ValueError(f"not readable ({_line(error)}); allowed: npz without pickled objects") from error
        return _pick(arrays, "x", "y")


def _pick(content: dict[str, np.ndarray], *names: str) -> tuple[np.ndarray, ...]:
    missing = [name for name in names if name not in content]
    if missing:
        raise ValueError(f"holds no {' and no '.join(missing)}; needed: the variables {' and '.join(names)}")
    return tuple(np.asarray(content[name]) for name in names)


def _line(error: Exception) -> str:
    """The error in one line: readers of damaged files raise all sorts."""
    return " ".join(f"{type(error).__name__}: {error}".split())
