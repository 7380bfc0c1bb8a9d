import os

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import hashlib
import shutil

import numpy as np
import pytest
import xarray as xr

from infoplane.condition import Condition


def make_dataset(replicates=4, samples=96, features=5, classes=2, seed=0):
    """Real-valued inputs, labels that a network can learn, an own order for each replicate."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(samples, features)).astype(np.float32)
    score = np.tanh(x @ rng.normal(size=(features, classes))) * 3
    p = np.exp(score) / np.exp(score).sum(axis=1, keepdims=True)
    label = (rng.random((replicates, samples, 1)) > p.cumsum(axis=1)).sum(axis=2).clip(0, classes - 1)
    order = np.stack([rng.permutation(samples) for _ in range(replicates)])
    return xr.Dataset(
        {
            "x": (("sample", "feature"), x),
            "p_x": ("sample", np.full(samples, 1 / samples)),
            "p_y_given_x": (("sample", "class"), p),
            "label": (("replicate", "sample"), label.astype(np.int8)),
            "order": (("replicate", "sample"), order.astype(np.int32)),
        },
        coords={"replicate": np.arange(replicates)},
    )


def make_condition(**changes):
    defaults = {"hidden": (4, 3), "epochs": 6, "snapshots": 4, "batch_size": 20, "learning_rate": 0.1}
    return Condition(**(defaults | changes))


@pytest.fixture(scope="session")
def digest():
    """A digest of the bytes of a packed store."""
    return lambda path: hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="session")
def problem():
    return make_dataset


@pytest.fixture(scope="session")
def condition():
    return make_condition


@pytest.fixture
def train_store(tmp_path):
    """Train and open: `train_store(condition, dataset, replicates) -> (DataTree, messages, path)`."""
    from infoplane import stores
    from infoplane.training.trainer import train

    def run(condition, dataset, replicates=range(3), name="training.zarr.zip"):
        messages, path = [], tmp_path / name
        train(condition, dataset, replicates, path, tmp_path / "checkpoint", messages.append)
        shutil.rmtree(tmp_path / "checkpoint")
        return stores.open_tree(path), messages, path

    return run
