"""`ActivationRecorder`: a Keras callback that records a model of your own as infoplane records its ensembles."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from infoplane import stores
from infoplane.training.backend import keras
from infoplane.training.schedule import snapshot_epochs
from infoplane.training.store import STATISTICS, Layer, Store

SAMPLES = 1024  # seen at once by the forward pass


class ActivationRecorder(keras.callbacks.Callback):
    """Records a `keras.Model` during `fit` into a training's store with a replicate axis of length 1.

    Args:
        store: where to write, which must not exist yet; complete when `fit` has ended. A name that ends in `.zip`
            (`training.zarr.zip`) makes it one file, as the workflow's are, any other a folder; both open the same.
        x: the inputs whose activations are recorded, (sample, ...), as the model takes them.
        y: their labels, whole numbers (sample,), for losses and errors.
        trained: which samples are trained on, (sample,) of bool; the others are the test samples. Without it all
            samples are both.
        layers: names of the layers to record, in order; without it all layers that have weights.
        pool: of layers with more axes than (sample, unit), convolutional ones say, record the mean over all axes but
            the last instead of every unit.
        snapshots: epochs recorded at most: 0 (the initial weights), then log-spaced up to the last.
        precision: of the activations, float32 or float16.

    The last layer's output is taken for p(y|x): one unit for p(y=1), or a unit per class. Gradient statistics, which a
    callback cannot see, are NaN. Raises ValueError, in one line, for what does not fit the model.
    """

    def __init__(
        self,
        store: Path | str,
        x: np.ndarray,
        y: np.ndarray,
        *,
        trained: np.ndarray | None = None,
        layers: Sequence[str] | None = None,
        pool: bool = False,
        snapshots: int = 60,
        precision: str = "float32",
    ):
        super().__init__()
        self.path, self.x, self.y = Path(store), np.asarray(x), np.asarray(y).astype(int)
        if self.path.exists():
            raise ValueError(f"store: {self.path} exists already")
        if self.y.shape != (len(self.x),):
            raise ValueError(f"y: found shape {self.y.shape}; allowed: one label per sample, ({len(self.x)},)")
        if snapshots < 2:
            raise ValueError(f"snapshots: found {snapshots}; allowed: 2 or more")
        if precision not in ("float32", "float16"):
            raise ValueError(f"precision: found {precision}; allowed: float32, float16")
        everything = np.ones(len(self.x), bool)
        self.trained = everything if trained is None else np.asarray(trained, bool)
        if self.trained.shape != everything.shape:
            raise ValueError(f"trained: found shape {self.trained.shape}; allowed: ({len(self.x)},)")
        self.tested = everything if self.trained.all() else ~self.trained
        self.names, self.pool, self.snapshots, self.precision = layers, pool, snapshots, precision

    def on_train_begin(self, logs=None) -> None:
        """Lay out the store and record the initial weights."""
        self.recorded = self._chosen()
        self.network = keras.Model(self.model.inputs, [*(layer.output for layer in self.recorded), *self.model.outputs])
        self.epochs = [int(epoch) for epoch in snapshot_epochs(self.params["epochs"], self.snapshots)]
        self.taken: list[dict[str, np.ndarray]] = []
        self.folder = tempfile.TemporaryDirectory(prefix=f".{self.path.name}.", dir=self.path.parent)
        described = [self._describe(layer) for layer in self.recorded]
        self.store = Store(
            Path(self.folder.name) / self.path.name, described, [0], self.epochs, len(self.x), self.precision
        )
        self.store.create()
        self._record()

    def on_epoch_end(self, epoch: int, logs=None) -> None:
        """Record the epoch if it is one of the snapshots."""
        if epoch + 1 in self.epochs:
            self._record()

    def on_train_end(self, logs=None) -> None:
        """Complete the store and put it in its place; a fit that was stopped early has fewer epochs."""
        self.store.finish(len(self.taken), lambda snapshot, name: self.taken[snapshot][name])
        if self.path.suffix == ".zip":
            stores.pack(self.store.path, self.path)
        else:
            self.store.path.rename(self.path)
        self.folder.cleanup()

    def _chosen(self) -> list:
        if self.names is None:
            return [layer for layer in self.model.layers if layer.weights]
        known = {layer.name: layer for layer in self.model.layers}
        unknown = [name for name in self.names if name not in known]
        if unknown:
            raise ValueError(f"layers: the model has no {', '.join(unknown)}; allowed: {', '.join(known)}")
        return [known[name] for name in self.names]

    def _describe(self, layer) -> Layer:
        shape = layer.output.shape[1:]
        if None in shape and not (self.pool and shape[-1]):
            raise ValueError(f"layers: {layer.name} has no fixed size, {tuple(shape)}; record it with pool=True")
        units = int(shape[-1] if self.pool else np.prod(shape))
        activation = getattr(layer, "activation", None)
        name = activation.__name__ if activation is not None else "linear"
        weights = layer.get_weights()
        return Layer(name, units, _matrix(weights[0]).shape if len(weights) == 2 else None)

    def _record(self) -> None:
        snapshot, result = len(self.taken), {"diverged_epoch": np.array([-1], np.int32)}
        blocks = [self.network.predict_on_batch(self.x[s : s + SAMPLES]) for s in range(0, len(self.x), SAMPLES)]
        *activations, output = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
        loss, error = _loss_and_error(output, self.y)
        for part, members in (("train", self.trained), ("test", self.tested)):
            result[f"{part}_loss"] = np.array([loss[members].mean()], np.float32)
            result[f"{part}_error"] = np.array([error[members].mean()], np.float32)
        for number, (layer, activation) in enumerate(zip(self.recorded, activations, strict=True), 1):
            if self.pool and activation.ndim > 2:
                activation = activation.mean(axis=tuple(range(1, activation.ndim - 1)))
            values = activation.reshape(1, len(self.x), -1).astype(self.precision)
            self.store.write_activation(number - 1, snapshot, 0, values)
            result |= {f"layer_{number}/{k}": v for k, v in _statistics(layer.get_weights(), values).items()}
        self.taken.append(result)


def _statistics(weights: list[np.ndarray], values: np.ndarray) -> dict[str, np.ndarray]:
    """What the store has of a layer beside its activations, each with the replicate axis in front."""
    found = {name: np.full(1, np.nan, np.float32) for name in STATISTICS}
    found["activation_min"], found["activation_max"] = (
        np.array([end], np.float32) for end in (values.min(), values.max())
    )
    if len(weights) == 2:  # a kernel and a bias
        found["weight"], found["bias"] = _matrix(weights[0])[None], weights[1][None]
        found["weight_norm"] = np.array([np.linalg.norm(weights[0])], np.float32)
    return found


def _matrix(kernel: np.ndarray) -> np.ndarray:
    """A kernel as (unit_in, unit): of a convolution, all that one filter sees is unit_in."""
    return kernel.reshape(-1, kernel.shape[-1])


def _loss_and_error(output: np.ndarray, label: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cross-entropy in nats and whether the prediction is wrong, each (sample,); output (sample, 1 or class)."""
    p = output.reshape(len(output), -1).astype(float)
    if p.shape[1] == 1:
        p = np.concatenate([1 - p, p], axis=1)
    if label.min() < 0 or label.max() >= p.shape[1]:
        raise ValueError(
            f"y: labels {label.min()} to {label.max()}; allowed: 0 to {p.shape[1] - 1}, the model's classes"
        )
    chosen = np.take_along_axis(p, label[:, None], axis=1)[:, 0]
    return -np.log(np.clip(chosen, np.finfo(float).tiny, None)), p.argmax(axis=1) != label
