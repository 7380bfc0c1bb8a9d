"""`infoplane.measure`: I(X;T) and I(T;Y) of activations from anywhere, by the estimators of the workflow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from pydantic import ValidationError

from infoplane import stores
from infoplane.datasets.base import MAX_CLASSES
from infoplane.datasets.replicates import draw
from infoplane.loading import lines
from infoplane.measures import ESTIMATORS
from infoplane.measures.base import Estimator, LayerEstimator
from infoplane.section import one_of

NUMBERS = "buif"  # numpy's kinds of real numbers
TOLERANCE = 1e-6  # of a sum of probabilities
SHAPES = "(sample, unit) or (epoch, sample, unit)"


def measure(
    activations: Any,
    labels: Any = None,
    *,
    estimator: str | Estimator = "binned",
    p_x: Any = None,
    p_y_given_x: Any = None,
    activation: str | Sequence[str] = "linear",
    epochs: Sequence[int] | None = None,
    **options: Any,
) -> xr.Dataset:
    """I(X;T) and I(T;Y), in bits, of the activations T of one layer or of several.

    Args:
        activations: of one layer, (sample, unit) or (epoch, sample, unit); of several, a list, or a dict by name, of
            such arrays; numpy's, or whatever becomes them. Or a training's store: its path, or the opened tree.
        labels: the class of each sample, (sample,). A store of `infoplane.record` has its own.
        estimator: a name of `infoplane.measures.ESTIMATORS`, whose keys are the `options` (`bins=30`); docs/measures.md
            says what each measures. Or an `Estimator`.
        p_x: how likely each sample is, (sample,); equally by default.
        p_y_given_x: in place of `labels`, the probabilities of the classes, (sample, class).
        activation: Keras's name of the function that the activations came from, which gives `binned` its range: one, or
            one for each layer. By default the range is that of the values.
        epochs: the numbers of the epochs; by default 0, 1, ...

    Returns:
        `I_XT`, `I_TY`, and what else the estimator gives, over (epoch, layer), as far as `activations` has them; of a
        store, over (replicate, epoch, layer). `layer` counts from 1; of named layers `.sel(name="wide")` works too. NaN
        where an activation is. `knn`, which needs drawn labels, is given a draw from `p_y_given_x`.

    Raises:
        ValueError: something that cannot be taken, in one line.
    """
    section = _estimator(estimator, options)
    if not isinstance(section, LayerEstimator):
        kinds = [kind for kind in ESTIMATORS if issubclass(ESTIMATORS[kind], LayerEstimator)]
        raise ValueError(
            f"estimator: {section.kind} runs the network, arrays are not enough; allowed: {', '.join(kinds)}"
        )
    if isinstance(activations, str | Path):
        with stores.open_tree(Path(activations)) as tree:
            return measure(tree, labels, estimator=section, p_x=p_x, p_y_given_x=p_y_given_x)
    stored = isinstance(activations, xr.DataTree)
    training = activations if stored else _training(activations, activation, epochs)
    if stored and labels is None and p_y_given_x is None and "label" in training:
        labels = training.dataset["label"].values[0]
    first = next(iter(training.children.values()), None)
    if first is not None and "weight" in first and "activation" not in first:
        raise ValueError("activations: found a training whose activations were let go; allowed: one that has them")
    if first is None or "activation" not in first:
        raise ValueError("activations: found a store without layers; allowed: that of a training")
    dataset = _dataset(labels, p_x, p_y_given_x, first.sizes["sample"], first["replicate"])
    measured = _named(section.measure(training, dataset), training)
    return measured if stored else _as_given(measured, activations)


def _estimator(estimator: str | Estimator, options: Mapping[str, Any]) -> Estimator:
    if isinstance(estimator, Estimator):
        if options:
            raise ValueError(f"{next(iter(options))}: found a key beside an estimator; allowed: a name and its keys")
        return estimator
    if estimator not in ESTIMATORS:
        raise ValueError(f"estimator: found {estimator!r}; {one_of(ESTIMATORS, str(estimator))}")
    try:
        return ESTIMATORS[estimator](**options)
    except ValidationError as error:
        raise ValueError(lines(error, options).replace("\n", "; ")) from None


def _training(activations: Any, activation: str | Sequence[str], epochs: Sequence[int] | None) -> xr.DataTree:
    """A training's tree of the layers, with one replicate."""
    layers = _layers(activations)
    names = [activation] * len(layers) if isinstance(activation, str) else list(activation)
    if len(names) != len(layers):
        raise ValueError(f"activation: found {len(names)} names; allowed: one, or {len(layers)}, one for each layer")
    arrays = {name: _array(name, layer) for name, layer in layers.items()}
    shapes = {array.shape[:2] for array in arrays.values()}
    if len(shapes) != 1:
        found = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise ValueError(f"activations: found {found}; allowed: as many epochs and samples in each layer")
    coords = {"replicate": [0], "epoch": _epochs(epochs, next(iter(shapes))[0])}
    named = isinstance(activations, Mapping)
    nodes = {"/": xr.Dataset(coords=coords)}
    for number, ((name, array), function) in enumerate(zip(arrays.items(), names, strict=True), 1):
        ends = {f"activation_{end}": getattr(array, end)((1, 2)) for end in ("min", "max")}
        nodes[f"/layer_{number}"] = xr.Dataset(
            {
                "activation": (("replicate", "epoch", "sample", "unit"), array[None]),
                **{end: (("replicate", "epoch"), values[None]) for end, values in ends.items()},
            },
            attrs={"activation": function, **({"name": name} if named else {})},
        )
    return xr.DataTree.from_dict(nodes)


