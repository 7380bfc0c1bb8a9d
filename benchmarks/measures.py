"""How fast the estimators are, on one core, beside the plain ways of computing the same.

    python benchmarks/measures.py

Each time is the least of several runs; the ratios are taken within this one process. 4,096 equally likely inputs, two
classes, a tanh layer of 10 units. Exits with 1 if a target is missed.
"""
# ruff: noqa: E402 - the number of threads is read when numpy is imported

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import xarray as xr

from infoplane.measures import ESTIMATORS
from infoplane.measures.binned import binned_information
from infoplane.measures.kde import kde_information

SAMPLES, UNITS, STACK, KDE_STACK = 4096, 10, 64, 4
VARIANCE = 1e-3


def least_ms(function: Callable[[], object], seconds: float = 2.0) -> float:
    """The least time of a call in ms, over about `seconds` and at least three calls."""
    function()
    times, end = [], time.perf_counter() + seconds
    while len(times) < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return 1e3 * min(times)


def distribution(rng: np.random.Generator) -> tuple[xr.DataArray, xr.DataArray]:
    p_y = (rng.random(SAMPLES) < 0.5).astype(float)
    p_x = xr.DataArray(np.full(SAMPLES, 1 / SAMPLES), dims="sample")
    return p_x, xr.DataArray(np.stack([p_y, 1 - p_y], 1), dims=("sample", "class"))


def layer(rng: np.random.Generator, stack: int = STACK) -> xr.DataArray:
    t = np.tanh(1.5 * rng.normal(size=(stack, SAMPLES, UNITS))).astype(np.float32)
    return xr.DataArray(t, dims=("replicate", "sample", "unit"))


def void_view(t: np.ndarray, label: np.ndarray) -> tuple[float, float]:
    """I(X;T) and I(T;Y) of one snapshot by `np.unique` on a void view, as the published codes do."""

    def h(index):
        rows = np.ascontiguousarray(index).view(np.dtype((np.void, index.dtype.itemsize * UNITS)))
        p = np.unique(rows, return_counts=True)[1] / len(index)
        return -(p * np.log2(p)).sum()

    index = np.clip(np.floor((t + 1) * 15), 0, 29).astype(np.int64)
    h_t = h(index)
    return h_t, h_t - sum((label == y).mean() * h(index[label == y]) for y in (0, 1))


def full_matrix(x, variance):
    """H(T) in nats by logsumexp over the full matrix of distances, as Saxe et al. compute it, in TensorFlow."""
    import tensorflow as tf

    square = tf.reduce_sum(tf.square(x), 1, keepdims=True)
    distance = square + tf.transpose(square) - 2 * tf.matmul(x, x, transpose_b=True)
    samples, units = x.shape
    log_p = tf.reduce_logsumexp(-distance / (2 * variance), 1) - np.log(samples)
    return units / 2 * np.log(2 * np.pi * np.e * variance) - tf.reduce_mean(log_p)


def binned(rng: np.random.Generator) -> dict[str, float]:
    (p_x, p_y), t = distribution(rng), layer(rng)
    label = p_y.values[:, 1]
    times = {f"stack {n}": least_ms(lambda n=n: binned_information(t[:n], p_x, p_y)) / n for n in (1, 16, STACK)}
    times["np.unique on a void view"] = least_ms(lambda: void_view(t.values[0], label))
    result = binned_information(t[:1], p_x, p_y)
    assert np.allclose([result.I_XT[0], result.I_TY[0]], void_view(t.values[0], label), atol=1e-9)
    return times


