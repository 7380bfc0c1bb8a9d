"""Counter-based randomness: every draw is a function of (seed, replicate, epoch, position) and of nothing else.

So a replicate's initial weights, data order and dropout do not depend on how many others train with it, and a run that
stops can go on without a random state to save. All draws are elementwise integer arithmetic, which XLA vectorises:
sorting random keys, the usual way to shuffle, would cost more than the training itself (docs/performance.md).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from infoplane.training.backend import tf

ROUNDS = 32  # of the shuffle: tests/training/test_randomness.py checks its uniformity


def replicate_keys(seed: int, replicates: Iterable[int]) -> np.ndarray:
    """One 32-bit key per replicate. Shape (replicate,), uint32."""
    return np.array([np.random.SeedSequence([seed, r]).generate_state(1)[0] for r in replicates], np.uint32)


def initial_seed(seed: int, replicate: int, layer: int) -> int:
    """The seed of one layer's initial weights in one replicate."""
    return int(np.random.SeedSequence([seed, replicate, layer]).generate_state(1)[0] >> 1)


def mix(bits: tf.Tensor, salt: tf.Tensor | int) -> tf.Tensor:
    """Hash 32-bit words: `lowbias32` of C. Wellons, a bijection of each word for each `salt`. uint32, broadcast."""
    bits = tf.bitwise.bitwise_xor(bits, tf.cast(salt, tf.uint32) * tf.constant(0x9E3779B9, tf.uint32))
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        bits = tf.bitwise.bitwise_xor(bits, tf.bitwise.right_shift(bits, tf.constant(shift, tf.uint32)))
        bits = bits * tf.constant(factor, tf.uint32)
    return tf.bitwise.bitwise_xor(bits, tf.bitwise.right_shift(bits, tf.constant(16, tf.uint32)))


def permutation(keys: tf.Tensor, epoch: tf.Tensor, size: int) -> tf.Tensor:
    """The order in which each replicate sees its `size` training samples in `epoch`.

    The swap-or-not shuffle (Hoang, Morris & Rogaway 2012): each round pairs position p with (k - p) mod size and swaps
    the pair on a hashed bit, so the result is a permutation for any key. keys (replicate,) uint32, epoch scalar
    int32; returns (size, replicate) int32.
    """
    keys = mix(keys, epoch)
    place = tf.range(size, dtype=tf.int32)[:, None] + tf.zeros_like(keys, tf.int32)[None]
    for turn in range(ROUNDS):
        pivot = (
            tf.cast(tf.bitwise.right_shift(mix(keys, 2 * turn + 1), tf.constant(1, tf.uint32)), tf.int32)
            % size
        )
        partner = pivot - place
        partner = tf.where(partner < 0, partner + size, partner)
        coin = mix(tf.cast(tf.maximum(place, partner), tf.uint32) + mix(keys, 2 * turn + 2), 0)
        place = tf.where(tf.cast(coin, tf.int32) < 0, partner, place)
    return place


def uniform(keys: tf.Tensor, shape: tuple[int, int]) -> tf.Tensor:
    """Uniform numbers in [0, 1) for each replicate. keys (replicate,) uint32; returns (*shape, replicate) float32."""
    rows, columns = shape
    counter = tf.cast(tf.reshape(tf.range(rows * columns), (rows, columns, 1)), tf.uint32)
    bits = mix(mix(counter, 1) + keys, 2)
    return tf.cast(tf.bitwise.right_shift(bits, tf.constant(8, tf.uint32)), tf.float32) * 2.0**-24
