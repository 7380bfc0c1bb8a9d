"""An ensemble gives what its networks would give alone, trained by plain Keras."""

from functools import partial

import numpy as np
import pytest

from infoplane.activations import LIMITS
from infoplane.datasets.linear import LinearTeacher
from infoplane.datasets.replicates import draw
from infoplane.training.backend import keras, tf
from infoplane.training.engines import engine_of
from infoplane.training.graph import GraphEngine
from infoplane.training.native import NativeEngine
from infoplane.training.network import NOISE
from infoplane.training.randomness import mix, normal, permutation, uniform
from infoplane.training.small import is_small
from infoplane.training.turns import DROPOUT

OPTIMIZERS = [
    ("sgd", {}),
    ("sgd", {"momentum": 0.9}),
    ("sgd", {"momentum": 0.8, "nesterov": True}),
    ("sgd", {"clipnorm": 0.05}),
    ("sgd", {"momentum": 0.5, "global_clipnorm": 0.05}),
    ("sgd", {"weight_decay": 0.1, "clipvalue": 0.01}),
    ("adam", {}),
    ("adam", {"beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-3}),
    ("adam", {"amsgrad": True}),
    ("adamw", {}),
    ("rmsprop", {}),
    ("lamb", {}),
    ("adafactor", {}),
    ("muon", {}),
    ("schedulefreeadamw", {}),
]


class Levels(keras.layers.Layer):
    """The nearest of 2^bits levels, each the middle of an equal part of the limits; the gradient passes through."""

    def __init__(self, limits, bits):
        super().__init__()
        parts = np.linspace(*limits, 2**bits + 1)
        self.levels = keras.ops.convert_to_tensor((parts[1:] + parts[:-1]) / 2, "float32")

    def call(self, x):
        nearest = keras.ops.take(self.levels, keras.ops.argmin(keras.ops.abs(x[..., None] - self.levels), axis=-1))
        return x + keras.ops.stop_gradient(nearest - x)


def plain_model(condition, engine, replicate):
    """The replicate's network as anyone would write it in Keras, with the same initial weights."""
    regularizer = keras.regularizers.L2(condition.l2) if condition.l2 else None
    layers = []
    for units in condition.hidden:
        layers.append(keras.layers.Dense(units, condition.activation, kernel_regularizer=regularizer))
        if condition.quantize:
            layers.append(Levels(LIMITS[condition.activation], condition.quantize))
    units = engine.initial[-1].shape[-1]
    layers.append(keras.layers.Dense(units, condition.output, kernel_regularizer=regularizer))
    model = keras.Sequential([keras.Input((engine.x.shape[1],)), *layers])
    model.set_weights([w[replicate] for w in engine.initial])
    options = {"learning_rate": condition.learning_rate, **condition.optimizer_options}
    optimizer = next(c for n, c in vars(keras.optimizers).items() if n.lower() == condition.optimizer)(**options)
    losses = {"sigmoid": "binary_crossentropy", "softmax": "sparse_categorical_crossentropy", "linear": "mse"}
    model.compile(optimizer, losses[condition.output])
    optimizer.build(model.trainable_variables)  # within its first step, Keras 3.15 builds ScheduleFreeAdamW from zeros
    return model


def order_in(engine, epoch):
    """Sample numbers in the order of training in an epoch, counted from 0: (replicate, train sample)."""
    places = permutation(tf.constant(engine.keys), tf.constant(epoch), engine.n_train)
    return np.take_along_axis(engine.train_index, places.numpy(), axis=1)


@pytest.fixture(params=[GraphEngine, NativeEngine])
def compare(request):
    """The comparison of an engine with Keras; skips what only the graph trains."""
    return partial(_compare, request.param)


def _compare(engine_class, condition, dataset, epochs=3, rtol=1e-4, atol=2e-6, replicates=range(1, 4)):
    """Train both, epoch by epoch, with the same batches."""
    classes = dataset.sizes.get("class", 0)
    if engine_class is NativeEngine and not is_small(condition.model_dump(), dataset.sizes["feature"], classes):
        pytest.skip("the graph's")
    engine = engine_class(condition, dataset, replicates)
    models = [plain_model(condition, engine, r) for r in range(len(replicates))]
    states = engine.start()
    for epoch in range(epochs):
        orders = order_in(engine, epoch)
        states = engine.run(states, epoch, epoch + 1)
        for r, (model, order) in enumerate(zip(models, orders, strict=True)):
            for first in range(0, len(order), engine.batch):
                rows = order[first : first + engine.batch]
                model.train_on_batch(engine.x[rows], engine.label[r, rows])
            for ours, theirs in zip(engine.weights(states), model.get_weights(), strict=True):
                np.testing.assert_allclose(ours[r], theirs, rtol=rtol, atol=atol)
    assert all(np.abs(w - v).max() > 10 * atol for w, v in zip(engine.weights(states), engine.initial, strict=True))


@pytest.mark.parametrize(("optimizer", "options"), OPTIMIZERS, ids=str)
def test_equals_plain_keras(compare, condition, problem, optimizer, options):
    """Four steps an epoch, the last on a smaller batch, as in Model.fit."""
    rate = {"sgd": 0.2, "muon": 0.01, "adafactor": 0.2}.get(optimizer, 0.005)
    changes = {"optimizer": optimizer, "optimizer_options": options, "learning_rate": rate, "batch_size": 24}
    compare(condition(**changes), problem(), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(
    "activation", ["tanh", "relu", "sigmoid", "softsign", "softplus", "elu", "leaky_relu", "linear"]
)
def test_activations(compare, condition, problem, activation):
    compare(condition(activation=activation), problem())


@pytest.mark.parametrize(("activation", "bits"), [("tanh", 4), ("sigmoid", 1), ("relu6", 8)])
def test_quantized_activations(compare, condition, problem, activation, bits):
    compare(condition(activation=activation, quantize=bits), problem(), replicates=range(1, 3))


@pytest.mark.parametrize(
    "changes",
    [
        *({"batch_size": size} for size in (1, 3, 100, 500, "full")),
        *({"l2": 0.03}, {"hidden": (17, 9, 5, 1, 3)}, {"hidden": (70, 40)}, {"hidden": (140, 4)}, {"hidden": (300, 4)}),
    ],
)
def test_batch_penalty_and_width(compare, condition, problem, changes):
    """Full batches sum over pieces; wide layers take the matrix product, and a wide first one whole samples."""
    compare(condition(**changes), problem(samples=400))


@pytest.mark.parametrize(("classes", "batch_size"), [(4, 20), (2, "full")])
def test_softmax(compare, condition, problem, classes, batch_size):
    compare(condition(output="softmax", batch_size=batch_size), problem(classes=classes))


@pytest.mark.parametrize("batch_size", [24, "full"])
def test_squared_error_of_real_valued_targets(compare, condition, batch_size):
    dataset = draw(LinearTeacher(features=5, samples=200).distribution(), 0, 4)
    compare(condition(output="linear", activation="linear", batch_size=batch_size), dataset)


def test_more_replicates_than_a_block(condition, problem, monkeypatch):
    """Blocks of two for five replicates: the last overlaps the one before."""
    monkeypatch.setattr("infoplane.training.graph.BLOCK_BYTES", 4 * 8 * 20 * 2)
    engine = GraphEngine(condition(), problem(5), range(5))
    assert [(b.start, b.stop) for b in engine.blocks] == [(0, 2), (2, 4), (3, 5)]
    _compare(GraphEngine, condition(), problem(5), replicates=range(5))


def test_blocks_start_from_their_own_weights(condition, problem, monkeypatch):
    """An optimizer that starts from a copy of the weights, with three blocks."""
    monkeypatch.setattr("infoplane.training.graph.BLOCK_BYTES", 4 * 8 * 20 * 2)
    changes = {"optimizer": "schedulefreeadamw", "learning_rate": 0.005}
    _compare(GraphEngine, condition(**changes), problem(5), rtol=1e-3, atol=1e-5, replicates=range(5))


def trajectory(condition, dataset, replicates, epochs=5):
    engine = engine_of(condition, dataset, replicates)
    return engine.initial, order_in(engine, 3), engine.weights(engine.run(engine.start(), 0, epochs))


@pytest.mark.parametrize(
    "changes",
    [{}, {"dropout": 0.3, "activation_noise": 0.1}, {"optimizer": "lamb"}, {"optimizer_options": {"clipnorm": 0.1}}],
)
def test_neighbours_do_not_matter(condition, problem, changes):
    """Replicate 17 starts the same and sees the same data with 1 neighbour or 49, and follows the same path."""
    setting, dataset = condition(**changes), problem(50)
    # Keras's own optimizers of norms are compiled once for each replicate: fewer of these
    whole = range(50) if not changes or "dropout" in changes else range(16, 20)
    many, few = trajectory(setting, dataset, whole), trajectory(setting, dataset, range(17, 19))
    chosen = slice(17 - whole.start, 19 - whole.start)
    for here, there in zip(many[0], few[0], strict=True):
        np.testing.assert_array_equal(here[chosen], there)
    np.testing.assert_array_equal(many[1][chosen], few[1])
    for here, there in zip(many[2], few[2], strict=True):
        np.testing.assert_allclose(here[chosen], there, rtol=1e-5, atol=1e-6)


def test_replicates_differ(condition, problem):
    initial, orders, final = trajectory(condition(), problem(), range(4))
    for values in (initial[0], orders, final[0]):
        assert len(np.unique(values, axis=0)) == 4


def test_dropout_trains_on_masked_units(condition, problem):
    """The path depends on the rate."""
    without = trajectory(condition(), problem(), range(2))
    with_dropout = trajectory(condition(dropout=0.5), problem(), range(2))
    assert np.abs(without[2][0] - with_dropout[2][0]).max() > 1e-3


@pytest.mark.parametrize(("variance", "rate"), [(0.3, 0.0), (0.0, 0.4), (0.1, 0.2)])
def test_noise_and_dropout_enter_every_hidden_layer(condition, problem, variance, rate):
    """Steps on activations with known noise and masks, as anyone would write them: the gradients are Keras's own."""
    setting = condition(activation_noise=variance, dropout=rate, batch_size=40, learning_rate=0.5)
    engine = GraphEngine(setting, problem(), range(2))
    end = engine.weights(engine.run(engine.start(), 0, 1))
    order, keys = order_in(engine, 0), mix(mix(tf.constant(engine.keys), 0), DROPOUT)
    for r in range(2):
        model = plain_model(setting, engine, r)
        for step, first in enumerate(range(0, engine.n_train, engine.batch)):
            rows = order[r][first : first + engine.batch]
            with tf.GradientTape() as tape:
                t = engine.x[rows]
                for depth, layer in enumerate(model.layers, 1):
                    t = layer(t)
                    if layer is not model.layers[-1]:
                        own, shape = mix(keys, step), (layer.units, engine.batch)
                        kept = tf.transpose(uniform(mix(own, depth), shape)[r][:, : len(rows)]) >= rate
                        t = tf.where(kept, t / (1 - rate), 0)
                        drawn = normal(mix(mix(own, NOISE), depth), shape)
                        t += variance**0.5 * tf.transpose(drawn[r][:, : len(rows)])
                loss = tf.reduce_mean(keras.losses.binary_crossentropy(engine.label[r, rows][:, None], t))
            model.optimizer.apply(tape.gradient(loss, model.trainable_weights), model.trainable_weights)
        for ours, theirs in zip(end, model.get_weights(), strict=True):
            np.testing.assert_allclose(ours[r], theirs, rtol=1e-4, atol=2e-6)


@pytest.mark.parametrize("changes", [{}, {"batch_size": 70, "l2": 0.02}])
@pytest.mark.parametrize("engine_class", [GraphEngine, NativeEngine])
def test_gradient_statistics(condition, problem, changes, engine_class):
    """Norms of mean and standard deviation over an epoch's batches, weighted by their sizes, of Keras's own gradients."""
    setting = condition(activation="relu", **{"batch_size": 24} | changes)
    engine = engine_class(setting, problem(samples=200), range(1, 3))
    states = engine.run(engine.start(), 0, 2)
    means, deviations = engine.gradient_norms(states, 2)
    orders = order_in(engine, 2)
    for r in range(2):
        model = plain_model(setting, engine, r)
        model.set_weights([w[r] for w in engine.weights(states)])
        batches = [orders[r][first : first + engine.batch] for first in range(0, engine.n_train, engine.batch)]
        gradients = []
        for rows in batches:
            with tf.GradientTape() as tape:
                output = model(engine.x[rows], training=True)
                loss = tf.reduce_mean(keras.losses.binary_crossentropy(engine.label[r, rows][:, None], output))
                loss += sum(model.losses)
            gradients.append([g.numpy() for g in tape.gradient(loss, model.trainable_weights)[::2]])
        for layer, values in enumerate(map(np.array, zip(*gradients, strict=True))):
            mean = np.average(values, axis=0, weights=[len(b) for b in batches])
            square = np.average((values - mean) ** 2, axis=0, weights=[len(b) for b in batches])
            np.testing.assert_allclose(means[r, layer], np.linalg.norm(mean), rtol=1e-3)
            np.testing.assert_allclose(deviations[r, layer], np.sqrt(square.sum()), rtol=1e-3)
