"""The training loop of an ensemble as one graph of Keras layers, which XLA compiles: for any condition.

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
from infoplane.training.backend import keras, tf
from infoplane.training.engine import Engine, State
from infoplane.training.network import SMALL, EnsembleNetwork
from infoplane.training.optimizers import elementwise, make_optimizer
from infoplane.training.packing import Packing
from infoplane.training.turns import PIECE, Data, Turn, Turns

# Bytes of a piece's activations in a block of replicates (measured: docs/performance.md).
BLOCK_BYTES = 192 * 2**10

OUTPUTS = {"sigmoid": tf.sigmoid, "softmax": lambda logits: keras.ops.softmax(logits, axis=1), "linear": tf.identity}
SAMPLES = 1024  # seen at once by the forward pass over the whole dataset

Tensors = list[tf.Tensor]


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


class GraphEngine(Engine):
    """Trains any condition; all blocks have one length, so that one compiled function serves them."""

    def __init__(self, condition: Condition, dataset: xr.Dataset, replicates: range):
        super().__init__(condition, dataset, replicates)
        self.blocks = self._divide()
        size = self.blocks[0].stop
        self.network = self._network(size)
        self._networks = {size: self.network}
        self.packing = Packing(self.initial, elementwise(condition.optimizer, condition.optimizer_options))
        self.optimizer = make_optimizer(condition, self.packing.pack([w[:size] for w in self.initial]))
        by_sample = self.initial[0][0].size > SMALL
        self.turns = Turns(self.x, self.n_train, self.batch, by_sample, self.network.drawn)
        arrays = self.keys, self.train_index, self.label
        self._data = [Data(*(tf.constant(a[b]) for a in arrays)) for b in self.blocks]

    def _network(self, replicates: int) -> EnsembleNetwork:
        network = EnsembleNetwork(self.condition, self.classes, replicates)
        network.build((replicates, self.x.shape[1], 1))
        return network

    def _divide(self) -> list[slice]:
        replicates, units = len(self.replicates), sum(w.shape[-1] for w in self.initial[1::2])
        most = max(1, BLOCK_BYTES // (4 * units * min(PIECE, self.batch)))
        count = ceil(replicates / most)
        size = ceil(replicates / count)
        starts = [min(n * size, replicates - size) for n in range(count)]
        return [slice(start, start + size) for start in starts]

    def packed(self, arrays: Sequence[np.ndarray]) -> Tensors:
        """As `Engine.packed`."""
        return self.packing.pack(arrays)

    def slots(self, packed: Tensors) -> Tensors:
        """As `Engine.slots`."""
        return self.optimizer.slots(packed)

    def run(self, states: list[State], epoch: int, stop: int) -> list[State]:
        """As `Engine.run`."""
        span = tf.constant(epoch), tf.constant(stop), tf.constant(False)
        return [self._run(data, state, *span)[0] for data, state in zip(self._data, states, strict=True)]

    def moments(self, states: list[State], epoch: int) -> list[tuple[Tensors, Tensors]]:
        """As `Engine.moments`."""
        span = tf.constant(epoch), tf.constant(epoch + 1), tf.constant(True)
        found = [self._run(data, state, *span)[1] for data, state in zip(self._data, states, strict=True)]
        return [(moments.means, moments.squares) for moments in found]

    def unpacked(self, packed: Tensors) -> list[np.ndarray]:
        """As `Engine.unpacked`."""
        return self.packing.unpack([array.numpy() for array in packed])

    def forward(self, weights: Sequence[np.ndarray]) -> list[np.ndarray]:
        """As `Engine.forward`."""
        replicates, given = len(weights[0]), [tf.constant(w) for w in weights]
        if replicates not in self._networks:
            self._networks[replicates] = self._network(replicates)
        blocks = (tf.constant(self.x[first : first + SAMPLES]) for first in range(0, len(self.x), SAMPLES))
        parts = [[a.numpy() for a in self._activations(replicates, given, block)] for block in blocks]
        return [np.concatenate(part, axis=1) for part in zip(*parts, strict=True)]

    @tf.function(jit_compile=True, autograph=False)
    def _activations(self, replicates: int, weights: Tensors, x: tf.Tensor) -> Tensors:
        shared = tf.repeat(tf.transpose(x)[None], replicates, axis=0)
        *hidden, logits = self._networks[replicates].apply(weights, shared)
        outputs = OUTPUTS[self.condition.output](logits)
        return [tf.transpose(a, (0, 2, 1)) for a in (logits, *hidden, outputs)]

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


def _within(x: tf.Tensor) -> list[int]:
    """All axes but that of replicates."""
    return list(range(1, len(x.shape)))
