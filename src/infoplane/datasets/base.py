"""What every dataset is: a `Section` whose `distribution` is the exact joint distribution p(x, y)."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import xarray as xr
from pydantic import Field

from infoplane.section import Section
from infoplane.sufficient import sufficient_class

MAX_CLASSES = 128  # labels are stored as int8


class Shape(NamedTuple):
    """How many samples, features and classes a dataset has; no classes where its targets are real-valued."""

    samples: int
    features: int
    classes: int


class Dataset(Section):
    """A finite set of samples x with p(x) and p(y|x); each kind says in `exact` what they are.

    Or a Gaussian channel, samples of which are trained on (`linear.py`): its targets are real-valued.
    """

    if TYPE_CHECKING:
        kind: str = ""  # each kind has its own

    shuffled: bool = Field(
        False, description="Permute p(y|x) over the samples: same p(y) and I(X;Y), but no rule left to learn."
    )

    @abstractmethod
    def exact(self) -> xr.Dataset:
        """The kind's own p(x, y), as `joint` makes it."""

    @abstractmethod
    def shape(self) -> Shape:
        """Samples, features and classes, known without p(x, y): a config is checked before any job."""

    def files(self) -> tuple[Path, ...]:
        """Files of the user that the dataset is read from; their content is part of its version."""
        return ()

    def distribution(self) -> xr.Dataset:
        """p(x, y): `x` (sample, feature), `p_x`, `sufficient_class` (sample), `p_y_given_x` (sample, class)."""
        data = self.exact()
        if self.shuffled:
            permutation = np.random.default_rng(0).random(data.sizes["sample"]).argsort()
            for name in ("p_y_given_x", "sufficient_class", "nuisance_class"):
                if name not in data:
                    continue
                data[name] = data[name].copy(data=data[name].values[permutation])
        return data


def joint(x: np.ndarray, p_x: np.ndarray, p_y_given_x: np.ndarray, sufficient: np.ndarray | None = None) -> xr.Dataset:
    """The data model's dataset of x (sample, feature), p(x) (sample) and p(y|x) (sample, class).

    `sufficient` int (sample) is a class of each sample on which alone Y depends, by default `sufficient_class`.
    """
    classes = sufficient_class(p_y_given_x) if sufficient is None else sufficient
    return xr.Dataset(
        {
            "x": (("sample", "feature"), np.asarray(x, np.float32), {"units": "1", "long_name": "input"}),
            "p_x": ("sample", np.asarray(p_x, np.float64), {"units": "1", "long_name": "probability p(x)"}),
            "p_y_given_x": (
                ("sample", "class"),
                np.asarray(p_y_given_x, np.float64),
                {"units": "1", "long_name": "probability of the label p(y|x)"},
            ),
            "sufficient_class": (
                "sample",
                np.asarray(classes, np.int32),
                {"units": "1", "long_name": "sufficient class S: Y depends on X through S alone"},
            ),
        }
    )


def uniform(x: np.ndarray, p_positive: np.ndarray, sufficient: np.ndarray | None = None) -> xr.Dataset:
    """Equally likely samples x (sample, feature) of two classes, with p(y=1|x) (sample); `sufficient` as in `joint`."""
    return joint(x, np.full(len(x), 1 / len(x)), np.stack([1 - p_positive, p_positive], axis=1), sufficient)


def from_arrays(x: np.ndarray, y: np.ndarray) -> xr.Dataset:
    """Equally likely samples with known labels: uniform p(x), one-hot p(y|x).

    x (sample, feature), numbers; y (sample), whole numbers 0, 1, ..., each of which occurs. Every row of x
    counts as its own value of X, so H(X) = log2 of the number of samples. ValueError on anything else.
    """
    x, y = np.asarray(x), np.asarray(y)
    if x.ndim != 2 or x.dtype.kind not in "buif" or 0 in x.shape:
        raise ValueError(f"x: {x.dtype} of shape {x.shape}; allowed: numbers of shape (samples, features)")
    if not np.isfinite(x).all():
        raise ValueError("x: holds NaN or infinite values; allowed: finite numbers")
    if y.shape != (len(x),) or y.dtype.kind not in "buif":
        raise ValueError(f"y: {y.dtype} of shape {y.shape}; allowed: one number per sample, shape ({len(x)},)")
    found = np.unique(y)
    if not 2 <= len(found) <= MAX_CLASSES or not np.array_equal(found, np.arange(len(found))):
        shown = ", ".join(f"{value:g}" for value in found[:5].astype(float)) + (", ..." if len(found) > 5 else "")
        raise ValueError(f"y: labels {shown}; allowed: 0, 1, ... (2 to {MAX_CLASSES} classes, each with a sample)")
    return joint(x, np.full(len(x), 1 / len(x)), np.eye(len(found))[y.astype(int)])


def bit_patterns(bits: int) -> np.ndarray:
    """All 2^bits patterns of 0 and 1, (2^bits, bits); pattern k has the binary digits of k, lowest first."""
    return (np.arange(2**bits)[:, None] >> np.arange(bits)) & 1
