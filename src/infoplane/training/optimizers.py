"""Optimizers as pure functions of (weights, gradients, slots), so that their state can be loop state.

`sgd` and `adam` are written out (the fast path); every other Keras optimizer, or an option that these two do not know,
runs Keras's own code on variables that are set before and read after each step (the slow path).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from infoplane.condition import Condition
from infoplane.training.backend import keras, tf

Tensors = list[tf.Tensor]

# Keras optimizers whose update of a weight depends on that weight's own gradients alone: one instance may then update
# the arrays of all replicates. Any other gets one instance per replicate, so that replicates stay independent.
ELEMENTWISE = {
    "adadelta", "adagrad", "adam", "adamax", "adamw", "ftrl", "lion", "nadam", "rmsprop", "schedulefreeadamw", "sgd",
}  # fmt: skip
NORM_OPTIONS = {"clipnorm", "global_clipnorm"}
# By class and not by `keras.optimizers.get`, which does not know all of Keras's own.
CLASSES = {name.lower(): value for name, value in vars(keras.optimizers).items() if isinstance(value, type)}


class Optimizer(Protocol):
    """A rule that moves weights: lists hold kernels and biases in turn, the replicate axis first."""

    def slots(self, weights: Tensors) -> Tensors:
        """Return the initial state."""

    def update(self, weights: Tensors, gradients: Tensors, slots: Tensors) -> tuple[Tensors, Tensors]:
        """Return the weights and the state after one step."""


class SGD:
    """Stochastic gradient descent with (Nesterov) momentum: `keras.optimizers.SGD`."""

    options = frozenset({"momentum", "nesterov"})

    def __init__(self, learning_rate: float, momentum: float = 0.0, nesterov: bool = False):
        self.learning_rate, self.momentum, self.nesterov = learning_rate, momentum, nesterov

    def slots(self, weights: Tensors) -> Tensors:
        """Return zero velocities, if there is momentum."""
        return [tf.zeros_like(w) for w in weights] if self.momentum else []

    def update(self, weights: Tensors, gradients: Tensors, slots: Tensors) -> tuple[Tensors, Tensors]:
        """Return the weights and velocities after one step."""
        steps = [g * -self.learning_rate for g in gradients]
        if not self.momentum:
            return [w + s for w, s in zip(weights, steps, strict=True)], []
        slots = [self.momentum * v + s for v, s in zip(slots, steps, strict=True)]
        moves = [self.momentum * v + s for v, s in zip(slots, steps, strict=True)] if self.nesterov else slots
        return [w + m for w, m in zip(weights, moves, strict=True)], slots


class Adam:
    """Adam (Kingma & Ba 2015): `keras.optimizers.Adam`. Slots: step count, first moments, second moments."""

    options = frozenset({"beta_1", "beta_2", "epsilon"})

    def __init__(self, learning_rate: float, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7):
        self.learning_rate, self.beta_1, self.beta_2, self.epsilon = learning_rate, beta_1, beta_2, epsilon

    def slots(self, weights: Tensors) -> Tensors:
        """Return the count and the moments, all zero."""
        return [tf.zeros((), tf.int64), *(tf.zeros_like(w) for w in 2 * list(weights))]

    def update(self, weights: Tensors, gradients: Tensors, slots: Tensors) -> tuple[Tensors, Tensors]:
        """Return the weights and moments after one step."""
        n, count = len(weights), slots[0] + 1
        t = tf.cast(count, tf.float32)
        rate = self.learning_rate * tf.sqrt(1 - self.beta_2**t) / (1 - self.beta_1**t)
        first = [m + (g - m) * (1 - self.beta_1) for m, g in zip(slots[1 : n + 1], gradients, strict=True)]
        second = [v + (g * g - v) * (1 - self.beta_2) for v, g in zip(slots[n + 1 :], gradients, strict=True)]
        moved = [w - rate * m / (tf.sqrt(v) + self.epsilon) for w, m, v in zip(weights, first, second, strict=True)]
        return moved, [count, *first, *second]


class KerasOptimizer:
    """Any Keras optimizer, through variables of its own; one instance per replicate unless it is elementwise."""

    def __init__(self, name: str, options: dict[str, Any], weights: Sequence[tf.Tensor]):
        self.name, self.options = name, options
        self.elementwise = elementwise(name, options)
        self.parts = self._build(weights)

    def _build(self, weights: Sequence[tf.Tensor]) -> list[tuple[keras.Optimizer, list[keras.Variable]]]:
        parts = []
        for part in self._split(weights):
            variables = [keras.Variable(w) for w in part]
            optimizer = CLASSES[self.name](**self.options)
            optimizer.build(variables)
            parts.append((optimizer, variables))
        return parts

    def _split(self, weights: Sequence[tf.Tensor]) -> list[Tensors]:
        if self.elementwise:
            return [list(weights)]
        return [[w[r] for w in weights] for r in range(weights[0].shape[0])]

    def slots(self, weights: Tensors) -> Tensors:
        """Return Keras's optimizer variables, instance by instance, as they are before the first step."""
        return _variables(self._build(weights))  # of these weights: some optimizers start from copies of them

    def update(self, weights: Tensors, gradients: Tensors, slots: Tensors) -> tuple[Tensors, Tensors]:
        """Return the weights and variables after one `optimizer.apply`."""
        state, split = iter(slots), zip(self.parts, self._split(weights), self._split(gradients), strict=True)
        for (optimizer, variables), part, slopes in split:
            for variable, value in zip(variables, part, strict=True):
                variable.assign(value)
            for variable in optimizer.variables:
                variable.assign(next(state))
            optimizer.apply(slopes, variables)
        moved = [[tf.convert_to_tensor(v) for v in variables] for _, variables in self.parts]
        if not self.elementwise:
            moved = [[tf.stack(values) for values in zip(*moved, strict=True)]]
        return moved[0], _variables(self.parts)


def _variables(parts: list[tuple[keras.Optimizer, list[keras.Variable]]]) -> Tensors:
    return [tf.convert_to_tensor(v) for optimizer, _ in parts for v in optimizer.variables]


def elementwise(name: str, options: Mapping[str, Any]) -> bool:
    """Whether an optimizer moves each weight by that weight's own gradients alone, whatever array it is in."""
    return name in ELEMENTWISE and not NORM_OPTIONS & options.keys()


def make_optimizer(condition: Condition, weights: Sequence[tf.Tensor]) -> Optimizer:
    """Return the condition's optimizer for these weights; ValueError names what Keras does not accept."""
    options = {"learning_rate": condition.learning_rate, **condition.optimizer_options}
    rules: dict[str, type[SGD | Adam]] = {"sgd": SGD, "adam": Adam}
    rule = rules.get(condition.optimizer)
    if rule and condition.optimizer_options.keys() <= rule.options:
        return rule(**options)
    if condition.optimizer not in CLASSES:
        raise ValueError(f"optimizer: the installed Keras {keras.__version__} has no {condition.optimizer}")
    try:
        return KerasOptimizer(condition.optimizer, options, weights)
    except (TypeError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ValueError(f"optimizer_options: Keras refuses {options} for {condition.optimizer}: {reason}") from error
