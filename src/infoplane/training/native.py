"""The training loop of small networks as machine code of their own: without TensorFlow, which the tests compare with.

A network of ten units a layer is too small for vectors and kernels of general use. Its whole epoch, written out for
its widths (pieces.py, emission.py), takes a third of the instructions of the graph's, and a second less to compile.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import numpy as np
import xarray as xr

from infoplane.condition import Condition
from infoplane.training.emission import compiled
from infoplane.training.engine import Engine, State
from infoplane.training.pieces import Network
from infoplane.training.randomness import shuffle_draws

EPOCHS_AT_ONCE = 256  # whose draws are in memory


class NativeEngine(Engine):
    """Trains networks that are small (`small.py`), one replicate after the other."""

    def __init__(self, condition: Condition, dataset: xr.Dataset, replicates: range):
        super().__init__(condition, dataset, replicates)
        self.blocks = [slice(0, len(replicates))]
        widths = (self.x.shape[1], *(bias.shape[1] for bias in self.initial[1::2]))
        options = {"momentum": 0.0, "nesterov": False} | condition.optimizer_options
        rule = condition.learning_rate, options["momentum"], options["nesterov"]
        self.network = Network(widths, condition.activation, condition.output, self.n_train, self.batch, *rule)
        self._program = compiled(self.network)
        penalty = [np.full((1, *w.shape[1:]), 2 * condition.l2 * (w.ndim == 3), np.float32) for w in self.initial]
        scratch = {name: np.zeros(n, np.float32) for name, n in self.network.sizes.items()}
        self._shared = scratch | {"x": self.x, "penalty": self.packed(penalty)[0]}
        self._label = self.label.astype(np.float32)

    def packed(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        """As `Engine.packed`: one (replicate, number) array."""
        packed = np.zeros((len(arrays[0]), self.network.length), np.float32)
        for part, kernel, bias in zip(self.network.parts, arrays[::2], arrays[1::2], strict=True):
            packed[:, part.weight : part.bias] = kernel.reshape(len(kernel), -1)
            packed[:, part.bias : part.bias + part.units] = bias
        return [packed]

    def unpacked(self, packed: list[np.ndarray]) -> list[np.ndarray]:
        """As `Engine.unpacked`."""
        arrays = []
        for part in self.network.parts:
            arrays.append(packed[0][:, part.weight : part.bias].reshape(-1, part.inputs, part.units))
            arrays.append(packed[0][:, part.bias : part.bias + part.units])
        return arrays

    def slots(self, packed: list[np.ndarray]) -> list[np.ndarray]:
        """As `Engine.slots`: velocities, if there is momentum."""
        return [np.zeros_like(weights) for weights in packed if self.network.momentum]

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
        (packed,), samples, row = self.packed(weights), len(self.x), self.network.piece
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
