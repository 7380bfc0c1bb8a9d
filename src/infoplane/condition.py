"""One fully resolved setting of a network and its training: the keys of the config's `defaults`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from infoplane.activations import LIMITS
from infoplane.datasets.replicates import TEST_SHARE
from infoplane.section import Count, Float, Int, Magnitude, Neutral, Positive, Section, one_of
from infoplane.tree import as_yaml

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
# Each with its own options; all take COMMON_OPTIONS too.
OPTIMIZERS = {
    "adadelta": ("rho", "epsilon"),
    "adafactor": ("beta_2_decay", "epsilon_1", "epsilon_2", "clip_threshold", "relative_step"),
    "adagrad": ("initial_accumulator_value", "epsilon"),
    "adam": ("beta_1", "beta_2", "epsilon", "amsgrad"),
    "adamax": ("beta_1", "beta_2", "epsilon"),
    "adamw": ("beta_1", "beta_2", "epsilon", "amsgrad"),
    "ftrl": (
        "learning_rate_power", "initial_accumulator_value", "l1_regularization_strength", "l2_regularization_strength",
        "l2_shrinkage_regularization_strength", "beta",
    ),
    "lamb": ("beta_1", "beta_2", "epsilon"),
    "lion": ("beta_1", "beta_2"),
    "muon": (
        "adam_beta_1", "adam_beta_2", "adam_weight_decay", "epsilon", "exclude_layers", "exclude_embeddings", "muon_a",
        "muon_b", "muon_c", "adam_lr_ratio", "momentum", "ns_steps", "nesterov", "rms_rate",
    ),
    "nadam": ("beta_1", "beta_2", "epsilon"),
    "rmsprop": ("rho", "momentum", "epsilon", "centered"),
    "schedulefreeadamw": ("beta_1", "beta_2", "epsilon", "warmup_steps"),
    "sgd": ("momentum", "nesterov"),
}  # fmt: skip
COMMON_OPTIONS = (
    "weight_decay", "clipnorm", "clipvalue", "global_clipnorm", "use_ema", "ema_momentum", "ema_overwrite_frequency",
    "loss_scale_factor", "gradient_accumulation_steps",
)  # fmt: skip
SWITCHES = ("nesterov", "amsgrad", "centered", "use_ema", "relative_step")
SHARES = ("momentum", "beta_1", "beta_2", "adam_beta_1", "adam_beta_2", "ema_momentum")
LARGE = 1e30  # of an option: float32 holds 3e38
SEARCHED = 1000  # snapshots whose schedule is found in a second
NAMES = ("exclude_layers",)
Many = Annotated[Count, Field(le=10**6)]
NonNegative = Annotated[Float, Field(ge=0)]
if TYPE_CHECKING:  # a type checker reads no Literal of a tuple
    Activation = str
    Initializer = str
    Optimizer = str
else:
    Activation, Initializer, Optimizer = Literal[ACTIVATIONS], Literal[INITIALIZERS], Literal[tuple(OPTIMIZERS)]
QUANTIZABLE = tuple(name for name in ACTIVATIONS if name in LIMITS)


def _leaves_test_samples(fraction: float) -> float:
    if fraction > 1 - TEST_SHARE:
        raise ValueError(f"allowed: up to {1 - TEST_SHARE:g}, since the last {TEST_SHARE:.0%} of the samples only test")
    return fraction


def _whole(value: Any) -> Any:
    """A number of bits written as text, for the reason that `_typed` gives."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def _typed(options: Any) -> Any:
    """Texts as the YAML values that they are: Snakemake hands over nested `--config` values as texts."""
    if not isinstance(options, dict):
        return options
    return {key: as_yaml(value) if isinstance(value, str) else value for key, value in options.items()}


