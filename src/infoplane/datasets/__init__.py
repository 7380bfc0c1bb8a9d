"""Datasets: the exact joint distribution p(x, y) that a network learns from.

To add one: a module with a `Section` subclass that has `distribution()`, and a line here.
"""

from infoplane.section import Registry

DATASETS = Registry(
    spherical="infoplane.datasets.spherical:Spherical",
    mat="infoplane.datasets.files:Mat",
    npz="infoplane.datasets.files:Npz",
)
