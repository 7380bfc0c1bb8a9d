"""The compiled training loop of an ensemble, and what is measured at a snapshot.

Whole epochs run inside one compiled function. Weights and optimizer state are loop state, not variables, and each
replicate's data order is computed where it is used (randomness.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import xarray as xr

from infoplane.condition import Condition
from infoplane.training.backend import keras, tf
from infoplane.training.network import EnsembleNetwork, initial_weights
from infoplane.training.optimizers import make_optimizer
from infoplane.training.randomness import mix, permutation, replicate_keys

# Samples whose gradient is computed at once; a larger batch sums over such pieces, which stay in the cache.
PIECE = 64
TEST_SHARE = 0.15
DROPOUT = 0x5EED  # keeps the draws of masks apart from those of the order

Tensors = list[tf.Tensor]


class State(NamedTuple):
    """Where a training stands after an epoch: all that the next epoch depends on."""

    weights: Tensors
    slots: Tensors
    diverged: (
        tf.Tensor
    )  # (replicate,) int32: the epoch in which weights became non-finite, -1 if they have not


class Engine:
    """The replicates of one job and their data."""

    def __init__(self, condition: Condition, dataset: xr.Dataset, replicates: range):
        chosen = dataset.sel(replicate=list(replicates))
        order = chosen["order"].values
        self.condition, self.replicates = condition, replicates
        self.x = np.ascontiguousarray(dataset["x"].values, np.float32)
        self.label = chosen["label"].values.astype(np.int32)
        self.classes = dataset.sizes["class"]
        samples = self.x.shape[0]
        self.n_train = round(condition.train_fraction * samples)
        if self.n_train == 0:
            raise ValueError(f"train_fraction: {condition.train_fraction} of {samples} samples is none")
        self.trained = order < self.n_train
        self.tested = order >= samples - round(TEST_SHARE * samples)
        self.batch = (
            self.n_train if condition.batch_size == "full" else min(condition.batch_size, self.n_train)
        )
        self.network = EnsembleNetwork(condition, self.classes, len(replicates))
        self.initial = initial_weights(condition, self.x.shape[1], self.classes, replicates)
        self.network(tf.zeros((1, self.x.shape[1], len(replicates))))
        self.optimizer = make_optimizer(condition, [tf.constant(w) for w in self.initial])
        self._keys = tf.constant(replicate_keys(condition.seed, replicates))
        self._x = tf.constant(self.x)
        self._train_index = tf.constant(np.argsort(order, axis=1)[:, : self.n_train].T.astype(np.int32))
        self._label = tf.constant(self.label.T)

    def start(self) -> State:
        """The state before the first epoch."""
        weights = [tf.constant(w) for w in self.initial]
        return State(weights, self.optimizer.slots(weights), -tf.ones(len(self.replicates), tf.int32))

    def order(self, epoch: tf.Tensor) -> tf.Tensor:
        """Sample numbers in the order of training in `epoch` (0 is the first). Shape (train sample, replicate)."""
        return self._take(self._train_index, permutation(self._keys, epoch, self.n_train))

    def _take(self, table: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
        """`table[rows[..., r], r]` for each replicate r."""
        replicates = table.shape[1]
        return tf.gather(tf.reshape(table, (-1,)), rows * replicates + tf.range(replicates))

    def loss(self, logits: tf.Tensor, label: tf.Tensor) -> tf.Tensor:
        """Cross-entropy in nats. logits (sample, output, replicate), label (sample, replicate) -> the same."""
        if self.condition.output == "sigmoid":
            return keras.ops.binary_crossentropy(tf.cast(label, tf.float32), logits[:, 0], from_logits=True)
        target = tf.one_hot(label, self.classes, axis=1)
        return keras.ops.categorical_crossentropy(target, logits, from_logits=True, axis=1)

    def gradient(self, weights: Tensors, rows: tf.Tensor, keys: tf.Tensor) -> Tensors:
        """Gradient of the training loss, L2 included, over one batch. rows (sample, replicate): sample numbers."""
        size = rows.shape[0]
        pieces, rest = divmod(size, PIECE)
        if pieces <= 1:
            total = self._piece(weights, rows, keys, 0, size)
        else:

            def add(piece: tf.Tensor, total: Tensors) -> tuple[tf.Tensor, Tensors]:
                more = self._piece(
                    weights, tf.slice(rows, (piece * PIECE, 0), (PIECE, rows.shape[1])), keys, piece, size
                )
                return piece + 1, [a + b for a, b in zip(total, more, strict=True)]

            start = (tf.constant(0), [tf.zeros_like(w) for w in weights])
            total = tf.while_loop(lambda piece, _: piece < pieces, add, start)[1]
            if rest:
                more = self._piece(weights, rows[pieces * PIECE :], keys, pieces, size)
                total = [a + b for a, b in zip(total, more, strict=True)]
        if self.condition.l2:
            total[::2] = [
                g + 2 * self.condition.l2 * w for g, w in zip(total[::2], weights[::2], strict=True)
            ]
        return total

    def _piece(
        self, weights: Tensors, rows: tf.Tensor, keys: tf.Tensor, piece: tf.Tensor | int, size: int
    ) -> Tensors:
        with tf.GradientTape() as tape:
            tape.watch(weights)
            x = tf.transpose(tf.gather(self._x, rows), (0, 2, 1))
            masks = mix(keys, piece) if self.condition.dropout else None
            logits = self.network.apply(weights, x, masks)[-1]
            loss = tf.reduce_sum(self.loss(logits, self._take(self._label, rows))) / size
        return tape.gradient(loss, weights)

    def _over_batches(self, epoch: tf.Tensor, step: Callable, state: tuple) -> tuple:
        """Fold `step(state, rows, keys) -> state` over the batches of an epoch."""
        order, epoch_keys = self.order(epoch), mix(mix(self._keys, epoch), DROPOUT)
        full, rest = divmod(self.n_train, self.batch)

        def body(index: tf.Tensor, state: tuple) -> tuple:
            rows = tf.slice(order, (index * self.batch, 0), (self.batch, len(self.replicates)))
            return index + 1, step(state, rows, mix(epoch_keys, index))

        state = tf.while_loop(lambda index, _: index < full, body, (tf.constant(0), state))[1]
        return step(state, order[full * self.batch :], mix(epoch_keys, full)) if rest else state

    @tf.function(jit_compile=True)
    def run(self, state: State, epoch: tf.Tensor, stop: tf.Tensor) -> State:
        """Train from completed epoch `epoch` to `stop`."""

        def step(state: tuple, rows: tf.Tensor, keys: tf.Tensor) -> tuple:
            weights, slots = state
            return self.optimizer.update(weights, self.gradient(weights, rows, keys), slots)

        def body(epoch: tf.Tensor, state: State) -> tuple[tf.Tensor, State]:
            weights, slots = self._over_batches(epoch, step, (state.weights, state.slots))
            finite = tf.reduce_all(
                [tf.reduce_all(tf.math.is_finite(w), _but_last(w)) for w in weights], axis=0
            )
            fresh = tf.logical_and(state.diverged < 0, tf.logical_not(finite))
            return epoch + 1, State(weights, slots, tf.where(fresh, epoch + 1, state.diverged))

        return tf.while_loop(lambda epoch, _: epoch < stop, body, (epoch, state))[1]

    @tf.function(jit_compile=True)
    def gradient_norms(self, weights: Tensors, epoch: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Norm of the mean and of the standard deviation of each kernel's gradient over the batches of `epoch`.

        Weights stay as they are during the pass [ST17, sec. 3.2]; batches count by their size; Welford's recurrence,
        since the mean can exceed the deviation by orders of magnitude. Two (layer, replicate) float32 tensors.
        """

        def step(state: tuple, rows: tf.Tensor, keys: tf.Tensor) -> tuple:
            seen, means, squares = state
            size = float(rows.shape[0])
            share = size / (seen + size)
            slopes = self.gradient(weights, rows, keys)[::2]
            moved = [m + share * (g - m) for m, g in zip(means, slopes, strict=True)]
            spread = zip(squares, slopes, means, moved, strict=True)
            return seen + size, moved, [s + size * (g - m) * (g - n) for s, g, m, n in spread]

        zeros = [tf.zeros_like(w) for w in weights[::2]]
        _, means, squares = self._over_batches(epoch, step, (tf.constant(0.0), zeros, list(zeros)))
        deviations = [tf.sqrt(tf.maximum(s, 0) / self.n_train) for s in squares]
        return norms(means), norms(deviations)


def norms(kernels: Tensors) -> tf.Tensor:
    """Frobenius norm of each layer's kernel in each replicate. Shape (layer, replicate)."""
    return tf.stack([tf.sqrt(tf.reduce_sum(k * k, axis=_but_last(k))) for k in kernels])


def _but_last(x: tf.Tensor) -> list[int]:
    return list(range(len(x.shape) - 1))
