"""Datasets: the exact joint distribution p(x, y) that a network learns from.

To add one: a module with a `Dataset` subclass that has `exact()` and `shape()`, and a line here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infoplane.section import Registry

if TYPE_CHECKING:
    from infoplane.datasets.base import Dataset

DATASETS: Registry[Dataset] = Registry(
    "infoplane.datasets",
    spherical="infoplane.datasets.spherical:Spherical",
    committee="infoplane.datasets.rules:Committee",
    parity="infoplane.datasets.rules:Parity",
    linear_teacher="infoplane.datasets.linear:LinearTeacher",
    digits="infoplane.datasets.images:Digits",
    mnist="infoplane.datasets.images:Mnist",
    mat="infoplane.datasets.files:Mat",
    idx="infoplane.datasets.files:Idx",
    npz="infoplane.datasets.files:Npz",
)
