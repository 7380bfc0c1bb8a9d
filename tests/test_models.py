"""Models of every make are recorded as they are: names, outputs, and the losses and errors of `Model.evaluate`."""

import numpy as np
import pytest

import infoplane
from infoplane import stores
from infoplane.training.backend import keras

SAMPLES = 24
RNG = np.random.default_rng(0)
VECTORS = RNG.normal(size=(SAMPLES, 5)).astype("float32")
SERIES = RNG.normal(size=(SAMPLES, 4, 6)).astype("float32")
IMAGES = RNG.normal(size=(SAMPLES, 5, 5, 1)).astype("float32")
TWO, THREE = np.arange(SAMPLES) % 2, np.arange(SAMPLES) % 3
layers, losses = keras.layers, keras.losses


def functional(inputs, output):
    return keras.Model(inputs, output)


def logits():
    model = keras.Sequential([keras.Input((5,)), layers.Dense(4, "relu", name="wide"), layers.Dense(3, name="logits")])
    return model, VECTORS, THREE, losses.SparseCategoricalCrossentropy(from_logits=True), ["wide", "logits"]


def single_logit():
    model = keras.Sequential([keras.Input((5,)), layers.Dense(4, "tanh", name="wide"), layers.Dense(1, name="logit")])
    return model, VECTORS, TWO, losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.1), ["wide", "logit"]


def probability():
    model = keras.Sequential([layers.Dense(4, "tanh", name="wide"), layers.Dense(1, "sigmoid", name="p")])  # no Input
    return model, VECTORS, TWO[:, None], "binary_crossentropy", ["wide", "p"]


def squared_error_of_probabilities():
    model = keras.Sequential([keras.Input((5,)), layers.Dense(1, "sigmoid", name="p")])
    return model, VECTORS, TWO, "mse", ["p"]


def normalised():
    steps = [
        *(layers.Dense(6, use_bias=False, name="dense"), layers.BatchNormalization(name="batch")),
        *(layers.Activation("relu", name="relu"), layers.Dropout(0.5), layers.LayerNormalization(name="layer")),
        layers.Dense(3, "softmax", kernel_regularizer="l2", activity_regularizer="l1", name="class"),
    ]
    model = keras.Sequential([keras.Input((5,)), *steps])
    return model, VECTORS, np.eye(3)[THREE], "categorical_crossentropy", ["dense", "batch", "relu", "layer", "class"]


def residual():
    inside = keras.Input((5,))
    branch = layers.Dense(5, "relu", name="branch")(inside)
    joined = layers.Add(name="joined")([inside, branch])
    return (
        functional(inside, layers.Dense(2, "softmax", name="class")(joined)),
        VECTORS,
        TWO,
        None,
        ["branch", "joined", "class"],
    )


def convolutional():
    inside = keras.Input((5, 5, 1))
    x = layers.Conv2D(2, 2, activation="relu", name="filters")(inside)
    x = layers.Flatten()(layers.MaxPooling2D(2, name="pool")(x))
    return (
        functional(inside, layers.Dense(2, "softmax", name="class")(x)),
        IMAGES,
        TWO,
        None,
        ["filters", "pool", "class"],
    )


def transformer():
    inside = keras.Input((4, 6))
    attended = layers.MultiHeadAttention(2, 3, name="attention")(inside, inside)
    x = layers.LayerNormalization(name="normed")(layers.Add(name="stream")([inside, attended]))
    x = layers.GlobalAveragePooling1D(name="mean")(layers.EinsumDense("abc,cd->abd", (4, 8), name="mix")(x))
    names = ["attention", "stream", "normed", "mix", "mean", "class"]
    return functional(inside, layers.Dense(2, "softmax", name="class")(x)), SERIES, TWO, None, names


def two_inputs(given):
    first, second = keras.Input((5,), name="first"), keras.Input((4, 6), name="second")
    x = layers.Concatenate(name="both")([first, layers.LSTM(3, name="memory")(second)])
    inputs = [first, second] if isinstance(given, list) else {"first": first, "second": second}
    return (
        functional(inputs, layers.Dense(2, "softmax", name="class")(x)),
        given,
        TWO,
        None,
        ["memory", "both", "class"],
    )


class Own(keras.Model):
    """A subclass, one of whose layers is not used, and whose layers are used in another order than they are made."""

    def __init__(self):
        super().__init__()
        self.last = layers.Dense(2, "softmax", name="last")
        self.first = layers.Dense(4, "tanh", name="first")
        self.unused = layers.Dense(7, name="unused")
        self.unused.build((None, 5))
        self.unused.trainable = False

    def call(self, x):
        return self.last(self.first(x))


MODELS = {
    "logits": logits,
    "single logit": single_logit,
    "probability": probability,
    "squared error": squared_error_of_probabilities,
    "normalised": normalised,
    "residual": residual,
    "convolutional": convolutional,
    "transformer": transformer,
    "two inputs": lambda: two_inputs([VECTORS, SERIES]),
    "inputs by name": lambda: two_inputs({"first": VECTORS, "second": SERIES}),
    "subclass": lambda: (Own(), VECTORS, TWO, None, ["first", "last"]),
}


