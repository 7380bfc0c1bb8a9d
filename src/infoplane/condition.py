"""One fully resolved setting of a network and its training: the keys of the config's `defaults`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from infoplane.section import Count, Float, Fraction, Int, Positive, Section

# Keras's own names: listed so that a config is checked without importing TensorFlow (tests/test_condition.py compares
# them with the installed Keras). Activations are those that act on each unit alone and need no argument.
ACTIVATIONS = (
    "celu", "elu", "exponential", "gelu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh",
    "leaky_relu", "linear", "log_sigmoid", "mish", "relu", "relu6", "selu", "sigmoid", "silu", "soft_shrink",
    "softplus", "softsign", "sparse_plus", "sparse_sigmoid", "squareplus", "swish", "tanh", "tanh_shrink",
)  # fmt: skip
INITIALIZERS = (
    "glorot_normal", "glorot_uniform", "he_normal", "he_uniform", "lecun_normal", "lecun_uniform", "orthogonal",
    "random_normal", "random_uniform", "truncated_normal", "variance_scaling",
)  # fmt: skip
OPTIMIZERS = (
    "adadelta", "adafactor", "adagrad", "adam", "adamax", "adamw", "ftrl", "lamb", "lion", "muon", "nadam",
    "rmsprop", "schedulefreeadamw", "sgd",
)  # fmt: skip

NonNegative = Annotated[Float, Field(ge=0)]


class Condition(Section):
    """A network, its data, its training and how many replicates of it: defaults are the paper's [ST17]."""

    seed: Annotated[Int, Field(ge=0)] = Field(2017, description="Root of all randomness of the condition.")
    replicates: Count = Field(20, description="Networks trained, each with its own weights, labels and split.")
    replicates_per_job: Count = Field(10, description="Replicates trained together in one job.")
    dataset: str = Field("spherical", description="A name under `datasets`.")
    train_fraction: Fraction = Field(0.85, description="Share of the samples trained on; the last 15 % only test.")
    hidden: Annotated[tuple[Count, ...], Field(min_length=1)] = Field(
        (12, 10, 7, 5, 4, 3, 2), description="Units of each hidden layer."
    )
    activation: Literal[ACTIVATIONS] = Field("tanh", description="Keras activation of the hidden layers.")
    output: Literal["sigmoid", "softmax"] = Field(
        "sigmoid", description="Output layer: one sigmoid unit (two classes) or a softmax unit per class."
    )
    initializer: Literal[INITIALIZERS] = Field("lecun_normal", description="Keras initialiser of the weights.")
    initializer_scale: Positive = Field(
        0.88,
        description="Factor on the initial weights; with the default initialiser, 0.88 gives the authors' weights: "
        "normal, of deviation 1/√inputs before it is cut at two deviations.",
    )
    optimizer: Literal[OPTIMIZERS] = Field("sgd", description="Keras optimizer.")
    optimizer_options: dict[str, Any] = Field(
        default_factory=dict, description="Further arguments of the optimizer, e.g. `{momentum: 0.9}`."
    )
    learning_rate: Positive = Field(0.05, description="Step size of the optimizer.")
    batch_size: Count | Literal["full"] = Field(64, description="Samples in a batch, or `full`.")
    epochs: Count = Field(3000, description="Passes through the training set.")
    snapshots: Annotated[Int, Field(ge=2)] = Field(
        60, description="Epochs recorded at most: 0 (the initial weights), then log-spaced up to the last."
    )
    precision: Literal["float32", "float16"] = Field("float32", description="Stored precision of activations.")
    l2: NonNegative = Field(0.0, description="L2 penalty on the weights.")
    dropout: Annotated[Float, Field(ge=0, lt=1)] = Field(0.0, description="Dropout rate of the hidden layers.")
