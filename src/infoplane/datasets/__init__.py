"""Datasets: the exact joint distribution p(x, y) that a network learns from.

To add one: a module with a `Dataset` subclass that has `exact()` and `shape()`, and a line here.
"""

from infoplane.section import Registry

DATASETS = Registry(
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
