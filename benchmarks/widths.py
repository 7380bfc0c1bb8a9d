"""Networks of ordinary size beside `keras.Model.fit`: an epoch of several as one, against as many epochs of `fit`.

    python benchmarks/widths.py [--samples 60000] [--rounds 3]

784 inputs as MNIST's, ten classes, tanh, SGD, batch 64. Processor seconds of an epoch, the least over rounds in which
the two take turns, in one process on one core. Exits with 1 if `fit` is faster anywhere, or if three networks of the
first kind are less than three times faster than it.
"""
# ruff: noqa: E402 - threads and cores are settled before TensorFlow is imported

import argparse
import os
import sys
import time
from collections.abc import Callable

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--samples", type=int, default=60_000)
parser.add_argument("--rounds", type=int, default=3)
options = parser.parse_args()

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])

import numpy as np
import xarray as xr

from infoplane.condition import Condition
from infoplane.training.backend import keras, settle
from infoplane.training.engines import engine_of

FEATURES, CLASSES = 784, 10
CASES = [([32, 16, 8, 10], 3), ([32, 16, 8, 10], 10), ([1024, 20, 20, 20], 1), ([1024, 20, 20, 20], 3), ([256, 128], 3)]
TARGET = 3.0


def dataset(networks: int) -> xr.Dataset:
    """Noise: what is learnt of it does not change how long it takes."""
    rng = np.random.default_rng(0)
    sizes = (networks, options.samples)
    return xr.Dataset(
        {
            "x": (("sample", "feature"), rng.random((options.samples, FEATURES), np.float32)),
            "label": (("replicate", "sample"), rng.integers(0, CLASSES, sizes).astype(np.int32)),
            "order": (("replicate", "sample"), np.stack([rng.permutation(options.samples) for _ in range(networks)])),
            "p_y_given_x": (("sample", "class"), np.full((options.samples, CLASSES), 1 / CLASSES)),
        },
        coords={"replicate": np.arange(networks)},
    )


def epochs(hidden: list[int], networks: int) -> tuple[Callable[[], object], Callable[[], object]]:
    """An epoch of all networks by the engine, and one of one network by `fit`."""
    condition = Condition(replicates=networks, replicates_per_job=networks, hidden=hidden, output="softmax")
    engine = engine_of(condition, dataset(networks), range(networks))
    states = engine.start()
    layers = [keras.layers.Dense(units, condition.activation) for units in hidden]
    model = keras.Sequential([keras.Input((FEATURES,)), *layers, keras.layers.Dense(CLASSES, "softmax")])
    model.compile(keras.optimizers.SGD(condition.learning_rate), "sparse_categorical_crossentropy")
    x, y = engine.x[engine.trained[0]], engine.label[0, engine.trained[0]]
    ours = lambda: engine.weights(engine.run(states, 0, 1))  # noqa: E731
    return ours, lambda: model.fit(x, y, batch_size=condition.batch_size, epochs=1, verbose=0)


def least(functions: tuple[Callable[[], object], ...]) -> list[float]:
    """Processor seconds of each; the first round compiles and does not count."""
    times: list[list[float]] = [[] for _ in functions]
    for _ in range(options.rounds + 1):
        for taken, function in zip(times, functions, strict=True):
            start = time.process_time()
            function()
            taken.append(time.process_time() - start)
    return [min(taken[1:]) for taken in times]


settle()
print("| hidden layers | networks | s per epoch, as one | `fit`, each | faster |\n|---|---|---|---|---|")
factors = []
for hidden, networks in CASES:
    ours, fit = least(epochs(hidden, networks))
    factors.append(networks * fit / ours)
    print(
        f"| {'-'.join(map(str, hidden))} | {networks} | {ours:.2f} | {fit:.2f} | {factors[-1]:.1f} times |", flush=True
    )
sys.exit(factors[0] < TARGET or min(factors) < 1)
