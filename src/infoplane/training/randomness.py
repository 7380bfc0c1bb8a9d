"""Counter-based randomness: every draw is a function of (seed, replicate, epoch, position) and of nothing else.

So a replicate's initial weights, data order and dropout do not depend on how many others train with it, and a run that
stops can go on without a random state to save. All draws are elementwise integer arithmetic, which XLA vectorises:
sorting random keys, the usual way to shuffle, would cost more than the training itself (docs/performance.md).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from infoplane.training.backend import tf

GOLDEN = 0x9E3779B9
ROUNDS = 32  # of the shuffle: tests/training/test_randomness.py checks its uniformity


def replicate_keys(seed: int, replicates: Iterable[int]) -> np.ndarray:
    """One 32-bit key per replicate. Shape (replicate,), uint32."""
    return np.array([np.random.SeedSequence([seed, r]).generate_state(1)[0] for r in replicates], np.uint32)


def initial_seed(seed: int, replicate: int, layer: int) -> int:
    """The seed of one layer's initial weights in one replicate."""
    return int(np.random.SeedSequence([seed, replicate, layer]).generate_state(1)[0] >> 1)


def mix(bits: tf.Tensor, salt: tf.Tensor | int) -> tf.Tensor:
    """Hash 32-bit words: `lowbias32` of C. Wellons, a bijection of each word for each `salt`. uint32, broadcast."""
    bits = tf.bitwise.bitwise_xor(bits, tf.cast(salt, tf.uint32) * tf.constant(GOLDEN, tf.uint32))
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        bits = tf.bitwise.bitwise_xor(bits, tf.bitwise.right_shift(bits, tf.constant(shift, tf.uint32)))
        bits = bits * tf.constant(factor, tf.uint32)
    return tf.bitwise.bitwise_xor(bits, tf.bitwise.right_shift(bits, tf.constant(16, tf.uint32)))


def permutation(keys: tf.Tensor, epoch: tf.Tensor, size: int) -> tf.Tensor:
    """The order in which each replicate sees its `size` training samples in `epoch`.

    The swap-or-not shuffle (Hoang, Morris & Rogaway 2012): each round pairs position p with (pivot - p) mod size and
    swaps the pair on a hashed bit, so the result is a permutation for any key. keys (replicate,) uint32, epoch
    scalar int32; returns (replicate, size) int32.
    """
    draws = mix(keys, epoch)[:, None] + tf.cast(tf.range(3 * ROUNDS), tf.uint32) * tf.constant(GOLDEN, tf.uint32)
    pivots, masks, factors = tf.split(mix(draws, 1), 3, axis=1)
    pivots = tf.cast(pivots % tf.constant(size, tf.uint32), tf.int32)

    def turn(index: tf.Tensor, place: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        pivot, mask, factor = (tf.slice(x, (0, index), (keys.shape[0], 1)) for x in (pivots, masks, factors))
        partner = pivot - place
        partner = tf.where(partner < 0, partner + size, partner)
        pair = tf.bitwise.bitwise_xor(tf.cast(tf.maximum(place, partner), tf.uint32), mask)
        coin = tf.cast(pair * tf.bitwise.bitwise_or(factor, tf.constant(1, tf.uint32)), tf.int32)
        return index + 1, tf.where(coin < 0, partner, place)

    place = tf.tile(tf.range(size)[None], (keys.shape[0], 1))
    return tf.while_loop(lambda index, _: index < ROUNDS, turn, (tf.constant(0), place))[1]


def shuffle_draws(key: np.uint32, epochs: Iterable[int], size: int) -> np.ndarray:
    """What `permutation` draws for one replicate: pivots, masks and odd factors of each epoch and round.

    Shape (epoch, 3, ROUNDS), uint32; the same numbers without TensorFlow.
    """
    keys = _mixed(key, np.fromiter(epochs, np.uint32))
    draws = keys[:, None] + np.arange(3 * ROUNDS, dtype=np.uint32) * np.uint32(GOLDEN)
    draws = _mixed(draws, np.array(1, np.uint32)).reshape(-1, 3, ROUNDS)
    draws[:, 0] %= np.uint32(size)
    draws[:, 2] |= np.uint32(1)
    return draws


def _mixed(bits: np.ndarray | np.uint32, salt: np.ndarray) -> np.ndarray:
    """`mix`, of numpy's arrays."""
    mixed = bits ^ salt * np.uint32(GOLDEN)
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        mixed = (mixed ^ mixed >> np.uint32(shift)) * np.uint32(factor)
    return mixed ^ mixed >> np.uint32(16)


def normal(keys: tf.Tensor, shape: tuple[int, int]) -> tf.Tensor:
    """Standard normal numbers, up to 5.4 deviations. keys (replicate,) uint32; returns (replicate, *shape) float32."""
    centred = 2 * uniform(keys, shape) - 1 + 2.0**-24  # exact in float32, and within (-1, 1)
    return tf.math.erfinv(centred) * 2**0.5


def uniform(keys: tf.Tensor, shape: tuple[int, int]) -> tf.Tensor:
    """Uniform numbers in [0, 1) for each replicate. keys (replicate,) uint32; returns (replicate, *shape) float32."""
    rows, columns = shape
    counter = tf.cast(tf.reshape(tf.range(rows * columns), (1, rows, columns)), tf.uint32)
    bits = mix(mix(counter, 1) + keys[:, None, None], 2)
    return tf.cast(tf.bitwise.right_shift(bits, tf.constant(8, tf.uint32)), tf.float32) * 2.0**-24
