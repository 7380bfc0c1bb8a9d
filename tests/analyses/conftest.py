"""Small runs in the data model's form, made from formulas: two phases, fitting and then compression."""

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from infoplane import stores
from infoplane.analyses.base import Run, conditions
from infoplane.condition import Condition
from infoplane.datasets.base import joint
from infoplane.measures.derived import derive

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
    return layered(layers, I_XT=i_xt, I_TY=i_ty, H_T=i_xt)


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
    ).assign(network_phase_change=("replicate", np.full(replicates, change)))


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


def gaussian(replicates=4, layers=4):
    """I(N;T) falls by a tenth of I(X;T); the error above the noise falls to 0.1 and rises to 0.3."""
    plane = information(replicates, layers)
    excess = np.interp(np.log1p(EPOCHS), np.log1p([0, 16, 256]), [1, 0.1, 0.3])
    excess = excess + 0.01 * np.arange(replicates)[:, None]
    described = {"units": "1", "long_name": "error"}
    errors = {"excess_error": excess, "generalisation_error": excess + 0.5}
    of_networks = {name: (("replicate", "epoch"), value, described) for name, value in errors.items()}
    return plane.assign(I_NT=plane["I_XT"] / 10, **of_networks)


def weights(replicates=4, layers=4):
    """Pairs of neurons: all at the cosine 0.05 at first, all at 0.95 at the end; the output layer has no pair.

    The weights drift from epoch 1 on, and diffuse from 128 on.
    """
    cosine = np.linspace(-0.975, 0.975, 40)
    share = np.zeros((replicates, len(EPOCHS), layers, 40))
    share[:, :-1, :, 20] = share[:, -1, :, 39] = 1
    share[:, :, -1] = np.nan
    rms = np.where(EPOCHS[-1] == EPOCHS, 0.95, 0.05)[None, :, None] + 0 * share[..., 0]
    data = layered(layers, correlation_rms=rms)
    data["correlation_share"] = (("replicate", "epoch", "layer", "correlation"), share)
    data["correlation_share_random"] = (("layer", "correlation"), np.full((layers, 40), 1 / 40))
    data["correlation_rms_random"] = ("layer", np.full(layers, 0.3))
    since = np.array([1, 128])
    way = np.maximum(EPOCHS[:, None] - since, 0.0) ** np.array([2, 1])
    way = np.tile(way[None, :, None], (replicates, 1, layers, 1))
    data["displacement"] = (("replicate", "epoch", "layer", "since"), way)
    return data.assign_coords(correlation=cosine, since=since)


def units(replicates=4, layers=4):
    """Two units a layer, one in the last: strangers at first, at the end those of the first network, shuffled.

    They tell a quarter and three quarters of the label; each network errs on an input of its own.
    """
    rng = np.random.default_rng(0)
    layer = np.append(np.repeat(np.arange(1, layers), 2), layers)
    first, last = rng.normal(size=(2, replicates, len(layer), 32))
    last[:] = last[0]
    last[1::2, :-1] = -last[1::2, :-1].reshape(-1, layers - 1, 2, 32)[:, :, ::-1].reshape(-1, len(layer) - 1, 32)
    signature = np.stack([first, last], 1)
    signature /= np.linalg.norm(signature, axis=-1, keepdims=True)
    of_unit = np.where(np.arange(len(layer)) % 2, 0.75, 0.25) * np.ones((replicates, 2, 1))
    data = {
        "signature": (("replicate", "epoch", "unit", "input"), signature),
        "unit_TY": (("replicate", "epoch", "unit"), of_unit),
        "layer_TY": (("replicate", "epoch", "layer"), np.ones((replicates, 2, layers))),
        "prediction": (("replicate", "epoch", "input"), np.stack([np.eye(replicates, 32, dtype=int)] * 2, 1)),
    }
    coords = {"replicate": np.arange(replicates), "epoch": EPOCHS[[0, -1]], "layer": np.arange(1, layers + 1)}
    along = {"layer_of_unit": ("unit", layer), "p_input": ("input", np.full(32, 1 / 32))}
    return xr.Dataset(data, coords | along)


def bound():
    """One bit for each bit, up to one; β falls from infinity to 1 at the corner."""
    return xr.Dataset(
        {"I_X": ("point", [0, 1.0, 2]), "I_Y": ("point", [0, 0.9, 1]), "beta": ("point", [1.1, 9, np.inf])}
    )


