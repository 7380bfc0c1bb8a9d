import numpy as np
import pytest

from infoplane.training.backend import tf
from infoplane.training.engines import engine_of
from infoplane.training.network import affine, initial_weights, quantizer, tanh


@pytest.mark.parametrize(("inputs", "outputs"), [(3, 2), (12, 10), (60, 50)], ids=["tiny", "small", "wide"])
def test_affine_and_its_gradients(inputs, outputs):
    """All three ways to compute it agree with the definition in float64."""
    rng = np.random.default_rng(0)
    x, kernel = rng.normal(size=(4, inputs, 9)), rng.normal(size=(4, inputs, outputs))
    bias, dy = rng.normal(size=(4, outputs)), rng.normal(size=(4, outputs, 9))
    arrays = [tf.constant(a, tf.float32) for a in (x, kernel, bias)]
    with tf.GradientTape() as tape:
        tape.watch(arrays)
        y = affine(*arrays)
    gradients = tape.gradient(y, arrays, tf.constant(dy, tf.float32))
    expected = [np.einsum("rio,ros->ris", kernel, dy), np.einsum("ris,ros->rio", x, dy), dy.sum(axis=2)]
    np.testing.assert_allclose(y, np.einsum("rio,ris->ros", kernel, x) + bias[..., None], rtol=1e-4, atol=1e-5)
    for ours, true in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(ours, true, rtol=1e-4, atol=1e-5)


def test_tanh_is_exact_to_float32_rounding():
    x = np.concatenate([np.linspace(-12, 12, 200_001), np.logspace(-30, 0, 1000), [0.0]]).astype(np.float32)
    with tf.GradientTape() as tape:
        tape.watch(xs := tf.constant(x))
        y = tanh(xs)
    slope = tape.gradient(y, xs).numpy()
    true = np.tanh(x.astype(np.float64))
    np.testing.assert_allclose(y, true, rtol=4e-7)
    np.testing.assert_allclose(slope, 1 - true**2, atol=2 * 4e-7)  # what that of y makes of 1 - y²
    assert np.abs(y).max() <= 1
    assert np.isnan(tanh(tf.constant([np.nan])).numpy()).all()


@pytest.mark.parametrize(("limits", "bits"), [((-1, 1), 1), ((0, 1), 2), ((0, 6), 8)])
def test_levels_are_the_middles_of_equal_bins(limits, bits):
    edges = np.linspace(*limits, 2**bits + 1)
    middles = (edges[1:] + edges[:-1]) / 2
    with tf.GradientTape() as tape:
        tape.watch(x := tf.constant([limits[0], *middles + 0.3 * (edges[1] - edges[0]), limits[1]], tf.float32))
        y = quantizer(limits, bits)(x)
    np.testing.assert_array_equal(y, np.float32([middles[0], *middles, middles[-1]]))
    np.testing.assert_array_equal(tape.gradient(y, x), np.ones(len(x)))


@pytest.mark.parametrize(
    ("name", "deviation"),
    [("glorot_uniform", (2 / 120) ** 0.5), ("he_normal", (2 / 80) ** 0.5), ("lecun_normal", (1 / 80) ** 0.5)],
)
def test_initial_weights(condition, name, deviation):
    """Keras's initialisers, replicate by replicate, times the scale; biases are zero."""
    setting = condition(hidden=(40,), initializer=name, initializer_scale=1.5)
    kernel, bias, *_ = initial_weights(setting, 80, 2, range(6))
    np.testing.assert_allclose(kernel.std(axis=(1, 2)), 1.5 * deviation, rtol=0.06)
    assert kernel.shape == (6, 80, 40)
    assert not bias.any()


def test_initial_weights_are_crossed_with_data(condition, problem):
    """Also in a job without the first; the order of the samples is each one's own."""
    own, crossed = engine_of(condition(), problem(), range(4)), engine_of(condition(crossed=2), problem(), range(1, 4))

    def parts(engine):
        return {"weights": engine.initial[0], "data": np.stack([engine.label, engine.trained, engine.tested], 1)}

    for name, of in (("weights", [0, 1, 1]), ("data", [1, 0, 1])):
        np.testing.assert_array_equal(parts(crossed)[name], parts(own)[name][of])
    np.testing.assert_array_equal(crossed.keys, own.keys[1:])


def test_orthogonal_replicates(condition):
    setting = condition(hidden=(5,), initializer="orthogonal", initializer_scale=1.0)
    kernel = initial_weights(setting, 5, 2, range(3))[0]
    np.testing.assert_allclose(kernel @ kernel.transpose(0, 2, 1), np.tile(np.eye(5), (3, 1, 1)), atol=1e-5)
