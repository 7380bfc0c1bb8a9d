"""What a snapshot records: activations on every sample, losses and errors, weights, and gradient statistics."""

from __future__ import annotations

import numpy as np

from infoplane.training.backend import tf
from infoplane.training.background import Background
from infoplane.training.engine import Engine, State, norm
from infoplane.training.store import Layer, Store


class Observer:
    """Takes the snapshots of one engine into one store, which is written by `later`."""

    def __init__(self, engine: Engine, store: Store, later: Background):
        self.engine, self.store, self.later = engine, store, later

    def observe(self, snapshot: int, epoch: int, states: list[State]) -> dict[str, np.ndarray]:
        """Have the activations of one snapshot written to the store and return all else that belongs to it.

        Names are those of the store, arrays have the replicate axis first; entries of replicates that have diverged
        are NaN. A replicate whose loss is not finite counts as diverged from this epoch on.
        """
        group, weights = self.store.group, self.engine.weights(states)
        starts = range(0, len(self.engine.replicates), group)
        diverged = self.engine.diverged(states)
        parts = [self._observe_group(snapshot, epoch, s, [w[s : s + group] for w in weights], diverged) for s in starts]
        result = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        means, deviations = self.engine.gradient_norms(states, epoch)
        for n, (kernel, bias) in enumerate(zip(weights[::2], weights[1::2], strict=True)):
            layer = f"layer_{n + 1}/"
            result |= {
                layer + "weight": kernel,
                layer + "bias": bias,
                layer + "weight_norm": norm(kernel),
                layer + "gradient_mean_norm": means[:, n].copy(),
                layer + "gradient_std_norm": deviations[:, n].copy(),
            }
        diverged = result.pop("diverged_epoch")
        for values in result.values():
            values[diverged >= 0] = np.nan
        return result | {"diverged_epoch": diverged}

    def _observe_group(
        self, snapshot: int, epoch: int, start: int, weights: list[np.ndarray], diverged: np.ndarray
    ) -> dict[str, np.ndarray]:
        self.later.wait()  # so that memory holds the activations of one group
        chosen = slice(start, start + self.store.group)
        logits, *activations = self.engine.forward(weights)
        result, diverged = self._curves(logits, chosen), diverged[chosen]
        unsound = ~np.isfinite(result["train_loss"] + result["test_loss"])
        result["diverged_epoch"] = diverged = np.where((diverged < 0) & unsound, epoch, diverged).astype(np.int32)
        for n, activation in enumerate(activations):
            values = activation.astype(self.store.precision, copy=False)
            values[diverged >= 0] = np.nan
            self.later(self.store.write_activation, n, snapshot, start, values)
            result[f"layer_{n + 1}/activation_min"] = values.min(axis=(1, 2)).astype(np.float32)
            result[f"layer_{n + 1}/activation_max"] = values.max(axis=(1, 2)).astype(np.float32)
        return result

    def _curves(self, logits: np.ndarray, chosen: slice) -> dict[str, np.ndarray]:
        """Loss and error of each replicate on its training and its test samples. logits (replicate, sample, output).

        The error is the share of samples classified wrongly; of targets, the share of their variance that is left.
        """
        engine, label = self.engine, self.engine.label[chosen]
        loss = engine.loss(tf.transpose(logits, (0, 2, 1)), tf.constant(label)).numpy()
        predicted = logits[..., 0] > 0 if logits.shape[-1] == 1 else logits.argmax(axis=-1)
        wrong = loss if engine.regression else (predicted != label).astype(np.float32)
        result: dict[str, np.ndarray] = {}
        for part, members in (("train", engine.trained[chosen]), ("test", engine.tested[chosen])):
            for name, values in (("loss", loss), ("error", wrong)):
                mean = np.mean(values, axis=1, where=members, dtype=np.float64)
                if name == "error" and engine.regression:
                    mean /= np.var(label, axis=1, where=members, dtype=np.float64)
                result[f"{part}_{name}"] = np.asarray(mean, np.float32)
        return result


def layers(engine: Engine) -> list[Layer]:
    """Describe the engine's layers to the store."""
    condition = engine.condition
    hidden = [(condition.activation, condition.activation_noise)] * len(condition.hidden)
    shapes = [w.shape[1:] for w in engine.initial[::2]]
    described = zip([*hidden, (condition.output, 0.0)], shapes, strict=True)
    return [Layer(name, shape[1], shape, noise) for (name, noise), shape in described]
