"""How fast 50 networks train as one, beside `keras.Model.fit` one by one; and what a whole job costs.

    python benchmarks/training.py [--cores 1] [--rounds 5] [--epochs 3000]

The network is 12-10-7-5-4-3-2 tanh units on the 12 inputs of the spherical data and one sigmoid unit, SGD, batch 64,
3,482 samples. Seconds per epoch are the least over rounds in which the engine (a), `fit` with its defaults (b), `fit`
with `steps_per_execution` of the whole epoch (c) and the graph of Keras layers (d), which trains what the engine for
small networks does not, take turns, in this one process on one core. The job (50
replicates, 60 snapshots) runs in a process of its own, once in each precision; its writing needs a second core, or
takes turns with the training on one. Exits with 1 if a target is missed.
"""
# ruff: noqa: E402 - threads and cores are settled before TensorFlow is imported

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--cores", type=int, default=1, help="cores and threads (a) to (c) may use")
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--epochs", type=int, default=3000, help="epochs of the job, 0 for none")
parser.add_argument("--job", help=argparse.SUPPRESS)  # the precision of the job that this process is
options = parser.parse_args()

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
CORES = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
if CORES and not options.job:
    os.sched_setaffinity(0, sorted(CORES)[: options.cores])

import xarray as xr

from infoplane.condition import Condition
from infoplane.datasets import DATASETS
from infoplane.datasets.replicates import draw
from infoplane.training import trainer
from infoplane.training.backend import keras, tf
from infoplane.training.background import Background
from infoplane.training.checkpoint import Checkpoint
from infoplane.training.engine import Engine
from infoplane.training.engines import engine_of
from infoplane.training.graph import GraphEngine
from infoplane.training.store import Store

REPLICATES, EPOCHS_PER_ROUND = 50, 10
CONDITION = Condition(replicates=REPLICATES, replicates_per_job=REPLICATES, epochs=max(options.epochs, 1))


def dataset() -> xr.Dataset:
    return draw(DATASETS["spherical"]().distribution(), CONDITION.seed, REPLICATES)


def engine_epochs(make: Callable[..., Engine], data: xr.Dataset) -> tuple[Engine, Callable[[], object]]:
    engine = make(CONDITION, data, range(REPLICATES))
    states = engine.start()
    return engine, lambda: engine.weights(engine.run(states, 0, EPOCHS_PER_ROUND))


def fit_epochs(engine: Engine, **compile_options) -> Callable[[], object]:
    """`fit` of the first replicate's network on its own training samples."""
    layers = [keras.layers.Dense(units, CONDITION.activation) for units in CONDITION.hidden]
    model = keras.Sequential([keras.Input((12,)), *layers, keras.layers.Dense(1, "sigmoid")])
    model.compile(keras.optimizers.SGD(CONDITION.learning_rate), "binary_crossentropy", **compile_options)
    chosen = engine.trained[0]
    x, y = engine.x[chosen], engine.label[0, chosen]
    return lambda: model.fit(x, y, batch_size=engine.batch, epochs=EPOCHS_PER_ROUND, verbose=0)


def least_seconds(functions: dict[str, Callable[[], object]]) -> dict[str, float]:
    """The least time of each over rounds in which they take turns; the first round compiles and does not count."""
    times = {name: [] for name in functions}
    for _ in range(options.rounds + 1):
        for name, function in functions.items():
            start = time.perf_counter()
            function()
            times[name].append(time.perf_counter() - start)
    return {name: min(values[1:]) for name, values in times.items()}


def operations_per_epoch(engine: Engine) -> int:
    """Twice the multiply-adds of the products: forward, by the weights, and (but for the first layer) by the inputs."""
    kernels = [w[0].size for w in engine.initial[::2]]
    return 2 * (3 * sum(kernels) - kernels[0]) * engine.n_train * REPLICATES