def _needed(option: str, value: Any) -> str | None:
    """What an optimizer's option needs if it is not this value, as far as that can be said without Keras."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < LARGE
    if option in SWITCHES:
        return None if isinstance(value, bool) else "true or false"
    if option in NAMES:
        return None if isinstance(value, list) and all(isinstance(v, str) for v in value) else "a list of names"
    if option in SHARES:
        return None if is_number and 0 <= value <= 1 else "a number from 0 to 1"
    return None if is_number else "a number"


class Condition(Section):
    """A network, its data, its training and how many replicates of it: defaults are the paper's [ST17]."""

    seed: Annotated[Int, Field(ge=0)] = Field(2017, description="Root of all randomness of the condition.")
    replicates: Many = Field(20, description="Networks trained, each with its own weights, labels and split.")
    replicates_per_job: Many = Field(10, description="Replicates trained together in one job.")
    dataset: str = Field("spherical", description="A name under `datasets`.")
    train_fraction: Annotated[Positive, AfterValidator(_leaves_test_samples), Field(le=1 - TEST_SHARE)] = Field(
        0.85, description="Share of the samples trained on; the last 15 % only test."
    )
    hidden: Annotated[tuple[Many, ...], Field(min_length=1, max_length=100)] = Field(
        (12, 10, 7, 5, 4, 3, 2), description="Units of each hidden layer."
    )
    activation: Activation = Field("tanh", description="Keras activation of the hidden layers.")
    output: Literal["sigmoid", "softmax", "linear"] = Field(
        "sigmoid",
        description="Output layer: one sigmoid unit (two classes) or a softmax unit per class, trained on "
        "cross-entropy; or one linear unit (real-valued targets), trained on the mean squared error.",
    )
    initializer: Initializer = Field("lecun_normal", description="Keras initialiser of the weights.")
    initializer_scale: Magnitude = Field(
        0.88,
        description="Factor on the initial weights; with the default initialiser, 0.88 gives the authors' weights: "
        "normal, of deviation 1/√inputs before it is cut at two deviations.",
    )
    optimizer: Optimizer = Field("sgd", description="Keras optimizer.")
    optimizer_options: Annotated[dict[str, Any], BeforeValidator(_typed)] = Field(
        default_factory=dict, description="Further arguments of the optimizer, e.g. `{momentum: 0.9}`."
    )
    learning_rate: Magnitude = Field(0.05, description="Step size of the optimizer.")
    batch_size: Count | Literal["full"] = Field(64, description="Samples in a batch, or `full`.")
    epochs: Annotated[Count, Field(le=10**9)] = Field(3000, description="Passes through the training set.")
    snapshots: Annotated[Int, Field(ge=2, le=10_000)] = Field(
        60,
        description="Epochs recorded at most: 0 (the initial weights), then log-spaced up to the last. "
        "Up to 1000, or more than `epochs`, to record every one.",
    )
    precision: Literal["float32", "float16"] = Field("float32", description="Stored precision of activations.")
    l2: Annotated[NonNegative, Field(le=LARGE)] = Field(0.0, description="L2 penalty on the weights.")
    dropout: Annotated[Float, Field(ge=0, lt=1)] = Field(0.0, description="Dropout rate of the hidden layers.")
    activation_noise: Annotated[NonNegative, Neutral(0.0)] = Field(
        0.0,
        description="Variance of the Gaussian noise added to each hidden unit in training, drawn anew in every step. "
        "Activations and errors are recorded without it, as without dropout; `chain` measures the network with it.",
    )
    quantize: Annotated[Literal[8, 4, 2, 1] | None, BeforeValidator(_whole), Neutral(None)] = Field(
        None,
        description="Bits of each hidden unit: its activation takes 2^bits levels, the middles of as many equal bins "
        "between its limits, in training (straight-through gradients) and as recorded. Not quantized if not given.",
    )

    crossed: Annotated[Annotated[Many, Field(ge=2)] | None, Neutral(None)] = Field(
        None,
        description="Crosses initial weights with data: of k, replicate r has the initial weights of replicate r // k "
        "and the data (labels and split) of replicate r % k, so that k² replicates are k initialisations with k "
        "datasets each. Each has its own if not given. The order of the samples in training is always each one's own.",
    )

    portable: Annotated[bool, Neutral(True)] = Field(
        True,
        description="Train with the instructions that every x86-64 processor with AVX2 has, so that all give the same "
        "bytes. `false` uses all that this one has: a tenth less time per epoch with AVX-512. Small networks, trained "
        "by `sgd`, have the same bytes either way.",
    )

    @model_validator(mode="after")
    def _schedule_is_short(self) -> Self:
        if SEARCHED < self.snapshots <= self.epochs:
            text = f"allowed: up to {SEARCHED}, or more than `epochs`: then every epoch is recorded"
            raise PydanticCustomError("snapshots", text, {"key": "snapshots", "found": self.snapshots})
        return self

    @model_validator(mode="after")
    def _optimizer_takes_options(self) -> Self:
        allowed = (*OPTIMIZERS[self.optimizer], *COMMON_OPTIONS)
        for option, value in self.optimizer_options.items():
            if option not in allowed:
                key, hint = f"optimizer_options.{option}", one_of(allowed, option)
                text = f"unknown key of {self.optimizer}; {{hint}}"
                raise PydanticCustomError("unknown_key", text, {"key": key, "hint": hint})
            if words := _needed(option, value):
                context = {"key": f"optimizer_options.{option}", "words": words, "found": value}
                raise PydanticCustomError("option", "allowed: {words}", context)
        return self

    @model_validator(mode="after")
    def _levels_or_noise(self) -> Self:
        if self.quantize and self.activation_noise:
            context = {"key": "activation_noise", "found": self.activation_noise}
            raise PydanticCustomError("levels_or_noise", "allowed: 0, since `quantize` is set", context)
        return self

    @model_validator(mode="after")
    def _limits_to_quantize(self) -> Self:
        if self.quantize and self.activation not in QUANTIZABLE:
            text = "allowed: null, since {activation} has no limits on both sides; those that have: {names}"
            context = {"key": "quantize", "found": self.quantize, "activation": self.activation}
            raise PydanticCustomError("no_limits", text, {**context, "names": ", ".join(QUANTIZABLE)})
        return self
