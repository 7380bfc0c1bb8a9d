"""A training of made-up activations, on disk as the trainer writes it."""

from collections import defaultdict
from math import log2

import numpy as np
import pytest
import xarray as xr

from infoplane import stores

EPOCHS = [0, 1, 10, 100]


def layer_of(activation, name, rng, inputs=4):
    """A layer that says that it is noisy; its weights are not those that made the activations."""
    replicates, epochs, _, units = activation.shape
    per_snapshot = ("replicate", "epoch")
    alive = np.where(np.isnan(activation[:, :, :1, :1]), np.nan, 1)
    return xr.Dataset(
        {
            "activation": (("replicate", "epoch", "sample", "unit"), activation),
            "weight": (
                ("replicate", "epoch", "unit_in", "unit"),
                alive * rng.normal(size=(replicates, epochs, inputs, units)),
            ),
            "bias": (("replicate", "epoch", "unit"), rng.normal(size=(replicates, epochs, units))),
            "weight_norm": (per_snapshot, 1 + rng.random((replicates, epochs))),
            "gradient_mean_norm": (per_snapshot, rng.random((replicates, epochs))),
            "gradient_std_norm": (per_snapshot, rng.random((replicates, epochs))),
            "activation_min": (per_snapshot, activation.min((2, 3))),
            "activation_max": (per_snapshot, activation.max((2, 3))),
        },
        attrs={"activation": name, "units": units, "noise_variance": 0.1},
    )


def tree_of(layers, replicates, epochs):
    coords = {"replicate": np.asarray(replicates), "epoch": np.asarray(epochs)}
    nodes = {f"/layer_{i}": layer.assign_coords(coords) for i, layer in enumerate(layers, 1)}
    return xr.DataTree.from_dict({"/": xr.Dataset(coords=coords)} | nodes)


@pytest.fixture(scope="session")
def dataset():
    """200 inputs, not equally likely, with a label that they do not quite determine."""
    rng = np.random.default_rng(1)
    p_x = rng.dirichlet(np.full(200, 5.0))
    p_y = rng.beta(0.3, 0.3, 200)
    return xr.Dataset(
        {
            "x": (("sample", "feature"), rng.normal(size=(200, 4)).astype(np.float32)),
            "p_x": ("sample", p_x),
            "p_y_given_x": (("sample", "class"), np.stack([p_y, 1 - p_y], 1)),
            "sufficient_class": ("sample", np.arange(200, dtype=np.int32)),
            "label": (("replicate", "sample"), (rng.random((16, 200)) < 1 - p_y).astype(np.int8)),
        },
        coords={"replicate": np.arange(16)},
    )


@pytest.fixture(scope="session")
def layers():
    """tanh, ReLU and sigmoid layers of 6, 3 and 1 units over 3 replicates; the last replicate diverges at the end."""
    rng = np.random.default_rng(2)
    t = rng.normal(size=(3, len(EPOCHS), 200, 6)) * np.array([0.5, 1, 2, 3])[:, None, None]
    t[2, 3] = np.nan
    shapes = [("tanh", np.tanh(t)), ("relu", np.maximum(t[..., :3], 0)), ("sigmoid", 1 / (1 + np.exp(-t[..., :1])))]
    inputs = (4, 6, 3)
    return [layer_of(a.astype(np.float32), name, rng, n) for (name, a), n in zip(shapes, inputs, strict=True)]


@pytest.fixture(scope="session")
def training(layers, tmp_path_factory):
    """The layers as a store, replicates 10 to 12 of their condition, opened lazily."""
    path = tmp_path_factory.mktemp("training") / "training.zarr.zip"
    stores.write(tree_of(layers, [10, 11, 12], EPOCHS), path)
    return stores.open_tree(path)


@pytest.fixture(scope="session")
def trained():
    """Makes a training of as many replicates as `diverged_at` has entries, each NaN from that snapshot on."""

    def make(diverged_at, scale=1.0):
        rng = np.random.default_rng(0)
        t = scale * rng.normal(size=(len(EPOCHS), 200, 4)).astype(np.float32)
        t = np.stack([t] * len(diverged_at))
        layers = [layer_of(a, name, rng) for a, name in ((np.tanh(t), "tanh"), (np.maximum(t, 0), "relu"))]
        first = xr.DataArray([len(EPOCHS) if at is None else at for at in diverged_at], dims="replicate")
        healthy = xr.DataArray(np.arange(len(EPOCHS)), dims="epoch") < first
        layers = [layer.where(healthy).transpose("replicate", "epoch", ...) for layer in layers]
        return tree_of(layers, range(len(diverged_at)), EPOCHS)

    return make


def entropy(p):
    return -sum(q * log2(q) for q in p if q > 0)


def mutual_information(joint):
    """I(A;B) in bits of {(a, b): p}."""
    p_a, p_b = defaultdict(float), defaultdict(float)
    for (a, b), p in joint.items():
        p_a[a] += p
        p_b[b] += p
    return sum(p * log2(p / (p_a[a] * p_b[b])) for (a, b), p in joint.items() if p > 0)


@pytest.fixture(scope="session")
def informations():
    """I(X;T), I(T;Y), H(T) in bits by their definitions, one input at a time; input x has the cell `cells[x]`."""

    def by_definition(cells, p_x, p_y_given_x):
        p_xt, p_ty, p_t = {}, defaultdict(float), defaultdict(float)
        for x, (cell, p) in enumerate(zip(cells, p_x, strict=True)):
            p_xt[x, cell] = p
            p_t[cell] += p
            for y, q in enumerate(p_y_given_x[x]):
                p_ty[cell, y] += p * q
        return mutual_information(p_xt), mutual_information(p_ty), entropy(p_t.values())

    return by_definition