def compiled(make):
    keras.utils.set_random_seed(1)
    model, x, y, loss, names = make()
    model.compile(keras.optimizers.SGD(0.1), loss or "sparse_categorical_crossentropy", run_eagerly=True)
    return model, x, y, names


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_any_model_is_recorded_as_it_is(make, tmp_path):
    model, x, y, names = compiled(make)
    trained = np.arange(SAMPLES) < 16
    recorded = infoplane.record(
        model, x, y, tmp_path / "t.zarr.zip", trained=trained, epochs=1, batch_size=16, verbose=0
    )
    assert [recorded[f"layer_{n}"].attrs["name"] for n in range(1, len(recorded.children) + 1)] == names
    predicted = model.predict(x, verbose=0)
    np.testing.assert_allclose(recorded[f"layer_{len(names)}/activation"][0, -1], predicted, rtol=1e-4, atol=1e-6)
    label = y.argmax(1) if y.ndim == 2 and y.shape[1] > 1 else y.ravel()
    cut = 0 if names[-1] == "logit" else 0.5
    chosen = predicted.argmax(1) if predicted.shape[1] > 1 else predicted[:, 0] > cut
    for part, members in (("train", trained), ("test", ~trained)):
        loss = model.evaluate(keras.tree.map_structure(lambda a, m=members: a[m], x), y[members], verbose=0)
        assert float(recorded[f"{part}_loss"][0, -1]) == pytest.approx(loss, rel=1e-5)
        assert float(recorded[f"{part}_error"][0, -1]) == pytest.approx((chosen != label)[members].mean())
    assert recorded["label"].values[0].tolist() == label.tolist()
    cross_entropy = make not in (squared_error_of_probabilities, normalised)  # the latter's has penalties
    assert recorded["train_loss"].attrs["units"] == ("nats" if cross_entropy else "1")


def test_layers_have_the_limits_of_their_activation_where_keras_says_so(tmp_path):
    model, x, y, _ = compiled(normalised)
    model.layers[0].activation = keras.activations.tanh
    recorded = infoplane.record(model, x, y, tmp_path / "t.zarr.zip", epochs=1, verbose=0)
    kinds = [recorded[f"layer_{n}"].attrs["activation"] for n in range(1, 6)]
    assert kinds == ["tanh", "linear", "relu", "linear", "softmax"]
    assert ["weight" in recorded[f"layer_{n}"] for n in range(1, 6)] == [False, False, False, False, True]


def test_a_fit_that_goes_on_is_recorded_under_its_epochs(tmp_path):
    model, x, y, _ = compiled(logits)
    recorded = infoplane.record(model, x, y, tmp_path / "t.zarr.zip", initial_epoch=5, epochs=7, verbose=0)
    assert recorded["epoch"].values.tolist() == [5, 6, 7]


def twice():
    shared, inside = layers.Dense(5, name="shared"), keras.Input((5,))
    return functional(inside, layers.Dense(2, "softmax")(shared(shared(inside)))), VECTORS, TWO, None, []


def two_outputs():
    inside = keras.Input((5,))
    return functional(inside, [layers.Dense(2)(inside), layers.Dense(2)(inside)]), VECTORS, TWO, ["mse", "mse"], []


def regression():
    return keras.Sequential([layers.Dense(1, name="value")]), VECTORS, VECTORS[:, 0], "mse", []


def counts():
    return keras.Sequential([layers.Dense(1, name="value")]), VECTORS, TWO, "mse", []


def summed():
    loss = losses.BinaryCrossentropy(reduction="sum")
    return keras.Sequential([layers.Dense(1, "sigmoid", name="p")]), VECTORS, TWO, loss, []


def words():
    return keras.Sequential([layers.Dense(3, "softmax", name="next")]), SERIES, TWO, None, []


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (twice, "layers: shared: run 2 times; allowed: once and one"),
        (two_outputs, "model: found 2 outputs; allowed: one"),
        (regression, r"y: found numbers that are not whole; .* a regression has no classes"),
        (counts, "model: found one output unit and the loss mse, which tell no class"),
        (summed, "model: found a loss whose reduction is sum; allowed: sum_over_batch_size, mean"),
        (words, r"model: found an output of shape \(4, 3\); allowed: one unit per class"),
        (lambda: (keras.Sequential([layers.Dense(2)]), [VECTORS, SERIES[:5]], TWO, None, []), "x: found shapes"),
        (lambda: (keras.Sequential([layers.Dense(2)]), VECTORS, TWO[:5], None, []), "y: found int64 of shape"),
    ],
)
def test_what_cannot_be_recorded_is_one_line_and_leaves_nothing(make, line, tmp_path):
    model, x, y, _ = compiled(make)
    with pytest.raises(ValueError, match=line) as error:
        infoplane.record(model, x, y, tmp_path / "t.zarr.zip", epochs=1, verbose=0)
    assert "\n" not in str(error.value)
    del error
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith(".")] == []


def test_layers_that_the_model_does_not_run_cannot_be_chosen(tmp_path):
    model, x, y, _ = compiled(MODELS["subclass"])
    with pytest.raises(ValueError, match="layers: unused: not run by the model"):
        infoplane.record(model, x, y, tmp_path / "t.zarr.zip", layers=["unused"], epochs=1, verbose=0)


def test_a_recorded_store_opens_as_a_training_does(tmp_path):
    model, x, y, _ = compiled(residual)
    infoplane.record(model, x, y, tmp_path / "t.zarr.zip", epochs=1, verbose=0)
    with stores.open_tree(tmp_path / "t.zarr.zip") as tree:
        for node in tree.subtree:
            assert all(v.attrs["units"] and v.attrs["long_name"] for v in node.variables.values())
