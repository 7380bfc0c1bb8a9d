"""`ActivationRecorder`: a Keras callback that records a model of your own as infoplane records its ensembles."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from infoplane import stores
from infoplane.training.backend import keras
from infoplane.training.schedule import snapshot_epochs
from infoplane.training.store import STATISTICS, Layer, Store
from infoplane.training.watching import NATS, Watched, activation

SAMPLES = 1024  # seen at once by the forward pass


class ActivationRecorder(keras.callbacks.Callback):
    """Records a `keras.Model` during `fit` into a training's store with a replicate axis of length 1.

    Args:
        store: where to write, which must not exist yet; complete when `fit` has ended. A name that ends in `.zip`
            (`training.zarr.zip`) makes it one file, as the workflow's are, any other a folder; both open the same.
        x: the inputs whose activations are recorded, (sample, ...), as the model takes them: for several inputs a list
            or a dict of arrays.
        y: their labels as the loss takes them, whole numbers (sample,) or one-hot (sample, class).
        trained: which samples are trained on, (sample,) of bool; the others are the test samples. Without it all
            samples are both.
        layers: names of the layers to record, in order; without it all that the model runs, but for those that lose
            nothing (`watching.IDLE`: dropout, flatten, ...).
        pool: of layers with more axes than (sample, unit), convolutional ones say, record the mean over all axes but
            the last instead of every unit.
        snapshots: epochs recorded at most: those before the first epoch and after the last, log-spaced between.
        precision: of the activations, float32 or float16.

    Activations go to disk at once; the weights of all snapshots are in memory until `fit` ends. Layers are recorded as
    they give: with `from_logits=True` the last one's are logits. Losses are those of `Model.evaluate`, penalties
    included; errors the share of samples whose largest output, or the side of whose one unit, is not their label.
    Gradient statistics, which a callback cannot see, are NaN. Raises ValueError, in one line, for what cannot be
    recorded: several outputs, targets that are no classes (of a regression), layers that are run twice.
    """

    def __init__(
        self,
        store: Path | str,
        x: Any,
        y: np.ndarray,
        *,
        trained: np.ndarray | None = None,
        layers: Sequence[str] | None = None,
        pool: bool = False,
        snapshots: int = 60,
        precision: str = "float32",
    ):
        super().__init__()
        self.path, self.x, self.y = Path(store), _inputs(x), np.asarray(y)
        _refuse_existing(self.path)
        self.label = _labels(self.y, len(keras.tree.flatten(self.x)[0]))
        if snapshots < 2:
            raise ValueError(f"snapshots: found {snapshots}; allowed: 2 or more")
        if precision not in ("float32", "float16"):
            raise ValueError(f"precision: found {precision}; allowed: float32, float16")
        everything = np.ones(len(self.label), bool)
        self.trained = everything if trained is None else np.asarray(trained, bool)
        if self.trained.shape != everything.shape or not self.trained.any():
            raise ValueError(
                f"trained: found shape {self.trained.shape}; allowed: ({len(everything)},), some of it true"
            )
        self.names, self.pool, self.snapshots, self.precision = layers, pool, snapshots, precision
        self.store: Store | None = None

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Before the first epoch: lay out the store and record the weights as they are."""
        if self.store is not None:
            return
        _refuse_existing(self.path)
        self.watched = Watched(self.model, self.names, _part(self.x, slice(1)))
        self.epochs = [int(e) + epoch for e in snapshot_epochs(self.params["epochs"] - epoch, self.snapshots)]
        self.taken: list[dict[str, np.ndarray]] = []
        self.folder = tempfile.TemporaryDirectory(prefix=f".{self.path.name}.", dir=self.path.parent)
        described = [self._describe(*pair) for pair in zip(self.watched.layers, self.watched.shapes, strict=True)]
        self.written = Path(self.folder.name) / self.path.name
        self.store = Store(self.written, described, [0], self.epochs, len(self.label), self.precision)
        self.store.create()
        self._record(self.store)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Record the epoch if it is one of the snapshots."""
        if self.store and epoch + 1 in self.epochs:
            self._record(self.store)

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Complete the store and put it in its place; a fit that was stopped early has fewer epochs."""
        if self.store is None:  # no epoch was run
            return
        self.store.finish(len(self.taken), lambda snapshot, name: self.taken[snapshot][name])
        self._name(self.store)
        if self.path.suffix == ".zip":
            stores.pack(self.written, self.path)
        else:
            self.written.rename(self.path)
        self.folder.cleanup()
        self.store = None

    def _describe(self, layer: keras.Layer, shape: Sequence[int]) -> Layer:
        kernel = _kernel(layer)
        units = int(shape[-1] if self.pool and len(shape) > 1 else np.prod(shape))
        return Layer(activation(layer), units, None if kernel is None else kernel.shape)

    def _record(self, store: Store) -> None:
        parts = {"train": self.trained} if self.trained.all() else {"train": self.trained, "test": ~self.trained}
        values = [np.empty((len(self.label), layer.units), self.precision) for layer in store.layers]
        result: dict[str, np.ndarray] = {}
        for part, members in parts.items():
            curves = self._observe(np.flatnonzero(members), values)
            result |= {f"{part}_{name}": np.array([value], np.float32) for name, value in curves.items()}
        result = {name.replace("train", "test"): value for name, value in result.items()} | result
        lost = self.epochs[len(self.taken)] if not np.isfinite(result["train_loss"]).all() else -1
        before = int(self.taken[-1]["diverged_epoch"][0]) if self.taken else -1
        result["diverged_epoch"] = np.array([before if before >= 0 else lost], np.int32)
        for number, (layer, activations) in enumerate(zip(self.watched.layers, values, strict=True), 1):
            store.write_activation(number - 1, len(self.taken), 0, activations[None])
            result |= {f"layer_{number}/{name}": value for name, value in _statistics(layer, activations).items()}
        self.taken.append(result)

    def _observe(self, members: np.ndarray, values: list[np.ndarray]) -> dict[str, float]:
        """Loss and error of the samples `members`, whose activations are filled into `values` (sample, unit)."""
        loss, wrong = 0.0, 0.0
        for start in range(0, len(members), SAMPLES):
            block = members[start : start + SAMPLES]
            x, y = _part(self.x, block), self.y[block]
            outputs, predicted = self.watched(x)
            if len(keras.tree.flatten(predicted)) != 1:
                raise ValueError(f"model: found {len(keras.tree.flatten(predicted))} outputs; allowed: one")
            wrong += self.watched.wrong(np.asarray(keras.tree.flatten(predicted)[0]), self.label[block]).sum()
            loss += len(block) * self.watched.loss(x, y, predicted)
            for target, output in zip(values, outputs, strict=True):
                pooled = output.mean(axis=tuple(range(1, output.ndim - 1))) if self.pool and output.ndim > 2 else output
                target[block] = pooled.reshape(len(block), -1)
        return {"loss": loss / len(members), "error": wrong / len(members)}

    def _name(self, store: Store) -> None:
        """Say in the store what the layers and the loss are called, and keep labels and split."""
        root = store.root
        for number, layer in enumerate(self.watched.layers, 1):
            root[f"layer_{number}"].attrs["name"] = layer.name
        for part in ("train", "test") if self.watched.loss_name() not in NATS else ():
            text = f"mean of the model's loss, {self.watched.loss_name()}, on the {part} samples"
            root[f"{part}_loss"].attrs.update({"units": "1", "long_name": text.replace("train ", "training ")})
        for name, data, text in (("label", self.label, "label"), ("trained", self.trained, "whether it is trained on")):
            attributes: dict[str, Any] = {"units": "1", "long_name": f"{text} of each sample"}
            root.create_array(name, data=data[None], dimension_names=("replicate", "sample"), attributes=attributes)