def cells(layers=4, replicates=4):
    """Layer k joins input 5 with the inputs up to 2 k beyond it, from the transition on; before, none."""
    joined = 5 + 2 * np.arange(1, layers + 1)
    sample = np.arange(32)
    late = (sample >= 5) & (sample <= joined[:, None])
    early = np.broadcast_to(sample == 5, late.shape)
    shares = np.where((EPOCHS >= 16)[:, None, None], late, early)
    shares = np.broadcast_to(shares, (replicates, *shares.shape))
    data = xr.Dataset({"shares_cell": (("replicate", "epoch", "layer", "sample"), shares, {"input": 5})})
    return data.assign_coords(replicate=np.arange(replicates), epoch=EPOCHS, layer=np.arange(1, layers + 1))


def followed(layers=4, replicates=4, features=12):
    """Three inputs; each layer forgets one bit of them at the last epoch."""
    shape = (replicates, len(EPOCHS), layers, 3)
    known = np.broadcast_to(np.arange(5, 5 - layers, -1)[:, None], shape).astype(float)
    data = {
        name: (("replicate", "epoch", "layer", "input"), values)
        for name, values in {
            "cell_size": 2 ** (5 - known),
            "followed_XT": known,
            "followed_TY": np.minimum(known, 1),
        }.items()
    }
    data["pattern"] = (("replicate", "epoch", "layer", "input", "feature"), np.full((*shape, features), 0.5))
    coords = {"replicate": np.arange(replicates), "epoch": EPOCHS, "layer": np.arange(1, layers + 1)}
    return xr.Dataset(data, {**coords, "input": [3, 8, 21]})


def inputs():
    """32 patterns of 12 bits; the first is the label."""
    x = (np.arange(32)[:, None] >> np.arange(12)) & 1
    return joint(x, np.full(32, 1 / 32), np.eye(2)[np.arange(32) % 2])


def derived(measurement):
    """What an estimator of cells stores with a plane of the 32 inputs; where not given, the class is half of X."""
    if "I_XT" not in measurement:
        return measurement
    if "I_ST" not in measurement:
        half = (measurement["I_XT"] / 2).assign_attrs(measurement["I_XT"].attrs)
        measurement = measurement.assign(I_ST=half, I_XT_given_S=half)
    return derive(measurement, inputs())


@pytest.fixture
def world(tmp_path):
    def run(varied=None, curves_=None, dataset=None, measurements=None, experiment="main", **condition):
        """A run of the given measurements; what is not given comes from the formulas."""
        given = measurements or {}
        plane = given.get("binned", information())
        replicates, layers = plane.sizes["replicate"], plane.sizes["layer"]
        measured = {
            "binned": plane,
            "gaussian": gaussian(replicates, layers),
            "gradients": gradients(replicates, layers),
            "weights": weights(replicates, layers),
            "units": units(replicates, layers),
            "bound": bound(),
            "specific": cells(layers, replicates),
            "followed": followed(layers),
        }
        hidden = tuple(range(layers + 1, 2, -1))
        settings = Condition(**{"replicates": replicates, "hidden": hidden, "epochs": 256, **condition})
        measured = {name: derived(data) for name, data in (measured | given).items()}
        history = curves(replicates) if curves_ is None else curves_
        return Run(experiment, settings, varied or {}, measured, history, inputs() if dataset is None else dataset)

    def stored(analysis):
        """The analysis as the next stage reads it."""
        stores.write(analysis, tmp_path / "analysis.zarr.zip")
        with stores.open_tree(tmp_path / "analysis.zarr.zip") as opened:
            return opened.load()

    parts = (layered, information, gaussian, gradients, curves, weights, units, bound, cells, followed, inputs)
    makers = {f.__name__: f for f in parts}
    return SimpleNamespace(epochs=EPOCHS, change=CHANGE, run=run, stored=stored, **makers)


@pytest.fixture
def analyse():
    def analyse(analysis, *runs):
        """What is told of a single condition, or of each."""
        found = conditions(analysis.analyse(runs))
        return found[0] if len(runs) == 1 else found

    return analyse


@pytest.fixture
def analyse_whole():
    def analyse_whole(analysis, *runs):
        """The root, and the conditions."""
        found = analysis.analyse(runs)
        return found.to_dataset(), *conditions(found)

    return analyse_whole


def estimate(value):
    return value.sel(interval="estimate").values
