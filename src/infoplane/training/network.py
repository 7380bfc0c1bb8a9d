"""Many networks as one: Keras layers whose weights and activations carry a replicate axis.

The replicate axis comes first and the sample axis last: the samples of a batch lie side by side, so that one
vector instruction does the same arithmetic for several of them. The matrices of the paper's networks are too small
for a matrix-product routine, so products are multiplied and summed where they stand (docs/performance.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from infoplane.activations import LIMITS
from infoplane.condition import Condition
from infoplane.training.backend import keras, tf
from infoplane.training.randomness import initial_seed, mix, normal, uniform

# Weights of a kernel up to which products are multiplied and summed, and up to which their sum over samples is a
# product with a vector of ones; above, batched matrix products are faster (measured: docs/performance.md).
SMALL, TINY = 1024, 200

NOISE = 0x0A15E  # keeps the draws of noise apart from those of dropout

TANH_LIMIT = 7.90531110763549805
TANH_NUMERATOR = (
    4.89352455891786e-03, 6.37261928875436e-04, 1.48572235717979e-05, 5.12229709037114e-08, -8.60467152213735e-11,
    2.00018790482477e-13, -2.76076847742355e-16,
)  # fmt: skip
TANH_DENOMINATOR = (4.89352518554385e-03, 2.26843463243900e-03, 1.18534705686654e-04, 1.19825839466702e-06)


@tf.custom_gradient
def affine(x: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
    """Each replicate's kernel' x + bias.

    x (replicate, in, sample), kernel (replicate, in, out), bias (replicate, out); returns (replicate, out, sample).
    """
    weights = kernel.shape[1] * kernel.shape[2]

    def gradient(dy: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        dx = tf.reduce_sum(dy[:, None] * kernel[..., None], axis=2) if weights <= SMALL else tf.matmul(kernel, dy)
        if weights <= TINY:
            samples = x.shape[2]
            products = tf.reshape(x[:, :, None] * dy[:, None], (-1, samples))
            dkernel = tf.reshape(tf.matmul(products, tf.ones((samples, 1))), kernel.shape)
        else:
            dkernel = tf.matmul(x, dy, transpose_b=True)
        return dx, dkernel, tf.reduce_sum(dy, axis=2)

    if weights <= SMALL:
        y = tf.reduce_sum(x[:, :, None] * kernel[..., None], axis=1)
    else:
        y = tf.matmul(kernel, x, transpose_a=True)
    return y + bias[..., None], gradient


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

    def __init__(self, units: int, replicates: int, activation: str, bits: int | None = None, **options: Any):
        super().__init__(**options)
        self.units, self.replicates = units, replicates
        self.activation = tanh if activation == "tanh" else keras.activations.get(activation)
        self.quantize = quantizer(LIMITS[activation], bits) if bits else tf.identity

    def build(self, input_shape: tuple[int, int, int]) -> None:
        """Create `kernel` (replicate, in, units) and `bias` (replicate, units)."""
        self.kernel = self.add_weight(name="kernel", shape=(self.replicates, input_shape[1], self.units))
        self.bias = self.add_weight(name="bias", shape=(self.replicates, self.units), initializer="zeros")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Apply the layer."""
        y = affine(x, tf.convert_to_tensor(self.kernel), tf.convert_to_tensor(self.bias))
        return self.quantize(self.activation(y))


class EnsembleDropout(keras.layers.Layer):
    """Dropout whose mask is a function of each replicate's key, not of a shared random state."""

    def __init__(self, rate: float, **options: Any):
        super().__init__(**options)
        self.rate, self.built = rate, True

    def call(self, x: tf.Tensor, keys: tf.Tensor) -> tf.Tensor:
        """Drop units; x (replicate, unit, sample), keys (replicate,) uint32."""
        kept = uniform(keys, x.shape[1:]) >= self.rate
        return tf.where(kept, x / (1 - self.rate), tf.zeros_like(x))


class EnsembleNetwork(keras.Model):
    """The networks of a condition, one per replicate: dense layers, their activations all visible."""

    def __init__(self, condition: Condition, classes: int, replicates: int):
        super().__init__()
        if condition.output == "sigmoid" and classes != 2:
            raise ValueError(f"output: sigmoid needs two classes, the dataset has {classes}: write output: softmax")
        outputs = classes if condition.output == "softmax" else 1
        hidden = (condition.activation, condition.quantize)
        self.dense = [EnsembleDense(units, replicates, *hidden) for units in condition.hidden]
        self.dense.append(EnsembleDense(outputs, replicates, "linear"))
        self.dropout = EnsembleDropout(condition.dropout) if condition.dropout else None
        self.deviation = condition.activation_noise**0.5

    def noise(self, keys: tf.Tensor, samples: int) -> list[tf.Tensor]:
        """Draw each hidden layer's noise (replicate, unit, sample), none if there is none; keys (replicate,) uint32.

        For `call` to be given: drawn where it is added, XLA would draw it anew for every unit that reads it.
        """
        if not self.deviation:
            return []
        drawn = [normal(mix(mix(keys, NOISE), depth), (x.units, samples)) for depth, x in enumerate(self.dense[:-1], 1)]
        return [self.deviation * z for z in drawn]

    def call(self, x: tf.Tensor, keys: tf.Tensor | None = None, noise: Sequence[tf.Tensor] = ()) -> list[tf.Tensor]:
        """Return every layer's activation, the last layer's before its nonlinearity (the logits).

        x (replicate, feature, sample). In training, with `keys` (replicate,) uint32, hidden units drop out, and `noise`
        is added to them: that is in what a layer passes on, not in what is returned.
        """
        activations = []
        for depth, layer in enumerate(self.dense):
            x = layer(x)
            activations.append(x)
            if keys is not None and self.dropout and layer is not self.dense[-1]:
                x = self.dropout(x, keys=mix(keys, depth + 1))
            if noise and layer is not self.dense[-1]:
                x = x + noise[depth]
        return activations

    def apply(self, weights: Sequence[tf.Tensor], x: tf.Tensor, **disturbed: Any) -> list[tf.Tensor]:
        """Call with explicit weights [kernel, bias, kernel, ...]: as loop state they are 2-3 times faster."""
        return self.stateless_call(weights, [], x, **disturbed)[0]


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