def record(
    model: keras.Model,
    x: Any,
    y: np.ndarray,
    store: Path | str = "training.zarr.zip",
    *,
    trained: np.ndarray | None = None,
    layers: Sequence[str] | None = None,
    pool: bool = False,
    snapshots: int = 60,
    precision: str = "float32",
    **fit: Any,
) -> xr.DataTree:
    """Fit a compiled model, and record every layer while it learns: `record(model, x, y, epochs=100)`.

    What is recorded, of which inputs x, labels y and samples `trained`, is as `ActivationRecorder` says; `fit` goes to
    `Model.fit`, which is given the samples that are trained on. Returns the store, opened lazily: a group for each
    layer (`name` in its attributes) with `activation` (replicate, epoch, sample, unit), and in the root `train_loss`,
    `test_loss`, `train_error`, `test_error` (replicate, epoch).
    """
    recorder = ActivationRecorder(
        store, x, y, trained=trained, layers=layers, pool=pool, snapshots=snapshots, precision=precision
    )
    given = fit.pop("callbacks", None) or []
    callbacks = [*given, recorder] if isinstance(given, list | tuple) else [given, recorder]
    model.fit(_part(recorder.x, recorder.trained), recorder.y[recorder.trained], callbacks=callbacks, **fit)
    return stores.open_tree(recorder.path)


