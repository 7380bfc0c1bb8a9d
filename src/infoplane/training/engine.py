"""The replicates of one job: their data, and what an engine that trains them has to do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from infoplane.condition import Condition
from infoplane.datasets.replicates import TEST_SHARE
from infoplane.training.backend import keras, tf
from infoplane.training.network import initial_weights, sources
from infoplane.training.randomness import replicate_keys


class State(NamedTuple):
    """Where a block of replicates stands after an epoch: all that its next epoch depends on."""

    weights: list[Any]  # packed, as the engine carries them; the replicate axis first
    slots: list[Any]  # of the optimizer
    diverged: Any  # (replicate,) int32: the epoch in which weights became non-finite, -1 if they have not


class Engine(ABC):
    """The replicates of one job: their data and their training, in `blocks` (slices of the replicate axis).

    The last block may overlap the one before, whose results then count.
    """

    blocks: list[slice]

    def __init__(self, condition: Condition, dataset: xr.Dataset, replicates: range):
        chosen = dataset.sel(replicate=sources(condition, replicates)[1])
        order = chosen["order"].values
        self.condition, self.replicates = condition, replicates
        self.x = np.ascontiguousarray(dataset["x"].values, np.float32)
        self.regression = condition.output == "linear"
        if self.regression != ("target" in dataset):
            allowed = "linear" if "target" in dataset else "sigmoid or softmax"
            raise ValueError(f"output: found {condition.output}; allowed with this dataset: {allowed}")
        real = self.regression
        self.label = chosen["target"].values.astype(np.float32) if real else chosen["label"].values.astype(np.int32)
        self.classes = dataset.sizes.get("class", 0)
        if condition.output == "sigmoid" and self.classes != 2:
            raise ValueError(
                f"output: sigmoid needs two classes, the dataset has {self.classes}: write output: softmax"
            )
        samples, features = self.x.shape
        self.n_train = round(condition.train_fraction * samples)
        if self.n_train == 0:
            raise ValueError(f"train_fraction: {condition.train_fraction} of {samples} samples is none")
        self.trained = order < self.n_train
        self.tested = order >= samples - round(TEST_SHARE * samples)
        self.batch = self.n_train if condition.batch_size == "full" else min(condition.batch_size, self.n_train)
        self.initial = initial_weights(condition, features, self.classes, replicates)
        self.keys = replicate_keys(condition.seed, replicates)
        self.train_index = np.argsort(order, axis=1)[:, : self.n_train].astype(np.int32)

    def join(self, parts: Sequence[Any]) -> np.ndarray:
        """Concatenate one array per block, the replicate axis first, to one of all replicates."""
        stops = [0, *(block.stop for block in self.blocks)]
        pieces = zip(parts, self.blocks, stops[:-1], strict=True)
        return np.concatenate([np.asarray(part)[stop - block.start :] for part, block, stop in pieces])

    def start(self) -> list[State]:
        """Return the blocks' states before the first epoch."""
        return [self.resume([w[block] for w in self.initial]) for block in self.blocks]

    def resume(
        self,
        weights: Sequence[np.ndarray],
        slots: Sequence[np.ndarray] | None = None,
        diverged: np.ndarray | None = None,
    ) -> State:
        """Return a block's state made of arrays; without `slots` and `diverged`, as before the first epoch."""
        packed = self.packed(weights)
        diverged = np.full(len(weights[0]), -1, np.int32) if diverged is None else diverged
        return State(packed, self.slots(packed) if slots is None else list(slots), diverged)

    @abstractmethod
    def packed(self, arrays: Sequence[np.ndarray]) -> list[Any]:
        """[kernel, bias, kernel, ...], the replicate axis first, as a state carries them."""

    @abstractmethod
    def slots(self, packed: list[Any]) -> list[Any]:
        """The optimizer's state before the first epoch."""

    @abstractmethod
    def run(self, states: list[State], epoch: int, stop: int) -> list[State]:
        """Train from completed epoch `epoch` to `stop`."""

    @abstractmethod
    def unpacked(self, packed: list[Any]) -> list[np.ndarray]:
        """What `packed` packed."""

    @abstractmethod
    def moments(self, states: list[State], epoch: int) -> list[tuple[list[Any], list[Any]]]:
        """Of each block, mean and sum of squared deviations of the gradients over the batches of `epoch`, packed.

        Weights stay as they are during the pass; batches count by their size.
        """

    @abstractmethod
    def forward(self, weights: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Logits, then each layer's activations, of networks with these weights on every sample.

        weights [kernel, bias, kernel, ...], the replicate axis first; arrays are (replicate, sample, unit), float32.
        """

    def weights(self, states: list[State]) -> list[np.ndarray]:
        """Return [kernel, bias, kernel, ...] of all replicates."""
        return [self.join(parts) for parts in zip(*(self.unpacked(state.weights) for state in states), strict=True)]

    def diverged(self, states: list[State]) -> np.ndarray:
        """Return the epoch in which each replicate diverged, -1 where it did not."""
        return self.join([state.diverged for state in states])

    def gradient_norms(self, states: list[State], epoch: int) -> tuple[np.ndarray, np.ndarray]:
        """Norm of the mean and of the standard deviation of each kernel's gradient over the batches of `epoch`.

        Weights stay as they are during the pass [ST17, sec. 3.2]; batches count by their size. Two (replicate,
        layer) float32 arrays.
        """
        means, squares = [], []
        for mean, square in self.moments(states, epoch):
            means.append(np.stack([norm(m) for m in self.unpacked(mean)[::2]], axis=1))
            squares.append(np.stack([_sum(np.maximum(s, 0)) for s in self.unpacked(square)[::2]], axis=1))
        return self.join(means), np.sqrt(self.join(squares) / self.n_train)

    def loss(self, logits: tf.Tensor, label: tf.Tensor) -> tf.Tensor:
        """Cross-entropy in nats, or squared error. logits (replicate, output, sample), label (replicate, sample)."""
        if self.regression:
            return tf.square(logits[:, 0] - label)
        if self.condition.output == "sigmoid":
            return keras.ops.binary_crossentropy(tf.cast(label, tf.float32), logits[:, 0], from_logits=True)
        target = tf.one_hot(label, self.classes, axis=1)
        return keras.ops.categorical_crossentropy(target, logits, from_logits=True, axis=1)


def norm(kernel: np.ndarray) -> np.ndarray:
    """Frobenius norm of each replicate's kernel (replicate, in, out). Shape (replicate,)."""
    return np.sqrt(_sum(np.square(kernel, dtype=np.float64))).astype(np.float32)


def _sum(x: np.ndarray) -> np.ndarray:
    """Over all axes but that of replicates."""
    return x.sum(axis=tuple(range(1, x.ndim)))
