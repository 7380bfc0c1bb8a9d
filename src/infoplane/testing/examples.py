"""Made-up data in the data model's form: a dataset, a training of it, and runs as an analysis reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import xarray as xr

from infoplane.analyses.base import Analysis, Run
from infoplane.condition import Condition
from infoplane.datasets.base import bit_patterns, uniform
from infoplane.datasets.replicates import draw
from infoplane.measures import ESTIMATORS, MEASURES

EPOCHS = (0, 1, 2, 5, 10, 20, 50, 100)
UNITS = (5, 4, 3, 1)  # of the layers; the last is the output
REPLICATES = 5


@cache
def dataset() -> xr.Dataset:
    """The 64 patterns of 6 bits, each bit twice, equally likely; the label is the first bit, with some noise."""
    x = np.repeat(bit_patterns(6), 2, axis=1)
    return draw(uniform(x, np.where(x[:, 0], 0.95, 0.1)), seed=0, replicates=REPLICATES)


def training(
    data: xr.Dataset, replicates: Sequence[int] = range(3), diverged: Mapping[int, int] | None = None, seed: int = 0
) -> xr.DataTree:
    """Networks of tanh units whose weights grow with the epochs, and lean to the first feature; sigmoid output.

    NaN from the epoch on in which a replicate has `diverged`.
    """
    weights = [_weights(np.random.default_rng([seed, r]), data.sizes["feature"]) for r in replicates]
    t = np.broadcast_to(data.x.values, (len(replicates), len(EPOCHS), *data.x.shape))
    coords = {
        "replicate": ("replicate", list(replicates), {"units": "1", "long_name": "number of the replicate"}),
        "epoch": ("epoch", list(EPOCHS), {"units": "epochs", "long_name": "completed epochs"}),
    }
    nodes = {"/": _curves(len(replicates))}
    for number, kernel in enumerate(map(np.stack, zip(*weights, strict=True)), 1):
        drive, last = t @ kernel, number == len(UNITS)
        t = 1 / (1 + np.exp(-drive)) if last else np.tanh(drive)
        nodes[f"/layer_{number}"] = _layer(t, kernel).assign_attrs(activation="sigmoid" if last else "tanh")
    tree = {place: node.assign_coords(coords) for place, node in nodes.items()}
    for replicate, epoch in (diverged or {}).items():
        sound = {place: (node.replicate != replicate) | (node.epoch < epoch) for place, node in tree.items()}
        tree = {place: node.where(sound[place]) for place, node in tree.items()}
    return xr.DataTree.from_dict({place: node.transpose("replicate", "epoch", ...) for place, node in tree.items()})


def runs(analysis: Analysis, *varied: Mapping[str, Any]) -> list[Run]:
    """Runs with all that an analysis reads, one for each of the settings in which they differ (two seeds by default).

    Estimators are those of the kind that the analysis names, else the first that gives what it needs.
    """
    found = []
    for number, settings in enumerate(varied or ({"seed": 0}, {"seed": 1})):
        condition = Condition(**{"hidden": UNITS[:-1], "replicates": 3, "epochs": EPOCHS[-1], **settings})
        kinds = {name: _kind(name, analysis) for name in analysis.estimators()} | {n: n for n in analysis.measures}
        measurements = {name: _measured(kind, number) for name, kind in kinds.items()}
        found.append(Run("main", condition, settings, measurements, _trained(number).to_dataset(), dataset()))
    return found


def _kind(name: str, analysis: Analysis) -> str:
    kinds = [name] if name in ESTIMATORS else ["binned", *ESTIMATORS]
    return next(kind for kind in kinds if set(analysis.needs) <= set(ESTIMATORS[kind].quantities))


@cache
def _trained(seed: int) -> xr.DataTree:
    return training(dataset(), seed=seed)


@cache
def _measured(kind: str, seed: int) -> xr.Dataset:
    section = (ESTIMATORS if kind in ESTIMATORS else MEASURES)[kind]()
    read: Any = _trained(seed) if section.reads == "training" else None
    return section.measure(read, dataset())


def _weights(rng: np.random.Generator, features: int) -> list[np.ndarray]:
    """The weights (epoch, unit_in, unit) of each layer."""
    growth = (1 + np.log1p(EPOCHS))[:, None, None]
    kernels = [rng.normal(size=shape) / np.sqrt(shape[0]) for shape in pairwise((features, *UNITS))]
    kernels[0][0] *= 3
    return [growth * kernel for kernel in kernels]


def _curves(replicates: int) -> xr.Dataset:
    fall = np.broadcast_to(1 / (1 + np.array(EPOCHS)), (replicates, len(EPOCHS)))
    named = {"loss": ("nats", "mean cross-entropy"), "error": ("1", "share classified wrongly")}
    return xr.Dataset(
        {
            f"{part}_{name}": (("replicate", "epoch"), scale * fall, {"units": units, "long_name": f"{text}, {part}"})
            for part, scale in (("train", 0.5), ("test", 0.6))
            for name, (units, text) in named.items()
        }
    )


def _layer(activation: np.ndarray, kernel: np.ndarray) -> xr.Dataset:
    """A layer of activations (replicate, epoch, sample, unit), whose gradients drift first and diffuse then."""
    axes, described = ("replicate", "epoch"), {"units": "1", "long_name": "made up"}
    drift = np.broadcast_to(np.where(np.array(EPOCHS) < 20, 2.0, 0.02), activation.shape[:2])
    return xr.Dataset(
        {
            "activation": ((*axes, "sample", "unit"), activation.astype(np.float32), described),
            "weight": ((*axes, "unit_in", "unit"), kernel, described),
            "bias": ((*axes, "unit"), np.zeros(kernel.shape[:2] + kernel.shape[3:]), described),
            "weight_norm": (axes, np.linalg.norm(kernel, axis=(2, 3)), described),
            "gradient_mean_norm": (axes, drift, described),
            "gradient_std_norm": (axes, np.ones_like(drift), described),
            "activation_min": (axes, activation.min(axis=(2, 3)), described),
            "activation_max": (axes, activation.max(axis=(2, 3)), described),
        }
    )
