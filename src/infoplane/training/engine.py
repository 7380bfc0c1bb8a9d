"""The compiled training loop of an ensemble.

Whole epochs run inside one compiled function. Weights and optimizer state are loop state, not variables, and each
replicate's data order is computed where it is used (randomness.py). Replicates are independent, so they are trained
in blocks, one after the other, whose activations stay in the cache.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from infoplane.condition import Condition
from infoplane.datasets.replicates import TEST_SHARE
from infoplane.training.backend import keras, tf
from infoplane.training.network import SMALL, EnsembleNetwork, initial_weights, sources
from infoplane.training.optimizers import make_optimizer
from infoplane.training.randomness import mix, permutation, replicate_keys

# Samples whose gradient is computed at once; a larger batch sums over such pieces, which stay in the cache.
PIECE = 64
# Bytes of a piece's activations in a block of replicates (measured: docs/performance.md).
BLOCK_BYTES = 192 * 2**10
DROPOUT = 0x5EED  # keeps the draws of masks apart from those of the order

Tensors = list[tf.Tensor]
Step = Callable[[Any, Callable[[Tensors], Tensors], int], Any]


class State(NamedTuple):
    """Where a block of replicates stands after an epoch: all that its next epoch depends on."""

    weights: Tensors
    slots: Tensors
    diverged: tf.Tensor  # (replicate,) int32: the epoch in which weights became non-finite, -1 if they have not


class Data(NamedTuple):
    """What sets the replicates of a block apart: keys (replicate,), sample numbers and labels (replicate, sample).

    Labels are classes, int32, or real-valued targets, float32.
    """

    keys: tf.Tensor
    train_index: tf.Tensor
    label: tf.Tensor


class Turn(NamedTuple):
    """What is computed on at once: x (replicate, feature, sample), labels, and what keys (replicate,) draw beside."""

    x: tf.Tensor
    label: tf.Tensor
    keys: tf.Tensor
    noise: Tensors


class Engine:
    """The replicates of one job: their data and their training, in `blocks` (slices of the replicate axis).

    All blocks have one length, so that one compiled function serves them: the last may overlap the one before, whose
    results then count.
    """

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
        samples, features = self.x.shape
        self.n_train = round(condition.train_fraction * samples)
        if self.n_train == 0:
            raise ValueError(f"train_fraction: {condition.train_fraction} of {samples} samples is none")
        self.trained = order < self.n_train
        self.tested = order >= samples - round(TEST_SHARE * samples)
        self.batch = self.n_train if condition.batch_size == "full" else min(condition.batch_size, self.n_train)
        self.initial = initial_weights(condition, features, self.classes, replicates)
        self.blocks = self._divide()
        size = self.blocks[0].stop
        self.network = EnsembleNetwork(condition, self.classes, size)
        self.network(tf.zeros((size, features, 1)))
        self.optimizer = make_optimizer(condition, [tf.constant(w[:size]) for w in self.initial])
        # The input of a matrix product is gathered sample by sample, that of sums number by number, as they read it.
        self._by_sample = self.initial[0][0].size > SMALL
        self._features = tf.constant(self.x if self._by_sample else self.x.T.ravel())
        self._first = tf.constant(np.arange(features, dtype=np.int32)[:, None] * samples)
        keys = replicate_keys(condition.seed, replicates)
        train_index = np.argsort(order, axis=1)[:, : self.n_train].astype(np.int32)
        self._data = [Data(*(tf.constant(a[b]) for a in (keys, train_index, self.label))) for b in self.blocks]

    def _divide(self) -> list[slice]:
        replicates, units = len(self.replicates), sum(w.shape[-1] for w in self.initial[1::2])
        most = max(1, BLOCK_BYTES // (4 * units * min(PIECE, self.batch)))
        count = ceil(replicates / most)
        size = ceil(replicates / count)
        starts = [min(n * size, replicates - size) for n in range(count)]
        return [slice(start, start + size) for start in starts]

    def join(self, parts: Sequence[np.ndarray]) -> np.ndarray:
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
        weights = [tf.constant(w) for w in weights]
        slots = self.optimizer.slots(weights) if slots is None else [tf.constant(s) for s in slots]
        diverged = np.full(len(weights[0]), -1) if diverged is None else diverged
        return State(weights, slots, tf.constant(diverged, tf.int32))

    def weights(self, states: list[State]) -> list[np.ndarray]:
        """Return [kernel, bias, kernel, ...] of all replicates."""
        return [self.join(parts) for parts in zip(*(state.weights for state in states), strict=True)]

    def diverged(self, states: list[State]) -> np.ndarray:
        """Return the epoch in which each replicate diverged, -1 where it did not."""
        return self.join([state.diverged for state in states])

    def run(self, states: list[State], epoch: int, stop: int) -> list[State]:
        """Train from completed epoch `epoch` to `stop`."""
        span = tf.constant(epoch), tf.constant(stop)
        return [self._run(data, state, *span) for data, state in zip(self._data, states, strict=True)]

    def gradient_norms(self, states: list[State], epoch: int) -> tuple[np.ndarray, np.ndarray]:
        """Norm of the mean and of the standard deviation of each kernel's gradient over the batches of `epoch`.

        Weights stay as they are during the pass [ST17, sec. 3.2]; batches count by their size. Two (replicate,
        layer) float32 arrays.
        """
        pairs = zip(self._data, states, strict=True)
        parts = [self._gradient_norms(data, state.weights, tf.constant(epoch)) for data, state in pairs]
        means, deviations = zip(*parts, strict=True)
        return self.join(means), self.join(deviations)

    def order(self, data: Data, epoch: tf.Tensor) -> tf.Tensor:
        """Sample numbers in the order of training in `epoch`, counted from 0. Shape (replicate, train sample)."""
        return _take(data.train_index, permutation(data.keys, epoch, self.n_train))

    def loss(self, logits: tf.Tensor, label: tf.Tensor) -> tf.Tensor:
        """Cross-entropy in nats, or squared error. logits (replicate, output, sample), label (replicate, sample)."""
        if self.regression:
            return tf.square(logits[:, 0] - label)
        if self.condition.output == "sigmoid":
            return keras.ops.binary_crossentropy(tf.cast(label, tf.float32), logits[:, 0], from_logits=True)
        target = tf.one_hot(label, self.classes, axis=1)
        return keras.ops.categorical_crossentropy(target, logits, from_logits=True, axis=1)

    def _over_batches(self, data: Data, epoch: tf.Tensor, step: Step, state: Any) -> Any:
        """Fold `step(state, gradient, size)` over the batches of an epoch; `gradient(weights)` is one batch's."""
        order, keys = self.order(data, epoch), mix(mix(data.keys, epoch), DROPOUT)
        if self.batch <= 2 * PIECE:

            def whole(state: Any, turn: Turn) -> Any:
                size = turn.x.shape[2]
                return step(state, lambda w: self._penalised(w, self._slope(w, turn, size)), size)

            return self._fold(data, keys, whole, state, order, self.batch)

        def pieced(state: Any, rows: tf.Tensor, index: tf.Tensor) -> Any:
            size, batch_keys = rows.shape[1], mix(keys, index)

            def gradient(weights: Tensors) -> Tensors:
                def add(total: Tensors, turn: Turn) -> Tensors:
                    return [a + b for a, b in zip(total, self._slope(weights, turn, size), strict=True)]

                zeros = [tf.zeros_like(w) for w in weights]
                return self._penalised(weights, self._fold(data, batch_keys, add, zeros, rows, PIECE))

            return step(state, gradient, size)

        full, rest = divmod(self.n_train, self.batch)

        def body(index: tf.Tensor, state: Any) -> tuple[tf.Tensor, Any]:
            return index + 1, pieced(state, _columns(order, index, self.batch), index)

        state = tf.while_loop(lambda index, _: index < full, body, (tf.constant(0), state))[1]
        return pieced(state, order[:, full * self.batch :], tf.constant(full)) if rest else state

    def _fold(
        self, data: Data, keys: tf.Tensor, function: Callable[[Any, Turn], Any], state: Any, rows: tf.Tensor, size: int
    ) -> Any:
        """Fold `function(state, turn)` over consecutive `size` columns of `rows`, with a key of `keys` for each turn.

        The next turn is made one turn ahead and is loop state: XLA would otherwise gather its data, and draw its
        noise, anew wherever they are used.
        """
        full, rest = divmod(rows.shape[1], size)

        def body(index: tf.Tensor, here: Turn, state: Any) -> tuple[tf.Tensor, Turn, Any]:
            columns = _columns(rows, tf.minimum(index + 1, full - 1), size)
            return index + 1, self._turn(data, columns, mix(keys, index + 1)), function(state, here)

        first = self._turn(data, rows[:, :size], mix(keys, 0))
        state = tf.while_loop(lambda index, *_: index < full, body, (tf.constant(0), first, state))[2]
        return function(state, self._turn(data, rows[:, full * size :], mix(keys, full))) if rest else state

    def _turn(self, data: Data, rows: tf.Tensor, keys: tf.Tensor) -> Turn:
        """What is computed on at once, of sample numbers (replicate, sample)."""
        if self._by_sample:
            x = tf.transpose(tf.gather(self._features, rows), (0, 2, 1))
        else:
            x = tf.gather(self._features, rows[:, None] + self._first)
        return Turn(x, _take(data.label, rows), keys, self.network.noise(keys, rows.shape[1]))

    def _slope(self, weights: Tensors, turn: Turn, size: int) -> Tensors:
        """Gradient of the summed loss over `size`."""
        with tf.GradientTape() as tape:
            tape.watch(weights)
            logits = self.network.apply(weights, turn.x, keys=turn.keys, noise=turn.noise)[-1]
            loss = tf.reduce_sum(self.loss(logits, turn.label)) / size
        return tape.gradient(loss, weights)

    def _penalised(self, weights: Tensors, slopes: Tensors) -> Tensors:
        """Add the gradient of the L2 penalty, l2 times the sum of squared weights."""
        if not self.condition.l2:
            return slopes
        rates = [2 * self.condition.l2 if n % 2 == 0 else 0.0 for n in range(len(weights))]
        return [g + rate * w for g, rate, w in zip(slopes, rates, weights, strict=True)]

    @tf.function(jit_compile=True, autograph=False)
    def _run(self, data: Data, state: State, epoch: tf.Tensor, stop: tf.Tensor) -> State:
        def step(state: Any, gradient: Callable[[Tensors], Tensors], size: int) -> Any:
            weights, slots = state
            return self.optimizer.update(weights, gradient(weights), slots)

        def body(epoch: tf.Tensor, state: State) -> tuple[tf.Tensor, State]:
            weights, slots = self._over_batches(data, epoch, step, (state.weights, state.slots))
            finite = tf.reduce_all([tf.reduce_all(tf.math.is_finite(w), _within(w)) for w in weights], axis=0)
            fresh = tf.logical_and(state.diverged < 0, tf.logical_not(finite))
            return epoch + 1, State(weights, slots, tf.where(fresh, epoch + 1, state.diverged))

        return tf.while_loop(lambda epoch, _: epoch < stop, body, (epoch, state))[1]

    @tf.function(jit_compile=True, autograph=False)
    def _gradient_norms(self, data: Data, weights: Tensors, epoch: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        def step(state: Any, gradient: Callable[[Tensors], Tensors], size: int) -> Any:
            seen, means, squares = state  # Welford's recurrence: the mean can exceed the deviation by far
            share = size / (seen + size)
            slopes = gradient(weights)[::2]
            moved = [m + share * (g - m) for m, g in zip(means, slopes, strict=True)]
            spread = zip(squares, slopes, means, moved, strict=True)
            return seen + size, moved, [s + size * (g - m) * (g - n) for s, g, m, n in spread]

        zeros = [tf.zeros_like(w) for w in weights[::2]]
        _, means, squares = self._over_batches(data, epoch, step, (tf.constant(0.0), zeros, list(zeros)))
        deviations = [tf.sqrt(tf.maximum(s, 0) / self.n_train) for s in squares]
        return norms(means), norms(deviations)


def norms(kernels: Tensors) -> tf.Tensor:
    """Frobenius norm of each layer's kernel in each replicate. Shape (replicate, layer)."""
    return tf.stack([tf.sqrt(tf.reduce_sum(k * k, axis=_within(k))) for k in kernels], axis=1)


def _columns(rows: tf.Tensor, index: tf.Tensor, size: int) -> tf.Tensor:
    """The `index`-th `size` columns."""
    return tf.slice(rows, (0, index * size), (rows.shape[0], size))


def _take(table: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
    """`table[r, rows[r]]` for each replicate r. table (replicate, n), rows (replicate, sample)."""
    first = tf.range(table.shape[0])[:, None] * table.shape[1]
    return tf.gather(tf.reshape(table, (-1,)), first + rows)


def _within(x: tf.Tensor) -> list[int]:
    """All axes but that of replicates."""
    return list(range(1, len(x.shape)))
