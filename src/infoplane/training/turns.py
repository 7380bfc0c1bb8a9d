"""The samples of an epoch, turn by turn: which they are, in what order, and how a function is folded over them.

A turn is what is computed on at once: a batch, or a piece of one, small enough for the cache. All turns have one
length, so that one compiled step serves them: the last of a batch, and the last batch, are filled up with samples that
do not count.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import Any, NamedTuple

import numpy as np

from infoplane.training.backend import tf
from infoplane.training.network import Drawn
from infoplane.training.randomness import mix, permutation

# Samples whose gradient is computed at once; a larger batch sums over such pieces, which stay in the cache.
PIECE = 64
DROPOUT = 0x5EED  # keeps the draws of masks apart from those of the order


class Data(NamedTuple):
    """What sets the replicates of a block apart: keys (replicate,), sample numbers and labels (replicate, sample).

    Labels are classes, int32, or real-valued targets, float32.
    """

    keys: tf.Tensor
    train_index: tf.Tensor
    label: tf.Tensor


class Turn(NamedTuple):
    """What is computed on at once: x (replicate, feature, sample), labels, and what is drawn for hidden layers.

    `share` (sample,) is each sample's in the mean over its batch: 0 if it only fills up the turn.
    """

    x: tf.Tensor
    label: tf.Tensor
    share: tf.Tensor
    drawn: Drawn


Function = Callable[[Any, Turn], Any]


class Turns:
    """The turns of each epoch through x (sample, feature), for `n_train` training samples in batches of `batch`.

    `draw(keys, samples)` is the network's `drawn`. An input that a matrix product reads is gathered
    `by_sample`, what sums read number by number, as they do.
    """

    def __init__(self, x: np.ndarray, n_train: int, batch: int, by_sample: bool, draw: Callable[..., Drawn]):
        self.n_train, self.by_sample, self.draw = n_train, by_sample, draw
        self.pieces = 1 if batch <= 2 * PIECE else ceil(batch / PIECE)
        self.size = batch if self.pieces == 1 else PIECE
        samples, features = x.shape
        self._features = tf.constant(x if by_sample else x.T.ravel())
        self._first = tf.constant(np.arange(features, dtype=np.int32)[:, None] * samples)
        within = np.arange(self.pieces * self.size)
        places = np.arange(0, n_train, batch)[:, None] + within  # (batch, sample) in the order of an epoch
        counted = (within < batch) & (places < n_train)
        self.batches, sizes = len(places), counted.sum(axis=1, keepdims=True)
        self._places = np.minimum(places, n_train - 1).astype(np.int32).ravel()
        self._shares = (counted / sizes).astype(np.float32).reshape(1, -1)
        self._sizes = sizes.astype(np.float32).ravel()

    def over_batches(
        self, data: Data, epoch: tf.Tensor, step: Callable[[Any, Callable[..., Any], tf.Tensor], Any], state: Any
    ) -> Any:
        """Fold `step(state, over_turns, size)` over the batches of an epoch, each of `size` samples.

        `over_turns(function, start)` folds `function(state, turn)` over the turns of that batch.
        """
        order = _take(data.train_index, permutation(data.keys, epoch, self.n_train))
        rows, shares = tf.gather(order, self._places, axis=1), tf.constant(self._shares)
        keys, sizes = mix(mix(data.keys, epoch), DROPOUT), tf.constant(self._sizes)
        if self.pieces == 1:

            def alone(state: Any, turn: Turn, index: tf.Tensor) -> Any:
                return step(state, lambda function, start: function(start, turn), sizes[index])

            return self._fold(data, keys, alone, state, rows, shares)

        def body(index: tf.Tensor, state: Any) -> tuple[tf.Tensor, Any]:
            here = [_columns(x, index, self.pieces * self.size) for x in (rows, shares)]

            def over_turns(function: Function, start: Any) -> Any:
                return self._fold(data, mix(keys, index), lambda total, turn, _: function(total, turn), start, *here)

            return index + 1, step(state, over_turns, sizes[index])

        return tf.while_loop(lambda index, _: index < self.batches, body, (tf.constant(0), state))[1]

    def _fold(
        self,
        data: Data,
        keys: tf.Tensor,
        function: Callable[[Any, Turn, tf.Tensor], Any],
        state: Any,
        rows: tf.Tensor,
        shares: tf.Tensor,
    ) -> Any:
        """Fold `function(state, turn, index)` over the turns of `rows`, with a key of `keys` for each.

        The next turn is made one turn ahead and is loop state: XLA would otherwise gather its data, and draw what is
        drawn for it, anew wherever they are used.
        """
        count = rows.shape[1] // self.size

        def made(index: tf.Tensor) -> Turn:
            columns = _columns(rows, index, self.size)
            if self.by_sample:
                x = tf.transpose(tf.gather(self._features, columns), (0, 2, 1))
            else:
                x = tf.gather(self._features, columns[:, None] + self._first)
            label, share = _take(data.label, columns), _columns(shares, index, self.size)[0]
            return Turn(x, label, share, self.draw(mix(keys, index), self.size))

        def body(index: tf.Tensor, here: Turn, state: Any) -> tuple[tf.Tensor, Turn, Any]:
            return index + 1, made(tf.minimum(index + 1, count - 1)), function(state, here, index)

        return tf.while_loop(lambda index, *_: index < count, body, (tf.constant(0), made(tf.constant(0)), state))[2]


def _columns(rows: tf.Tensor, index: tf.Tensor, size: int) -> tf.Tensor:
    """The `index`-th `size` columns."""
    return tf.slice(rows, (0, index * size), (rows.shape[0], size))


def _take(table: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
    """`table[r, rows[r]]` for each replicate r. table (replicate, n), rows (replicate, sample)."""
    first = tf.range(table.shape[0])[:, None] * table.shape[1]
    return tf.gather(tf.reshape(table, (-1,)), first + rows)
