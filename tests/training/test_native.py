"""What is written out for LLVM: its mathematics, and bytes that depend on nothing but the network."""

import numpy as np
import pytest
from llvmlite import ir
from llvmlite.binding import get_default_triple
from scipy.special import expit

from infoplane.training import llvm
from infoplane.training.engines import engine_of
from infoplane.training.graph import GraphEngine
from infoplane.training.llvm import FLOATS, LANES, Code, Program
from infoplane.training.native import NativeEngine
from infoplane.training.optimizers import SGD
from infoplane.training.small import ACTIVATIONS, OPTIONS
from infoplane.training.vectors import NONLINEARITIES, exp

TAILS = np.concatenate([np.linspace(-120, 120, 4001), np.linspace(-1, 1, 2001), [0, -0.0, np.inf, -np.inf]])
EXACT = {
    "linear": (lambda x: x, lambda x, y: np.ones_like(x)),
    "relu": (lambda x: np.maximum(x, 0), lambda x, y: 1.0 * (x > 0)),
    "sigmoid": (expit, lambda x, y: expit(x) * expit(-x)),
    "softplus": (lambda x: np.logaddexp(0, x), lambda x, y: expit(x)),
    "softsign": (lambda x: x / (1 + np.abs(x)), lambda x, y: (1 + np.abs(x)) ** -2),
    "tanh": (np.tanh, lambda x, y: 1 - np.tanh(x) ** 2),
}


def applied(function, x):
    """`function(code, vector)` of each number."""
    x = np.resize(x.astype(np.float32), LANES * -(-len(x) // LANES))
    y = np.empty_like(x)
    module = ir.Module()
    c = Code(module, "apply", ["x", "y"])
    with c.loop(0, len(x), LANES) as n:
        c.store(function(c, c.load(c["x"], n, FLOATS)), c["y"], n)
    c.end()
    Program(module, ["x", "y"])("apply", {"x": x, "y": y})
    return x.astype(float), y


@pytest.mark.parametrize("name", NONLINEARITIES)
def test_nonlinearities_and_their_slopes(name):
    """Within float32 rounding, relative to 1 where that is more; NaN stays NaN."""
    value, slope = EXACT[name]
    finite = TAILS[np.isfinite(TAILS)]
    x, y = applied(NONLINEARITIES[name].value, finite)
    np.testing.assert_allclose(y, value(x), rtol=3e-7, atol=1e-7 if name in ("tanh", "softsign") else 1e-37)
    _, z = applied(lambda c, v: NONLINEARITIES[name].slope(c, NONLINEARITIES[name].value(c, v)), finite)
    np.testing.assert_allclose(z, slope(x, value(x)), rtol=1e-6, atol=5e-7)
    assert np.isnan(applied(NONLINEARITIES[name].value, np.array([np.nan]))[1]).all()


def test_exponential():
    x, y = applied(exp, np.linspace(-87.2, 88.2, 10001))
    np.testing.assert_allclose(y, np.exp(x), rtol=2e-7)


def test_sums_of_lanes():
    """Of one to four vectors, small integers: exact; the rest is 0."""
    for count in (1, 2, 3, 4):
        x, y = np.arange(LANES * count, dtype=np.float32), np.full(4, np.nan, np.float32)
        module = ir.Module()
        c = Code(module, "add", ["x", "y"])
        c.store(c.sums([c.load(c["x"], LANES * n, FLOATS) for n in range(count)]), c["y"])
        c.end()
        Program(module, ["x", "y"])("add", {"x": x, "y": y})
        np.testing.assert_array_equal(y, [*x.reshape(count, -1).sum(axis=1), *[0] * (4 - count)])


def bytes_of(condition, dataset, replicates):
    engine = NativeEngine(condition, dataset, replicates)
    states = engine.run(engine.start(), 0, 4)
    means, deviations = engine.gradient_norms(states, 4)
    return [*(w.copy() for w in engine.weights(states)), means, deviations]


@pytest.mark.parametrize("changes", [{}, {"activation": "softplus", "batch_size": "full"}, {"output": "softmax"}])
def test_neighbours_and_processors_do_not_matter(condition, problem, monkeypatch, changes):
    """Replicate 17 among 4 or alone, on this processor or on one without fused multiply-adds: the same bytes."""
    setting, dataset = condition(hidden=(9, 5), **changes), problem(50, samples=300)
    here = bytes_of(setting, dataset, range(16, 20))
    processors = ["x86-64", "x86-64-v3"] if "x86_64" in get_default_triple() else ["generic"]
    asked = []
    for name in processors:
        monkeypatch.setattr(llvm, "processor", lambda name=name: asked.append(name) or (name, ""))
        there = bytes_of(setting, dataset, range(17, 18))
        for ours, theirs in zip(here, there, strict=True):
            np.testing.assert_array_equal(ours[1:2], theirs)
    assert asked == processors


def test_stops_do_not_matter(condition, problem):
    """Epochs in one call or two, before and after others: the same bytes; what is given stays as it is."""
    engine = NativeEngine(condition(optimizer_options={"momentum": 0.9}), problem(), range(3))
    start = engine.start()
    whole = engine.run(start, 0, 600)
    for ours, theirs in zip(
        engine.weights(engine.run(engine.run(start, 0, 7), 7, 600)), engine.weights(whole), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)
    for ours, theirs in zip(engine.weights(start), engine.initial, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.skipif("x86_64" not in get_default_triple(), reason="others need not be told")
def test_denormal_numbers_are_0_meanwhile_and_back_afterwards(condition, problem):
    """A unit that is its bias and no more: of the last normal numbers, and of one below."""
    engine = NativeEngine(condition(hidden=(1,), activation="linear"), problem(), range(2))
    kernel, bias, *after = [np.zeros_like(w) for w in engine.initial]
    bias[:] = np.array([[2e-38], [1e-39]], np.float32)
    values = engine.forward([kernel, bias, *after])[1]
    assert (values[0] == bias[0]).all()
    assert (values[1] == 0).all()
    engine.run(engine.start(), 0, 1)
    assert np.float32(1e-38) / np.float32(10) > 0


@pytest.mark.parametrize(
    "changes",
    [
        *({"activation": name} for name in ACTIVATIONS),
        *({}, {"batch_size": "full"}, {"l2": 0.1}, {"portable": False}, {"hidden": (128, 32, 128)}),
        *({"optimizer_options": {"momentum": 0.5, "nesterov": True}}, {"output": "softmax"}, {"precision": "float16"}),
    ],
)
def test_small_networks_are_its_own(condition, problem, changes):
    assert type(engine_of(condition(**changes), problem(), range(2))) is NativeEngine


@pytest.mark.parametrize(
    "changes",
    [
        *({"dropout": 0.1}, {"activation_noise": 0.1}, {"quantize": 4}, {"optimizer": "adam"}),
        *({"optimizer_options": {"clipnorm": 1.0}}, {"activation": "elu"}, {"hidden": (129,)}, {"hidden": (64, 65)}),
    ],
)
def test_the_rest_is_the_graphs(condition, problem, changes):
    assert type(engine_of(condition(**changes), problem(), range(2))) is GraphEngine


def test_what_is_known_of_it_without_tensorflow_is_what_it_does():
    assert set(ACTIVATIONS) == NONLINEARITIES.keys()
    assert set(OPTIONS) == SGD.options