def _layers(activations: Any) -> dict[str, Any]:
    if isinstance(activations, Mapping):
        layers = {str(name): layer for name, layer in activations.items()}
    elif isinstance(activations, list | tuple):
        layers = {f"layer {number}": layer for number, layer in enumerate(activations, 1)}
    else:
        layers = {"activations": activations}
    if not layers:
        raise ValueError(f"activations: found no layer; allowed: arrays {SHAPES}")
    return layers


def _array(name: str, layer: Any) -> np.ndarray:
    """A layer as float32 (epoch, sample, unit)."""
    array = _plain(layer)
    if array.dtype.kind not in NUMBERS or array.ndim not in (2, 3) or 0 in array.shape:
        hint = "; of more axes make units, a.reshape(len(a), -1)" if array.ndim > 3 else ""
        raise ValueError(f"{name}: found {array.dtype} of shape {array.shape}; allowed: numbers {SHAPES}{hint}")
    with np.errstate(over="ignore"):
        array = array.astype(np.float32)
    if np.isinf(array).any():
        raise ValueError(f"{name}: found values beyond float32; allowed: finite numbers, or NaN where there is none")
    return array if array.ndim == 3 else array[None]


def _plain(values: Any) -> np.ndarray:
    """As numpy's array; PyTorch's tensors leave their graph and their device first."""
    return np.asarray(values.detach().cpu() if hasattr(values, "detach") else values)


def _epochs(epochs: Sequence[int] | None, number: int) -> np.ndarray:
    found = np.arange(number) if epochs is None else _plain(epochs)
    if found.shape != (number,) or found.dtype.kind not in "ui" or (np.diff(found) <= 0).any():
        raise ValueError(f"epochs: found {epochs}; allowed: {number} rising whole numbers, one for each epoch")
    return found


def _dataset(labels: Any, p_x: Any, p_y_given_x: Any, samples: int, replicate: xr.DataArray) -> xr.Dataset:
    """p(x), p(y|x) and labels as a dataset's store has them, checked."""
    if (labels is None) == (p_y_given_x is None):
        found = "neither" if labels is None else "both"
        raise ValueError(f"labels, p_y_given_x: found {found}; allowed: one of the two")
    if labels is not None:
        drawn, classes = _classes(_plain(labels), samples)
        p_y = np.eye(classes)[drawn]
    else:
        p_y = _probabilities("p_y_given_x", p_y_given_x, samples, 2)
        drawn = None
    p_x = np.full(samples, 1 / samples) if p_x is None else _probabilities("p_x", p_x, samples, 1)
    data = xr.Dataset({"p_x": ("sample", p_x), "p_y_given_x": (("sample", "class"), p_y)})
    if drawn is None:
        return draw(data, seed=0, replicates=int(replicate.max()) + 1)
    label = np.broadcast_to(drawn, (replicate.size, samples))
    return data.assign(label=(("replicate", "sample"), label)).assign_coords(replicate=replicate.values)


def _classes(labels: np.ndarray, samples: int) -> tuple[np.ndarray, int]:
    """Labels of any kind as whole numbers 0, 1, ..., and how many they are."""
    if labels.shape != (samples,):
        raise ValueError(f"labels: found shape {labels.shape}; allowed: one label per sample, ({samples},)")
    if labels.dtype.kind == "f" and not (np.isfinite(labels).all() and (labels == np.round(labels)).all()):
        raise ValueError("labels: found numbers that are not whole; allowed: classes; a continuous Y must be binned")
    found, drawn = np.unique(labels, return_inverse=True)
    if len(found) > MAX_CLASSES:
        raise ValueError(f"labels: found {len(found)} classes; allowed: up to {MAX_CLASSES}")
    return drawn, len(found)


def _probabilities(name: str, values: Any, samples: int, axes: int) -> np.ndarray:
    """p(x) (sample,), or p(y|x) (sample, class), whose rows sum to 1."""
    p = _plain(values)
    shape = f"({samples},)" if axes == 1 else f"({samples}, class)"
    if p.dtype.kind not in NUMBERS or p.ndim != axes or len(p) != samples or 0 in p.shape:
        raise ValueError(f"{name}: found {p.dtype} of shape {p.shape}; allowed: numbers {shape}")
    p = p.astype(np.float64)
    if not (p >= 0).all() or not np.allclose(p.sum(-1), 1, rtol=0, atol=TOLERANCE):
        raise ValueError(f"{name}: found values below 0, or sums other than 1; allowed: probabilities {shape}")
    return p


def _named(measured: xr.Dataset, training: xr.DataTree) -> xr.Dataset:
    """With the names of the layers, where the training has them, as another coordinate of `layer`."""
    names = [training[f"layer_{number}"].attrs.get("name") for number in measured["layer"].values]
    if None in names or len(set(names)) != len(names):
        return measured
    attributes = {"units": "1", "long_name": "name of the layer"}
    return measured.assign_coords(name=("layer", names, attributes)).set_xindex("name")


def _as_given(measured: xr.Dataset, activations: Any) -> xr.Dataset:
    """Without the dimensions that the activations do not have, and what is derived along them."""
    measured = measured.isel(replicate=0, drop=True)
    several = isinstance(activations, Mapping | list | tuple)
    one = (
        next(iter(activations.values() if isinstance(activations, Mapping) else activations))
        if several
        else activations
    )
    if _plain(one).ndim == 2:
        measured = measured.isel(epoch=0, drop=True).drop_vars(
            [n for n in measured if str(n).startswith("compression")]
        )
    if not several:
        measured = measured.isel(layer=0, drop=True).drop_vars([n for n in measured if str(n).startswith("dpi_")])
    return measured
