"""The names that a condition allows are Keras's own."""

import inspect

import numpy as np
import pytest

from infoplane.condition import ACTIVATIONS, COMMON_OPTIONS, INITIALIZERS, OPTIMIZERS


@pytest.fixture(scope="module")
def keras():
    from infoplane.training.backend import keras

    return keras


def public(module, kind):
    return {name for name, value in vars(module).items() if kind(value) and not name.startswith("_")}


def elementwise(function):
    """Whether Keras's `function` takes one argument and acts on each number alone."""
    x = np.random.default_rng(0).normal(scale=2, size=(2, 3, 4)).astype(np.float32)
    try:
        whole = np.asarray(function(x))
        single = [np.asarray(function(v.reshape(1, 1, 1))).item() for v in x.ravel()]
    except (TypeError, ValueError):
        return False
    return np.allclose(whole.ravel(), single, atol=1e-6)


def test_activations_are_all_elementwise_ones(keras):
    names = public(keras.activations, inspect.isfunction) - {"get", "serialize", "deserialize"}
    aliases = {"swish", "hard_swish"}  # what Keras's `get` also takes
    assert {n for n in names | aliases if elementwise(keras.activations.get(n))} == set(ACTIVATIONS)


def test_initializers_are_all_random_ones_for_matrices(keras):
    """Every initialiser that draws a matrix from a seed and needs nothing else."""
    drawn = set()
    for name in public(keras.initializers, inspect.isfunction) | public(keras.initializers, inspect.isclass):
        try:
            one, other = (keras.initializers.get({"class_name": name, "config": {"seed": s}})((4, 3)) for s in (1, 2))
        except (KeyError, TypeError, ValueError, NotImplementedError):
            continue
        if not np.array_equal(one, other):
            drawn.add(type(keras.initializers.get({"class_name": name, "config": {"seed": 1}})))
    assert {type(keras.initializers.get({"class_name": n, "config": {"seed": 1}})) for n in INITIALIZERS} == drawn


def test_optimizers_are_all_but_wrappers(keras):
    names = {name.lower() for name in public(keras.optimizers, inspect.isclass)}
    left_out = {"optimizer", "lossscaleoptimizer", "multioptimizer", "optimizermap"}
    assert names - left_out == set(OPTIMIZERS)


def test_options_are_all_that_the_optimizers_take(keras):
    classes = {name.lower(): value for name, value in vars(keras.optimizers).items() if inspect.isclass(value)}
    for name, own in OPTIMIZERS.items():
        taken = set(inspect.signature(classes[name]).parameters) - {"learning_rate", "name", "kwargs"}
        assert taken == {*own, *COMMON_OPTIONS}, name
