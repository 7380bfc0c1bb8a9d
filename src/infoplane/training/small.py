"""Which networks are small: trained by an engine of their own (`native.py`). Known without TensorFlow, for the plan."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

# Up to which units and weights of a layer their engine is the faster one (measured: docs/performance.md).
WIDEST, LARGEST = 128, 4096
ACTIVATIONS = ("linear", "relu", "sigmoid", "softplus", "softsign", "tanh")
OPTIONS = ("momentum", "nesterov")  # of `sgd`
OTHER = ("dropout", "activation_noise", "quantize")  # what it does not do


def widths(settings: Mapping[str, Any], features: int, classes: int) -> tuple[int, ...]:
    """Of a condition's networks, from the inputs to the outputs."""
    return (features, *settings["hidden"], classes if settings["output"] == "softmax" else 1)


def is_small(settings: Mapping[str, Any], features: int, classes: int) -> bool:
    """Whether a condition's networks are small, and trained in a way that their engine knows."""
    sizes = widths(settings, features, classes)
    small = max(sizes) <= WIDEST and max(n * m for n, m in pairwise(sizes)) <= LARGEST
    rule = settings["optimizer"] == "sgd" and settings["optimizer_options"].keys() <= set(OPTIONS)
    return small and rule and settings["activation"] in ACTIVATIONS and not any(settings.get(key) for key in OTHER)
