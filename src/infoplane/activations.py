"""What is known of the activation functions, by their Keras names."""

from collections.abc import Callable

import numpy as np
from scipy.special import expit

# The limits of those that saturate on both sides.
LIMITS = {
    "tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
    "hard_tanh": (-1.0, 1.0),
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "sparse_sigmoid": (0.0, 1.0),
    "relu6": (0.0, 6.0),
    "softmax": (0.0, 1.0),
}

# Those that a noisy network can be followed through without Keras: numpy functions of an array.
FUNCTIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "tanh": np.tanh,
    "softsign": lambda x: x / (1 + np.abs(x)),
    "hard_tanh": lambda x: np.clip(x, -1, 1),
    "sigmoid": expit,
    "hard_sigmoid": lambda x: np.clip(x / 6 + 0.5, 0, 1),
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "softplus": lambda x: np.logaddexp(x, 0),
    "linear": lambda x: x,
}
