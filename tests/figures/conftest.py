"""Small runs in the data model's form, made from formulas: two phases, fitting and then compression."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from infoplane.condition import Condition
from infoplane.figures.base import Run

EPOCHS = np.array([0, 1, 2, 4, 8, 16, 32, 64, 128, 256])
CHANGE = 20.0  # epoch from which the gradients diffuse


def layered(layers=4, **variables):
    """A measurement of arrays (replicate, epoch, layer) or (replicate, layer)."""
    dims = {3: ("replicate", "epoch", "layer"), 2: ("replicate", "layer")}
    data = {n: (dims[np.ndim(v)], v, {"units": "bits", "long_name": n}) for n, v in variables.items()}
    first = next(iter(variables.values()))
    coords = {"replicate": np.arange(len(first)), "epoch": EPOCHS, "layer": np.arange(1, layers + 1)}
    return xr.Dataset(data, coords)


def information(replicates=4, layers=4, compression=6.0, seed=0):
    """I(X;T) rises, then falls in the deeper layers; I(T;Y) rises; replicates differ a little."""
    rng = np.random.default_rng(seed)
    time = np.log1p(EPOCHS)[None, :, None] / np.log1p(EPOCHS[-1])
    depth = np.arange(1, layers + 1)[None, None, :] / layers
    wobble = 0.2 * rng.random((replicates, 1, layers))
    fall = compression * depth**2 * np.clip(time - 0.5, 0, None)
    i_xt = 12 - 7 * depth**2 * (1 - np.clip(2 * time, 0, 1)) - fall - wobble
    i_ty = (1 - 0.1 * depth) * np.sqrt(time) - 0.1 * wobble
    return layered(layers, I_XT=i_xt, I_TY=i_ty, H_T=i_xt, compression=(i_xt.max(1) - i_xt[:, -1]))


def gradients(replicates=4, layers=4, change=CHANGE):
    """Mean twice the standard deviation up to the change, a hundredth of it afterwards."""
    std = np.broadcast_to((0.1 / (1 + EPOCHS))[None, :, None], (replicates, len(EPOCHS), layers))
    ratio = np.where(np.isnan(change) | (change > EPOCHS), 2.0, 0.01)[None, :, None]
    return layered(
        layers,
        gradient_mean=std * ratio,
        gradient_std=std,
        gradient_snr=np.broadcast_to(ratio, std.shape),
        phase_change=np.full((replicates, layers), change),
    )


def curves(replicates=4, seed=0):
    """Losses and errors that fall to a generalisation gap of a tenth of their start."""
    rng = np.random.default_rng(seed)
    fall = np.exp(-EPOCHS / 30) + 0.02 * rng.random((replicates, len(EPOCHS)))
    starts = {"train_loss": 0.7, "test_loss": 0.8, "train_error": 0.4, "test_error": 0.5}
    data = {
        name: (("replicate", "epoch"), start * fall + 0.1 * start * name.startswith("test"))
        for name, start in starts.items()
    }
    return xr.Dataset(data, {"replicate": np.arange(replicates), "epoch": EPOCHS})


def make_run(varied=None, information=None, gradients=None, curves=None, **condition):
    """A run of the given measurements; what is not given comes from the formulas."""
    measured = {
        "binned": world_information() if information is None else information,
        "gradients": world_gradients() if gradients is None else gradients,
    }
    replicates, layers = measured["binned"].sizes["replicate"], measured["binned"].sizes["layer"]
    hidden = tuple(range(layers + 1, 2, -1))
    settings = Condition(**{"replicates": replicates, "hidden": hidden, "epochs": 256, **condition})
    return Run(settings, varied or {}, world_curves(replicates) if curves is None else curves, measured, Path(), ())


world_information, world_gradients, world_curves = information, gradients, curves


@pytest.fixture
def world():
    return SimpleNamespace(
        epochs=EPOCHS,
        change=CHANGE,
        layered=layered,
        information=information,
        gradients=gradients,
        curves=curves,
        run=make_run,
    )
