"""The two engines beside each other: small networks as machine code of their own, and as the graph of Keras layers.

    python benchmarks/engines.py [--replicates 10] [--rounds 5]

Core-seconds of what comes before the second epoch (tracing, compiling, one epoch), and milliseconds of an epoch, the
least over rounds in which the two take turns, in one process on one core. 12 inputs are the spherical data's, others
are noise. Exits with 1 if the graph is faster anywhere.
"""
# ruff: noqa: E402 - threads and cores are settled before TensorFlow is imported

import argparse
import os
import sys
import time

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--replicates", type=int, default=10)
parser.add_argument("--rounds", type=int, default=5)
options = parser.parse_args()

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])

import numpy as np
import xarray as xr

from infoplane.condition import Condition
from infoplane.datasets import DATASETS
from infoplane.datasets.replicates import draw
from infoplane.training.backend import settle
from infoplane.training.graph import GraphEngine
from infoplane.training.native import NativeEngine
from infoplane.training.small import is_small

EPOCHS = 10
WIDE, DIGITS = (30, 24, 18, 12, 8, 4), {"output": "softmax"}
CASES = [  # inputs, and what differs from the defaults
    *((12, {"activation": name}) for name in ("tanh", "relu", "softsign", "softplus")),
    *((12, {"batch_size": size}) for size in (8, 20, "full")),
    *((12, {"hidden": units}) for units in (WIDE, (50,), (64, 64), (128, 32))),
    *((64, DIGITS), (100, DIGITS), (128, DIGITS | {"hidden": (32,)})),
]


def noise(features: int, samples: int = 1797) -> xr.Dataset:
    """As many samples and classes as the digits have; what is learnt does not change how long it takes."""
    rng, networks = np.random.default_rng(0), options.replicates
    return xr.Dataset(
        {
            "x": (("sample", "feature"), rng.random((samples, features), np.float32)),
            "label": (("replicate", "sample"), rng.integers(0, 10, (networks, samples)).astype(np.int32)),
            "order": (("replicate", "sample"), np.stack([rng.permutation(samples) for _ in range(networks)])),
            "p_y_given_x": (("sample", "class"), np.full((samples, 10), 0.1)),
        },
        coords={"replicate": np.arange(networks)},
    )


def main() -> int:
    settle()
    slower = 0
    print(f"{'inputs':>6} {'':44} {'start [core-s]':>16} {'epoch [ms]':>16} {'ratio':>7}")
    for features, changes in CASES:
        condition = Condition(replicates=options.replicates, **changes)
        spherical = DATASETS["spherical"]().distribution()
        data = draw(spherical, 0, options.replicates) if features == 12 else noise(features)
        assert is_small(condition.model_dump(), features, data.sizes["class"])
        engines, starts, times = [], [], [float("inf")] * 2
        for kind in (GraphEngine, NativeEngine):
            start = time.process_time()
            engine = kind(condition, data, range(options.replicates))
            states = engine.run(engine.start(), 0, 1)
            starts.append(time.process_time() - start)
            engines.append((engine, states))
        for _ in range(options.rounds):
            for number, (engine, states) in enumerate(engines):
                start = time.process_time()
                engine.run(states, 1, 1 + EPOCHS)
                times[number] = min(times[number], (time.process_time() - start) / EPOCHS * 1e3)
        ratio = times[0] / times[1]
        slower += ratio < 1
        columns = "{:7.2f} {:8.2f} {:7.2f} {:8.2f} {:6.2f}x".format(*starts, *times, ratio)
        print(f"{features:6} {changes!s:44} {columns}", flush=True)
    return bool(slower)


if __name__ == "__main__":
    sys.exit(main())
