"""Many networks as one: Keras layers whose weights and activations carry a replicate axis.

The replicate axis is the last, contiguous one, so that one vector instruction does the same arithmetic for several
replicates; the matrices of the paper's networks are too small for a matrix-product routine (docs/performance.md).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from infoplane.condition import Condition
from infoplane.training.backend import keras, tf
from infoplane.training.randomness import initial_seed, mix, uniform

# Largest product (elements) that is summed as it stands; above it, a batched matrix product is faster.
SMALL = 2**20


@tf.custom_gradient
def contract(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Each replicate's matrix product: x (sample, in, replicate), kernel (in, out, replicate) -> (sample, out, ...)."""
    small = x.shape.num_elements() * kernel.shape[1] <= SMALL

    def gradient(dy: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        if not small:
            return tf.einsum("sor,ior->sir", dy, kernel), tf.einsum("sir,sor->ior", x, dy)
        dx = tf.reduce_sum(dy[:, None] * kernel[None], axis=2)
        return dx, tf.reduce_sum(x[:, :, None] * dy[:, None], axis=0)

    y = tf.reduce_sum(x[:, :, None] * kernel[None], axis=1) if small else tf.einsum("sir,ior->sor", x, kernel)
    return y, gradient


class EnsembleDense(keras.layers.Layer):
    """A dense layer of `replicates` networks: (sample, in, replicate) -> (sample, units, replicate)."""

    def __init__(self, units: int, replicates: int, activation: str, **options):
        super().__init__(**options)
        self.units, self.replicates = units, replicates
        self.activation = keras.activations.get(activation)

    def build(self, input_shape: tuple[int, int, int]) -> None:
        """Create `kernel` (in, units, replicate) and `bias` (units, replicate)."""
        self.kernel = self.add_weight(name="kernel", shape=(input_shape[1], self.units, self.replicates))
        self.bias = self.add_weight(name="bias", shape=(self.units, self.replicates), initializer="zeros")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Apply the layer."""
        return self.activation(contract(x, tf.convert_to_tensor(self.kernel)) + self.bias)


class EnsembleDropout(keras.layers.Layer):
    """Dropout whose mask is a function of each replicate's key, not of a shared random state."""

    def __init__(self, rate: float, **options):
        super().__init__(**options)
        self.rate = rate

    def call(self, x: tf.Tensor, keys: tf.Tensor) -> tf.Tensor:
        """Drop units; x (sample, unit, replicate), keys (replicate,) uint32."""
        kept = uniform(keys, (x.shape[0], x.shape[1])) >= self.rate
        return tf.where(kept, x / (1 - self.rate), tf.zeros_like(x))


class EnsembleNetwork(keras.Model):
    """The networks of a condition, one per replicate: dense layers, their activations all visible."""

    def __init__(self, condition: Condition, classes: int, replicates: int):
        super().__init__()
        if condition.output == "sigmoid" and classes != 2:
            raise ValueError(
                f"output: sigmoid needs two classes, the dataset has {classes}: write output: softmax"
            )
        outputs = 1 if condition.output == "sigmoid" else classes
        self.dense = [EnsembleDense(units, replicates, condition.activation) for units in condition.hidden]
        self.dense.append(EnsembleDense(outputs, replicates, "linear"))
        self.dropout = EnsembleDropout(condition.dropout) if condition.dropout else None

    def call(self, x: tf.Tensor, keys: tf.Tensor | None = None) -> list[tf.Tensor]:
        """Return every layer's activation, the last layer's before its nonlinearity (the logits).

        x (sample, feature, replicate); with `keys` (replicate,) uint32 hidden units drop out, as in training.
        """
        activations = []
        for depth, layer in enumerate(self.dense):
            x = layer(x)
            activations.append(x)
            if keys is not None and self.dropout and layer is not self.dense[-1]:
                x = self.dropout(x, keys=mix(keys, depth + 1))
        return activations

    def apply(
        self, weights: Sequence[tf.Tensor], x: tf.Tensor, keys: tf.Tensor | None = None
    ) -> list[tf.Tensor]:
        """Call with explicit weights [kernel, bias, kernel, ...]: as loop state they are 2-3 times faster."""
        return self.stateless_call(weights, [], x, keys=keys)[0]


def initial_weights(condition: Condition, features: int, classes: int, replicates: range) -> list[np.ndarray]:
    """Initial [kernel, bias, kernel, ...] of the replicates: kernel (in, out, replicate), bias (out, replicate)."""
    outputs = 1 if condition.output == "sigmoid" else classes
    sizes = [features, *condition.hidden, outputs]
    weights = []
    for layer, shape in enumerate(zip(sizes[:-1], sizes[1:], strict=True)):
        kernels = [
            _initial_kernel(condition, shape, initial_seed(condition.seed, r, layer)) for r in replicates
        ]
        weights += [np.stack(kernels, axis=-1), np.zeros((shape[1], len(replicates)), np.float32)]
    return weights


def _initial_kernel(condition: Condition, shape: tuple[int, int], seed: int) -> np.ndarray:
    draw = keras.initializers.get({"class_name": condition.initializer, "config": {"seed": seed}})
    return condition.initializer_scale * np.asarray(draw(shape), np.float32)
