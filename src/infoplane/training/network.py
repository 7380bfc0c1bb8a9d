"""Many networks as one: Keras layers whose weights and activations carry a replicate axis.

The replicate axis comes first and the sample axis last: the samples of a batch lie side by side, so that one
vector instruction does the same arithmetic for several of them. The matrices of the paper's networks are too small
for a matrix-product routine, so products are multiplied and summed where they stand (docs/performance.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from infoplane.activations import LIMITS
from infoplane.condition import Condition
from infoplane.training.backend import keras, tf
from infoplane.training.randomness import initial_seed, mix, normal, uniform

# Weights of a kernel up to which products are multiplied and summed, and up to which their sum over samples is a
# product with a vector of ones; above, batched matrix products are faster (measured: docs/performance.md).
SMALL, TINY = 640, 450

NOISE = 0x0A15E  # keeps the draws of noise apart from those of dropout

TANH_LIMIT = 7.90531110763549805
TANH_NUMERATOR = (
    4.89352455891786e-03, 6.37261928875436e-04, 1.48572235717979e-05, 5.12229709037114e-08, -8.60467152213735e-11,
    2.00018790482477e-13, -2.76076847742355e-16,
)  # fmt: skip
TANH_DENOMINATOR = (4.89352518554385e-03, 2.26843463243900e-03, 1.18534705686654e-04, 1.19825839466702e-06)


def _affine(bare: bool) -> Callable[..., tf.Tensor]:
    @tf.custom_gradient
    def affine(x: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
        """Each replicate's kernel' x + bias.

        x (replicate, in, sample), kernel (replicate, in, out), bias (replicate, out); returns (replicate, out, sample).
        """
        weights = kernel.shape[1] * kernel.shape[2]
        ones = tf.ones((x.shape[2], 1))

        def gradient(dy: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            dx = tf.reduce_sum(dy[:, None] * kernel[..., None], axis=2) if weights <= SMALL else tf.matmul(kernel, dy)
            if weights <= TINY:
                products = tf.reshape(x[:, :, None] * dy[:, None], (-1, x.shape[2]))
                dkernel = tf.reshape(tf.matmul(products, ones), kernel.shape)
            else:
                dkernel = tf.matmul(x, dy, transpose_b=True)
            return dx, dkernel, tf.matmul(dy, ones)[..., 0] if bare else tf.reduce_sum(dy, axis=2)

        if weights <= SMALL:
            y = tf.reduce_sum(x[:, :, None] * kernel[..., None], axis=1)
        else:
            y = tf.matmul(kernel, x, transpose_a=True)
        return y + bias[..., None], gradient

    return affine


# The second where another layer follows and no nonlinearity: dy is a sum then, which XLA would join with that over
# samples to one over an array that it has to write out.
affine, affine_bare = _affine(bare=False), _affine(bare=True)


@tf.custom_gradient
def tanh(x: tf.Tensor) -> tf.Tensor:
    """Hyperbolic tangent as the rational function that Eigen uses: within float32 rounding, at a third of the cost."""
    x = tf.clip_by_value(x, -TANH_LIMIT, TANH_LIMIT)
    square = x * x
    numerator = x * _horner(square, TANH_NUMERATOR)
    y = numerator / _horner(square, TANH_DENOMINATOR)
    return y, lambda dy: dy * (1 - y * y)


def _horner(x: tf.Tensor, coefficients: Sequence[float]) -> tf.Tensor:
    total = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        total = total * x + coefficient
    return total


def quantizer(limits: tuple[float, float], bits: int) -> Callable[[tf.Tensor], tf.Tensor]:
    """Round to the middle of one of 2^bits equal bins between the limits, with straight-through gradients.

    The slope of the steps is 0 almost everywhere; in its place stands that of the identity [Bengio et al. 2013].
    """
    lower, levels = limits[0], 2**bits
    width = (limits[1] - lower) / levels

    @tf.custom_gradient
    def quantize(x: tf.Tensor) -> tf.Tensor:
        level = tf.minimum(tf.floor((x - lower) * (1 / width)), levels - 1)
        return level * width + (lower + width / 2), lambda dy: dy

    return quantize


class EnsembleDense(keras.layers.Layer):
    """A dense layer of `replicates` networks: (replicate, in, sample) -> (replicate, units, sample)."""

    def __init__(
        self, units: int, replicates: int, activation: str, bits: int | None = None, bare: bool = False, **options: Any
    ):
        super().__init__(**options)
        self.units, self.replicates = units, replicates
        self.activation = tanh if activation == "tanh" else keras.activations.get(activation)
        self.affine = affine_bare if bare else affine
        self.quantize = quantizer(LIMITS[activation], bits) if bits else tf.identity

    def build(self, input_shape: tuple[int, int, int]) -> None:
        """Create `kernel` (replicate, in, units) and `bias` (replicate, units)."""
        shape = (self.replicates, input_shape[1], self.units)
        self.kernel = self.add_weight(name="kernel", shape=shape, initializer="zeros")
        self.bias = self.add_weight(name="bias", shape=(self.replicates, self.units), initializer="zeros")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Apply the layer."""
        y = self.affine(x, tf.convert_to_tensor(self.kernel), tf.convert_to_tensor(self.bias))
        return self.quantize(self.activation(y))