def _refuse_existing(path: Path) -> None:
    if path.exists():
        raise ValueError(f"store: {path} exists already")


def _inputs(x: Any) -> Any:
    """The inputs as arrays of equally many samples, in the structure in which they are given."""
    arrays = keras.tree.map_structure(np.asarray, x)
    shapes = [array.shape for array in keras.tree.flatten(arrays)]
    if not shapes or () in shapes or len({shape[0] for shape in shapes}) != 1 or shapes[0][0] == 0:
        found = ", ".join(map(str, shapes[:4])) or "nothing"
        raise ValueError(f"x: found shapes {found}; allowed: (sample, ...), or a list or dict of as many samples each")
    return arrays


def _part(x: Any, chosen: Any) -> Any:
    return keras.tree.map_structure(lambda array: array[chosen], x)


def _labels(y: np.ndarray, samples: int) -> np.ndarray:
    """The classes (sample,) of whole numbers (sample,) or (sample, 1), or of one-hot rows (sample, class)."""
    if y.dtype.kind not in "buif" or y.ndim not in (1, 2) or len(y) != samples:
        raise ValueError(f"y: found {y.dtype} of shape {y.shape}; allowed: one label per sample, ({samples},)")
    if y.ndim == 2 and y.shape[1] > 1:
        if not ((y == 0) | (y == 1)).all() or not (y.sum(axis=1) == 1).all():
            raise ValueError(
                f"y: found rows of {y.shape[1]} numbers that are not one-hot; allowed: one class per sample"
            )
        return y.argmax(axis=1)
    if not (np.isfinite(y).all() and (y == np.round(y)).all()):
        raise ValueError(
            "y: found numbers that are not whole; allowed: classes 0, 1, ...; a regression has no classes, "
            "which errors and I(T;Y) are of: train on its target in bins"
        )
    return y.reshape(-1).astype(int)


def _statistics(layer: keras.Layer, values: np.ndarray) -> dict[str, np.ndarray]:
    """What the store has of a layer beside its activations, each with the replicate axis in front."""
    found = {name: np.full(1, np.nan, np.float32) for name in STATISTICS}
    for name, end in (("activation_min", values.min()), ("activation_max", values.max())):
        found[name] = np.array([end], np.float32)
    kernel = _kernel(layer)
    if kernel is not None:
        found["weight"], found["bias"] = kernel[None], layer.get_weights()[1][None]
        found["weight_norm"] = np.array([np.linalg.norm(kernel)], np.float32)
    return found


def _kernel(layer: keras.Layer) -> np.ndarray | None:
    """The weights (unit_in, unit) of a layer that has a kernel and a bias, and no more.

    Of a convolution, all that one filter sees is unit_in.
    """
    weights = layer.get_weights()
    if len(weights) != 2 or weights[0].ndim < 2 or weights[1].shape != weights[0].shape[-1:]:
        return None
    return weights[0].reshape(-1, weights[0].shape[-1])
