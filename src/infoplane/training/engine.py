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
from infoplane.training.optimizers import elementwise, make_optimizer
from infoplane.training.packing import Packing
from infoplane.training.randomness import replicate_keys
from infoplane.training.turns import PIECE, Data, Turn, Turns

# Bytes of a piece's activations in a block of replicates (measured: docs/performance.md).
BLOCK_BYTES = 192 * 2**10

Tensors = list[tf.Tensor]


class State(NamedTuple):
    """Where a block of replicates stands after an epoch: all that its next epoch depends on."""

    weights: Tensors  # packed, as the gradients and their moments are
    slots: Tensors
    diverged: tf.Tensor  # (replicate,) int32: the epoch in which weights became non-finite, -1 if they have not


class Moments(NamedTuple):
    """Of the gradients seen: how many samples, and of each weight the mean and the sum of squared deviations."""

    seen: tf.Tensor
    means: Tensors
    squares: Tensors

    def joined(self, slopes: Tensors, size: tf.Tensor) -> Moments:
        """With those of a batch: Welford's recurrence, since the mean can exceed the deviation by far."""
        share = size / (self.seen + size)
        means = [m + share * (g - m) for m, g in zip(self.means, slopes, strict=True)]
        spread = zip(self.squares, slopes, self.means, means, strict=True)
        return Moments(self.seen + size, means, [s + size * (g - m) * (g - n) for s, g, m, n in spread])


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
        self.network.build((size, features, 1))
        self.packing = Packing(self.initial, elementwise(condition.optimizer, condition.optimizer_options))
        self.optimizer = make_optimizer(condition, self.packing.pack([w[:size] for w in self.initial]))
        by_sample = self.initial[0][0].size > SMALL
        self.turns = Turns(self.x, self.n_train, self.batch, by_sample, self.network.drawn)
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
        packed = self.packing.pack(weights)
        slots = self.optimizer.slots(packed) if slots is None else [tf.constant(s) for s in slots]
        diverged = np.full(len(weights[0]), -1) if diverged is None else diverged
        return State(packed, slots, tf.constant(diverged, tf.int32))

    def weights(self, states: list[State]) -> list[np.ndarray]:
        """Return [kernel, bias, kernel, ...] of all replicates."""
        return [self.join(parts) for parts in zip(*(self._unpacked(state.weights) for state in states), strict=True)]

    def diverged(self, states: list[State]) -> np.ndarray:
        """Return the epoch in which each replicate diverged, -1 where it did not."""
        return self.join([state.diverged for state in states])

    def run(self, states: list[State], epoch: int, stop: int) -> list[State]:
        """Train from completed epoch `epoch` to `stop`."""
        span = tf.constant(epoch), tf.constant(stop), tf.constant(False)
        return [self._run(data, state, *span)[0] for data, state in zip(self._data, states, strict=True)]

    def gradient_norms(self, states: list[State], epoch: int) -> tuple[np.ndarray, np.ndarray]:
        """Norm of the mean and of the standard deviation of each kernel's gradient over the batches of `epoch`.

        Weights stay as they are during the pass [ST17, sec. 3.2]; batches count by their size. Two (replicate,
        layer) float32 arrays.
        """
        span = tf.constant(epoch), tf.constant(epoch + 1), tf.constant(True)
        found = [self._run(data, state, *span)[1] for data, state in zip(self._data, states, strict=True)]
        means, squares = [], []
        for moments in found:
            means.append(np.stack([norm(m) for m in self._unpacked(moments.means)[::2]], axis=1))
            squares.append(np.stack([_sum(np.maximum(s, 0)) for s in self._unpacked(moments.squares)[::2]], axis=1))
        return self.join(means), np.sqrt(self.join(squares) / self.n_train)

    def _unpacked(self, packed: Tensors) -> list[np.ndarray]:
        return self.packing.unpack([array.numpy() for array in packed])

    def loss(self, logits: tf.Tensor, label: tf.Tensor) -> tf.Tensor:
        """Cross-entropy in nats, or squared error. logits (replicate, output, sample), label (replicate, sample)."""
        if self.regression:
            return tf.square(logits[:, 0] - label)
        if self.condition.output == "sigmoid":
            return keras.ops.binary_crossentropy(tf.cast(label, tf.float32), logits[:, 0], from_logits=True)
        target = tf.one_hot(label, self.classes, axis=1)
        return keras.ops.categorical_crossentropy(target, logits, from_logits=True, axis=1)

    def _gradient(self, weights: Tensors, over_turns: Callable[..., Tensors]) -> Tensors:
        """Gradient of a batch's mean loss and of the L2 penalty, l2 times the sum of squared weights."""

        def add(total: Tensors, turn: Turn) -> Tensors:
            return [a + b for a, b in zip(total, self._slope(weights, turn), strict=True)]

        slopes = over_turns(add, [tf.zeros_like(w) for w in weights])
        rates = [2 * self.condition.l2 if n % 2 == 0 else 0.0 for n in range(len(weights))]
        return [g + rate * w if rate else g for g, rate, w in zip(slopes, rates, weights, strict=True)]

    def _slope(self, weights: Tensors, turn: Turn) -> Tensors:
        """Gradient of the loss of a turn's samples, each by its share."""
        with tf.GradientTape() as tape:
            tape.watch(weights)
            logits = self.network.apply(weights, turn.x, turn.drawn)[-1]
            loss = tf.reduce_sum(self.loss(logits, turn.label) * turn.share)
        return tape.gradient(loss, weights)

    @tf.function(jit_compile=True, autograph=False)
    def _run(
        self, data: Data, state: State, epoch: tf.Tensor, stop: tf.Tensor, at_rest: tf.Tensor
    ) -> tuple[State, Moments]:
        """Train from completed epoch `epoch` to `stop`; with weights `at_rest`, only gather their gradients' moments.

        Both in one program, since a batch's gradient takes as long to compile as some hundred epochs to run.
        """

        def step(state: Any, over_turns: Callable[..., Tensors], size: tf.Tensor) -> Any:
            packed, slots, moments = state
            slopes = self.packing.pack(self._gradient(self.packing.unpack(packed), over_turns))
            return tf.cond(
                at_rest,
                lambda: (packed, slots, moments.joined(slopes, size)),
                lambda: (*self.optimizer.update(packed, slopes, slots), moments),
            )

        def body(epoch: tf.Tensor, state: State, moments: Moments) -> tuple[tf.Tensor, State, Moments]:
            packed, slots, moments = self.turns.over_batches(data, epoch, step, (state.weights, state.slots, moments))
            finite = tf.reduce_all([tf.reduce_all(tf.math.is_finite(w), _within(w)) for w in packed], axis=0)
            fresh = tf.logical_and(state.diverged < 0, tf.logical_not(finite))
            return epoch + 1, State(packed, slots, tf.where(fresh, epoch + 1, state.diverged)), moments

        none = [tf.zeros_like(w) for w in state.weights]
        start = Moments(tf.constant(0.0), none, list(none))
        return tf.while_loop(lambda epoch, *_: epoch < stop, body, (epoch, state, start))[1:]


def norm(kernel: np.ndarray) -> np.ndarray:
    """Frobenius norm of each replicate's kernel (replicate, in, out). Shape (replicate,)."""
    return np.sqrt(_sum(np.square(kernel, dtype=np.float64))).astype(np.float32)


def _within(x: tf.Tensor) -> list[int]:
    """All axes but that of replicates."""
    return list(range(1, len(x.shape)))


def _sum(x: np.ndarray) -> np.ndarray:
    """Over all axes but that of replicates."""
    return x.sum(axis=tuple(range(1, x.ndim)))