class Drawn(NamedTuple):
    """What chance does to hidden layers in training: which units stay, and the noise; each by layer, or none."""

    kept: list[tf.Tensor]
    noise: list[tf.Tensor]


class EnsembleNetwork(keras.Model):
    """The networks of a condition, one per replicate: dense layers, their activations all visible."""

    def __init__(self, condition: Condition, classes: int, replicates: int):
        super().__init__()
        outputs = classes if condition.output == "softmax" else 1
        hidden = (condition.activation, condition.quantize, condition.activation == "linear")
        self.dense = [EnsembleDense(units, replicates, *hidden) for units in condition.hidden]
        self.dense.append(EnsembleDense(outputs, replicates, "linear"))
        self.rate = condition.dropout
        self.deviation = condition.activation_noise**0.5

    def build(self, input_shape: tuple[int, int, int]) -> None:
        """Create the layers' weights; without this Keras would trace a forward pass for it."""
        replicates, width, samples = input_shape
        for layer in self.dense:
            layer.build((replicates, width, samples))
            width = layer.units

    def drawn(self, keys: tf.Tensor, samples: int) -> Drawn:
        """Draw which units of each hidden layer stay, and its noise (replicate, unit, sample).

        A function of each replicate's key, `keys` (replicate,) uint32, not of a shared random state. For `call` to be
        given: drawn where it is used, XLA would draw it anew for every unit that reads it.
        """
        hidden = list(enumerate(self.dense[:-1], 1))
        kept, noise = [], []
        if self.rate:
            kept = [uniform(mix(keys, depth), (x.units, samples)) >= self.rate for depth, x in hidden]
        if self.deviation:
            noise = [self.deviation * normal(mix(mix(keys, NOISE), depth), (x.units, samples)) for depth, x in hidden]
        return Drawn(kept, noise)

    def call(self, x: tf.Tensor, drawn: Drawn | None = None) -> list[tf.Tensor]:
        """Return every layer's activation, the last layer's before its nonlinearity (the logits).

        x (replicate, feature, sample). In training, what is `drawn` has hidden units drop out, and noise is added to
        them: that is in what a layer passes on, not in what is returned.
        """
        kept, noise = drawn or Drawn([], [])
        activations = []
        for depth, layer in enumerate(self.dense):
            x = layer(x)
            activations.append(x)
            if kept and layer is not self.dense[-1]:
                x = tf.where(kept[depth], x / (1 - self.rate), tf.zeros_like(x))
            if noise and layer is not self.dense[-1]:
                x = x + noise[depth]
        return activations

    def apply(self, weights: Sequence[tf.Tensor], x: tf.Tensor, drawn: Drawn | None = None) -> list[tf.Tensor]:
        """Call with explicit weights [kernel, bias, kernel, ...]: as loop state they are 2-3 times faster."""
        return self.stateless_call(weights, [], x, drawn=drawn)[0]


def sources(condition: Condition, replicates: range) -> tuple[list[int], list[int]]:
    """Of each replicate, that whose initial weights it starts from, and that whose labels and split it has."""
    crossed = condition.crossed
    of = [divmod(replicate, crossed) if crossed else (replicate, replicate) for replicate in replicates]
    return [weights for weights, _ in of], [data for _, data in of]


def initial_weights(condition: Condition, features: int, classes: int, replicates: range) -> list[np.ndarray]:
    """Initial [kernel, bias, kernel, ...] of the replicates: kernel (replicate, in, out), bias (replicate, out)."""
    outputs = classes if condition.output == "softmax" else 1
    sizes = [features, *condition.hidden, outputs]
    of, _ = sources(condition, replicates)
    weights = []
    for layer, shape in enumerate(pairwise(sizes)):
        kernels = [_initial_kernel(condition, shape, initial_seed(condition.seed, r, layer)) for r in of]
        weights += [np.stack(kernels), np.zeros((len(replicates), shape[1]), np.float32)]
    return weights


def _initial_kernel(condition: Condition, shape: tuple[int, int], seed: int) -> np.ndarray:
    draw = keras.initializers.get({"class_name": condition.initializer, "config": {"seed": seed}})
    return condition.initializer_scale * np.asarray(draw(shape), np.float32)