def matrix_product() -> tuple[int, Callable[[], object]]:
    size = 1024
    a = tf.random.normal((size, size))
    return 2 * size**3, lambda: tf.matmul(a, a).numpy()


def timed(owner: type, name: str, clock: list[float]) -> None:
    """Add the time of every call of a method to `clock`."""
    method = getattr(owner, name)

    def wrapper(*arguments):
        start = time.perf_counter()
        try:
            return method(*arguments)
        finally:
            clock[0] += time.perf_counter() - start

    setattr(owner, name, wrapper)


def job(precision: str) -> None:
    """Train and store; print seconds, their parts that waited for writing and that wrote, MB at peak, store's bytes."""
    waiting, beside = [0.0], [0.0]
    for owner, name in ((Store, "create"), (Store, "finish"), (Background, "wait"), (Background, "__exit__")):
        timed(owner, name, waiting)
    for owner, name in ((Store, "write_activation"), (Checkpoint, "save")):
        timed(owner, name, beside)
    with tempfile.TemporaryDirectory() as folder:
        path, condition = Path(folder) / "training.zarr.zip", CONDITION.model_copy(update={"precision": precision})
        start = time.perf_counter()
        trainer.train(condition, dataset(), range(REPLICATES), path, Path(folder) / "checkpoint", lambda message: None)
        seconds = time.perf_counter() - start
        size = path.stat().st_size
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(seconds, waiting[0] / seconds, beside[0] / seconds, peak, size)


def run_job(precision: str) -> list[float]:
    command = [sys.executable, __file__, "--job", precision, "--epochs", str(options.epochs)]
    if CORES:
        os.sched_setaffinity(0, CORES)
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [float(value) for value in done.stdout.split()]


def main() -> int:
    trainer.settle() if options.cores == 1 else tf.config.threading.set_intra_op_parallelism_threads(options.cores)
    engine, ours = engine_epochs(engine_of, dataset())
    product_operations, product = matrix_product()
    functions = {
        "(a) this engine, 50 networks": ours,
        "(b) fit, one network": fit_epochs(engine),
        "(c) fit, steps_per_execution": fit_epochs(engine, steps_per_execution=-(-engine.n_train // engine.batch)),
        "(d) the graph, 50 networks": engine_epochs(GraphEngine, dataset())[1],
        "dense float32 product": product,
    }
    times = least_seconds(functions)
    a, b, c, d = (1e3 * times[name] / EPOCHS_PER_ROUND for name in list(functions)[:4])
    peak, ours_rate = product_operations / times["dense float32 product"], operations_per_epoch(engine) / a * 1e3
    for name, ms in zip(functions, (a, b, c, d), strict=False):
        print(f"{name:32} {ms:8.2f} ms per epoch")
    print(f"50 (b)/(a) {REPLICATES * b / a:6.0f}")
    print(f"50 (c)/(a) {REPLICATES * c / a:6.0f}")
    print(f"(d)/(a) {d / a:9.2f}")
    share = f"{ours_rate / peak:.0%} of the arithmetic limit"
    print(f"{share}: {ours_rate / 1e9:.1f} of {peak / 1e9:.0f} billion operations a second")
    targets = {"at least 209 times as fast as (b)": REPLICATES * b / a >= 209}
    for precision in ("float32", "float16") if options.epochs else ():
        seconds, waiting, beside, memory, size = run_job(precision)
        print(
            f"job, {options.epochs} epochs, {precision}: {seconds:.0f} s, {waiting:.1%} of it waiting for writing "
            f"(which took {beside:.1%}, beside the training), "
            f"peak {memory:.0f} MB, store {size / 1e6:.0f} MB"
        )
        targets[f"{precision}: at most 1.5 GB"] = memory <= 1500
        targets[f"{precision}: under 10 % of the job waits for writing"] = waiting < 0.1
    for target, met in targets.items():
        print("met   " if met else "MISSED", target)
    return 0 if all(targets.values()) else 1


if __name__ == "__main__":
    sys.exit(job(options.job) if options.job else main())