def kde(rng: np.random.Generator) -> dict[str, float]:
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    (p_x, p_y), t = distribution(rng), layer(rng, KDE_STACK)
    x = tf.constant(t.values[0])
    of_class = [tf.boolean_mask(x, p_y.values[:, y] == 1) for y in (0, 1)]
    eager, graph = full_matrix, tf.function(full_matrix)

    def all_bounds(h):
        return [[h(x, c * VARIANCE).numpy() for x in (x, *of_class)] for c in (1.0, 4.0)]

    share = p_x.values @ p_y.values
    bits = kde_information(t, p_x, p_y, VARIANCE).isel(replicate=0)
    for bound, (h_t, *h_ty), c in zip(("upper", "lower"), all_bounds(eager), (1, 4), strict=True):
        correction = UNITS / 2 * np.log(c)  # [KT17]: the Bhattacharyya bound has the noise's own entropy
        ours = bits.sel(bound=bound)
        assert np.allclose(ours.H_T, (h_t - correction) / np.log(2), atol=1e-3)
        assert np.allclose(ours.H_T_given_Y, (share @ h_ty - correction) / np.log(2), atol=1e-3)

    coinciding = t.isel(sample=np.arange(SAMPLES) % (SAMPLES // 8))
    return {
        "four bounds": least_ms(lambda: kde_information(t, p_x, p_y, VARIANCE)) / KDE_STACK,
        "four bounds, 8 inputs at each point": least_ms(lambda: kde_information(coinciding, p_x, p_y, VARIANCE))
        / KDE_STACK,
        "TensorFlow graph, one H(T)": least_ms(lambda: graph(x, VARIANCE).numpy()),
        "TensorFlow graph, four bounds": least_ms(lambda: all_bounds(graph)),
        "TensorFlow eager, four bounds": least_ms(lambda: all_bounds(eager)),
    }


def others(rng: np.random.Generator) -> dict[str, float]:
    from infoplane.measures.adaptive import adaptive_information
    from infoplane.measures.exact import exact_information
    from infoplane.measures.knn import knn_information
    from infoplane.measures.noisy import noisy_information

    (p_x, p_y), t = distribution(rng), layer(rng, 4)
    label = p_y.argmax("class")
    return {
        "adaptive": least_ms(lambda: adaptive_information(t, p_x, p_y)) / 4,
        "exact": least_ms(lambda: exact_information(t, p_x, p_y)) / 4,
        "noisy, 4,096 draws": least_ms(lambda: noisy_information(t, p_x, p_y, VARIANCE)) / 4,
        "knn": least_ms(lambda: knn_information(t, label)) / 4,
    }


def streaming(rng: np.random.Generator, replicates: int, epochs: int) -> tuple[float, float]:
    """Time (s) and growth of peak memory (MB) of `binned` from a store of two layers of 12 units."""
    (p_x, p_y) = distribution(rng)
    dataset = xr.Dataset({"p_x": p_x, "p_y_given_x": p_y})
    dataset["label"] = (("replicate", "sample"), np.zeros((replicates, SAMPLES), np.int8))
    coords = {"replicate": np.arange(replicates), "epoch": np.arange(epochs)}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "training.zarr"
        xr.Dataset(coords=coords).to_zarr(path, consolidated=False)
        for number in (1, 2):
            shape = (replicates, epochs, SAMPLES, 12)
            t = rng.uniform(-1, 1, shape[2:]).astype(np.float32)
            node = xr.Dataset(
                {
                    "activation": (("replicate", "epoch", "sample", "unit"), np.broadcast_to(t, shape)),
                    "activation_min": (("replicate", "epoch"), np.full(shape[:2], -1.0)),
                    "activation_max": (("replicate", "epoch"), np.full(shape[:2], 1.0)),
                },
                coords=coords,
                attrs={"activation": "tanh"},
            )
            chunks = {"activation": {"chunks": (replicates, 1, SAMPLES, 12)}}
            node.to_zarr(path, group=f"layer_{number}", mode="a", encoding=chunks, consolidated=False)
        training = xr.open_datatree(path, engine="zarr", consolidated=False, chunks=None)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start = time.perf_counter()
        ESTIMATORS["binned"]().measure(training, dataset)
        seconds = time.perf_counter() - start
        growth = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return seconds, growth


def main() -> int:
    rng = np.random.default_rng(0)
    streamed = {n: streaming(rng, *n) for n in ((10, 10), (10, 20), (50, 20))}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    times = {"binned": binned(rng), "kde": kde(rng), "others": others(rng)}
    for title, group in times.items():
        for name, ms in group.items():
            print(f"{title:8} {name:38} {ms:9.3f} ms per layer and snapshot")
    for (replicates, epochs), (seconds, _) in streamed.items():
        each = 1e3 * seconds / (2 * replicates * epochs)
        print(
            f"stream   {replicates} replicates, {epochs} snapshots: {each:.3f} ms per layer and snapshot with reading"
        )
    print(f"stream   peak memory of the process, 50 replicates: {peak:.0f} MB")

    kde_times = times["kde"]
    targets = {
        "binned, stack of 64: at most 0.15 ms": times["binned"]["stack 64"] <= 0.15,
        "kde: at least 6 times faster than a TensorFlow graph": 6 * kde_times["four bounds"]
        <= kde_times["TensorFlow graph, four bounds"],
        "kde: coinciding activations are cheaper": kde_times["four bounds, 8 inputs at each point"]
        < kde_times["four bounds"],
        "streaming: under 1 GB": peak < 1000,
    }
    for target, met in targets.items():
        print("met   " if met else "MISSED", target)
    return 0 if all(targets.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
