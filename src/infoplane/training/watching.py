"""A Keras model of any kind, seen from outside: what each layer gives for an input, the loss, the errors.

Layers are watched while the model runs, so a model may be sequential, functional or a subclass, with one input or
several.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from inspect import signature
from typing import Any

import numpy as np

from infoplane.training.backend import keras, tf

# Layers that lose nothing of what they are given when a trained model is used: not recorded unless they are named.
IDLE = (
    *(keras.layers.InputLayer, keras.layers.Identity, keras.layers.Masking, keras.layers.ActivityRegularization),
    *(keras.layers.Flatten, keras.layers.Reshape, keras.layers.Permute, keras.layers.RepeatVector),
    *(keras.layers.Dropout, keras.layers.GaussianDropout, keras.layers.GaussianNoise, keras.layers.AlphaDropout),
)
MEANS = ("sum_over_batch_size", "mean", "mean_with_sample_weight")  # what does not depend on the size of batches
NATS = ("binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy")


class Watched:
    """A model and those of its layers that are recorded: the named ones, or all that are run and not `IDLE`.

    `layers` are in the order of `names`, else in that in which the model runs them; `shapes` are those of their outputs
    for one sample. Raises ValueError, in one line, where one cannot be recorded.
    """

    def __init__(self, model: keras.Model, names: Sequence[str] | None, one: Any):
        self.model = model
        known = dict(_known(model))
        unknown = [name for name in names or () if name not in known]
        if unknown:
            raise ValueError(f"layers: the model has no {', '.join(unknown)}; allowed: {', '.join(known)}")
        reduction = getattr(model.loss, "reduction", MEANS[0])
        if reduction not in MEANS:
            raise ValueError(f"model: found a loss whose reduction is {reduction}; allowed: {', '.join(MEANS)}")
        self.layers = [known[n] for n in names] if names else [x for x in model.layers if not isinstance(x, IDLE)]
        model(one, training=False)  # a model that is not built yet runs in another way
        with self._caught() as caught:
            model(one, training=False)
        idle = [name for name in names or () if known[name] not in caught]
        if idle:
            raise ValueError(f"layers: {', '.join(idle)}: not run by the model; allowed: layers that are")
        self.layers = self.layers if names else list(caught)
        if not self.layers:
            raise ValueError(
                "layers: the model runs none that can be told apart; allowed: a model made of Keras layers"
            )
        self.shapes = [_only(layer, caught[layer]).shape[1:] for layer in self.layers]

    def __call__(self, x: Any) -> tuple[list[np.ndarray], tf.Tensor]:
        """The outputs of the layers, each (sample, ...), and the model's prediction; as in use, not in training."""
        with self._caught() as caught:
            predicted = self.model(x, training=False)
        return [np.asarray(_only(layer, caught[layer])) for layer in self.layers], predicted

    def loss(self, x: Any, y: np.ndarray, predicted: tf.Tensor) -> float:
        """The loss as `Model.evaluate` takes it: that of `compile` and the model's own penalties."""
        stage = {"training": False} if "training" in signature(self.model.compute_loss).parameters else {}
        return float(self.model.compute_loss(x=x, y=tf.convert_to_tensor(y), y_pred=predicted, **stage))

    def loss_name(self) -> str:
        """What the loss is called in Keras, and whether penalties are added to it."""
        loss = self.model.loss
        named = loss if isinstance(loss, str) else getattr(loss, "name", None) or getattr(loss, "__name__", None)
        name = named or "its own"
        return f"{name} and penalties" if self.model.losses else name

    def wrong(self, predicted: np.ndarray, label: np.ndarray) -> np.ndarray:
        """Whether each sample is classified wrongly, 0 or 1 (sample,); NaN where the prediction is.

        predicted (sample, class) probabilities or logits, or one unit for p(y=1) or its logit.
        """
        if predicted.ndim > 2:
            raise ValueError(f"model: found an output of shape {predicted.shape[1:]}; allowed: one unit per class")
        predicted = predicted.reshape(len(predicted), -1)
        classes = max(predicted.shape[1], 2)
        if label.min() < 0 or label.max() >= classes:
            raise ValueError(
                f"y: labels {label.min()} to {label.max()}; allowed: 0 to {classes - 1}, the model's classes"
            )
        single = predicted.shape[1] == 1
        chosen = predicted[:, 0] > self._threshold() if single else predicted.argmax(axis=1)
        return np.where(np.isnan(predicted).any(axis=1), np.nan, chosen != label)

    def _threshold(self) -> float:
        """Above which a single output unit says y = 1."""
        loss = self.model.loss
        if getattr(loss, "from_logits", False):
            return 0.0
        if self.loss_name().startswith("binary") or activation(self.layers[-1]) == "sigmoid":
            return 0.5
        raise ValueError(
            f"model: found one output unit and the loss {self.loss_name()}, which tell no class; "
            "allowed: binary cross-entropy, a sigmoid, or one unit per class"
        )

    @contextmanager
    def _caught(self) -> Iterator[dict[Any, list[Any]]]:
        """While it is open, what each layer gives, call by call, in the order of first calls."""
        caught: dict[Any, list[Any]] = {}
        eager = tf.config.functions_run_eagerly()
        with ExitStack() as undo:
            tf.config.run_functions_eagerly(True)  # inside a tf.function nothing could be seen
            undo.callback(tf.config.run_functions_eagerly, eager)
            for layer in self.layers:
                vars(layer)["call"] = _catching(layer, caught)  # Keras calls this one before the class's
                undo.callback(vars(layer).pop, "call")
            yield caught


def activation(layer: keras.Layer) -> str:
    """The activation of which a layer's output has the limits, as Keras names it; `linear` where none is known."""
    if isinstance(layer, keras.layers.Softmax):
        return "softmax"
    known = type(layer).__module__.partition(".")[0] == "keras"  # another's may use its `activation` for anything
    return getattr(getattr(layer, "activation", None), "__name__", "linear") if known else "linear"


def _known(model: keras.Model) -> Iterator[tuple[str, keras.Layer]]:
    """The layers of a model, then those of models within it, by name; the first of a name counts."""
    inner = [layer for layer in model.layers if isinstance(layer, keras.Model)]
    found = [pair for nested in inner for pair in _known(nested)] + [(layer.name, layer) for layer in model.layers]
    yield from found


def _catching(layer: keras.Layer, caught: dict[Any, list[Any]]) -> Any:
    call = layer.call

    def catching(*args: Any, **kwargs: Any) -> Any:
        given = call(*args, **kwargs)
        caught.setdefault(layer, []).append(given)
        return given

    return catching


def _only(layer: keras.Layer, given: list[Any]) -> tf.Tensor:
    """The one output of a layer that is called once."""
    found = keras.tree.flatten(given)
    if len(found) != 1:
        what = f"run {len(given)} times" if len(given) > 1 else f"gives {len(found)} outputs"
        raise ValueError(f"layers: {layer.name}: {what}; allowed: once and one: name the others in `layers`")
    return found[0]
