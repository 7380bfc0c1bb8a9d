"""The training loop of small networks as machine code of their own: without TensorFlow, which the tests compare with.

A network of ten units a layer is too small for vectors and kernels of general use. Its whole epoch, written out for
its widths (pieces.py, emission.py), takes a third of the instructions of the graph's, and a second less to compile.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import ceil

import numpy as np
import xarray as xr

from infoplane.condition import Condition
from infoplane.training.emission import compiled
from infoplane.training.engine import Engine, State
from infoplane.training.optimizers import SGD
from infoplane.training.pieces import Network
from infoplane.training.randomness import shuffle_draws
from infoplane.training.vectors import NONLINEARITIES

# Up to which widths and weights of a layer it is the faster one (measured: docs/performance.md).
WIDEST, LARGEST = 128, 4096
EPOCHS_AT_ONCE = 256  # whose draws are in memory


def takes(condition: Condition, features: int, classes: int) -> bool:
    """Whether it can train a condition, and does so faster than the graph."""
    widths = _widths(condition, features, classes)
    plain = not (condition.dropout or condition.activation_noise or condition.quantize)
    rule = condition.optimizer == "sgd" and condition.optimizer_options.keys() <= SGD.options
    small = max(widths) <= WIDEST and max(n * m for n, m in pairwise(widths)) <= LARGEST
    return plain and rule and small and condition.activation in NONLINEARITIES


def _widths(condition: Condition, features: int, classes: int) -> tuple[int, ...]:
    return (features, *condition.hidden, classes if condition.output == "softmax" else 1)


class NativeEngine(Engine):
    """Trains conditions that it `takes`, one replicate after the other."""

    def __init__(self, condition: Condition, dataset: xr.Dataset, replicates: range):
        super().__init__(condition, dataset, replicates)
        self.blocks = [slice(0, len(replicates))]
        widths = _widths(condition, self.x.shape[1], self.classes)
        options = {"momentum": 0.0, "nesterov": False} | condition.optimizer_options
        rule = condition.learning_rate, options["momentum"], options["nesterov"]
        self.network = Network(widths, condition.activation, condition.output, self.n_train, self.batch, *rule)
        self._program = compiled(self.network)
        penalty = [np.full((1, *w.shape[1:]), 2 * condition.l2 * (w.ndim == 3), np.float32) for w in self.initial]
        shared = {"x": self.x, "penalty": self.packed(penalty)}
        words = {"place": np.int32}
        scratch = {name: np.zeros(n, words.get(name, np.float32)) for name, n in self.network.sizes.items()}
        self._shared = shared | scratch
        self._label = self.label.astype(np.float32)

    def packed(self, arrays: Sequence[np.ndarray]) -> np.ndarray:
        """[kernel, bias, kernel, ...], the replicate axis first, as one (replicate, number) array."""
        packed = np.zeros((len(arrays[0]), self.network.length), np.float32)
        for part, kernel, bias in zip(self.network.parts, arrays[::2], arrays[1::2], strict=True):
            packed[:, part.weight : part.bias] = kernel.reshape(len(kernel), -1)
            packed[:, part.bias : part.bias + part.units] = bias
        return packed

    def unpacked(self, packed: list[np.ndarray]) -> list[np.ndarray]:
        """As `Engine.unpacked`."""
        arrays = []
        for part in self.network.parts:
            arrays.append(packed[0][:, part.weight : part.bias].reshape(-1, part.inputs, part.units))
            arrays.append(packed[0][:, part.bias : part.bias + part.units])
        return arrays

    def resume(
        self,
        weights: Sequence[np.ndarray],
        slots: Sequence[np.ndarray] | None = None,
        diverged: np.ndarray | None = None,
    ) -> State:
        """As `Engine.resume`."""
        packed = self.packed(weights)
        slots = [np.zeros_like(packed)] * bool(self.network.momentum) if slots is None else list(slots)
        diverged = np.full(len(packed), -1) if diverged is None else diverged
        return State([packed], slots, np.asarray(diverged, np.int32))

    def run(self, states: list[State], epoch: int, stop: int) -> list[State]:
        """As `Engine.run`."""
        (state,) = states
        weights, slots, diverged = state.weights[0].copy(), [s.copy() for s in state.slots], state.diverged.copy()
        for n in range(len(weights)):
            finite = np.array([0, diverged[n] >= 0], np.int32)  # epochs that ended so, and whether one did not
            own = {"weights": weights[n], "diverged": finite} | ({"velocity": slots[0][n]} if slots else {})
            for first in range(epoch, stop, EPOCHS_AT_ONCE):
                epochs = range(first, min(first + EPOCHS_AT_ONCE, stop))
                self._program("train", self._arrays(n, epochs) | own, len(epochs))
            if finite[1] and diverged[n] < 0:
                diverged[n] = epoch + finite[0] + 1
        return [State([weights], slots, diverged)]

    def moments(self, states: list[State], epoch: int) -> list[tuple[list[np.ndarray], list[np.ndarray]]]:
        """As `Engine.moments`."""
        weights = states[0].weights[0]
        mean, square = np.zeros_like(weights), np.zeros_like(weights)
        for n in range(len(weights)):
            own = {"weights": weights[n], "mean": mean[n], "square": square[n]}
            self._program("moments", self._arrays(n, range(epoch, epoch + 1)) | own)
        return [([mean], [square])]

    def forward(self, weights: Sequence[np.ndarray]) -> list[np.ndarray]:
        """As `Engine.forward`."""
        packed, samples, row = self.packed(weights), len(self.x), self.network.piece
        *hidden, outputs = self.network.widths[1:]
        recorded = np.empty((len(packed), sum(hidden) + 2 * outputs, row * ceil(samples / row)), np.float32)
        for n in range(len(packed)):
            self._program("record", self._shared | {"weights": packed[n], "recorded": recorded[n]}, samples)
        parts = np.split(recorded[..., :samples], np.cumsum([*hidden, outputs]), axis=1)
        *activations, logits, output = (np.ascontiguousarray(part.transpose(0, 2, 1)) for part in parts)
        return [logits, *activations, output]

    def _arrays(self, replicate: int, epochs: range) -> dict[str, np.ndarray]:
        """What a program works on, but for what the training changes."""
        draws = shuffle_draws(self.keys[replicate], epochs, self.n_train)
        return self._shared | {"draws": draws, "rows": self.train_index[replicate], "label": self._label[replicate]}
