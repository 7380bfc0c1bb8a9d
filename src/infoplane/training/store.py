"""The one layout in which a training is recorded, by the trainer and by `ActivationRecorder`.

Activations are streamed chunk by chunk while the training runs; everything else is small, is kept in the checkpoint's
snapshots until the end, and is written then in chunks that span several epochs. Chunks are written one at a time, each
once. No byte depends on time or threads.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numcodecs.blosc
import numpy as np
import zarr
from numpy.typing import ArrayLike, DTypeLike
from zarr.codecs import BloscCodec
from zarr.storage import MemoryStore

CHUNK_BYTES = 64 * 2**20  # of a chunk of one snapshot: what is larger is split along the replicate axis
SMALL_CHUNK_BYTES = 8 * 2**20  # of all that is not activations, in chunks of several snapshots
LARGEST = 2**31 - 1  # bytes that the codec compresses at once
AXES = ("replicate", "epoch")

COORDINATES = {"replicate": ("1", "number of the replicate"), "epoch": ("epochs", "completed epochs")}

CURVES = {
    "train_loss": ("nats", "mean cross-entropy on the training samples"),
    "test_loss": ("nats", "mean cross-entropy on the test samples"),
    "train_error": ("1", "share of training samples classified wrongly"),
    "test_error": ("1", "share of test samples classified wrongly"),
}
SQUARED = {  # of real-valued targets
    "train_loss": ("1", "mean squared error on the training samples"),
    "test_loss": ("1", "mean squared error on the test samples"),
    "train_error": ("1", "share of the variance of the training samples' targets that is left"),
    "test_error": ("1", "share of the variance of the test samples' targets that is left"),
}
STATISTICS = {
    "weight_norm": ("1", "Frobenius norm of the weights"),
    "gradient_mean_norm": ("nats", "norm of the mean over batches of the loss gradient by the weights"),
    "gradient_std_norm": (
        "nats",
        "norm of the standard deviation over batches of the loss gradient by the weights",
    ),
    "activation_min": ("1", "smallest activation over samples and units"),
    "activation_max": ("1", "largest activation over samples and units"),
}


@dataclass(frozen=True)
class Layer:
    """One recorded layer: its Keras activation, its units, the shape of its weights (None: it has none), its noise.

    `noise_variance` is that of the noise which each unit passes on, in training, beside its recorded activation.
    """

    activation: str
    units: int
    weight: tuple[int, int] | None
    noise_variance: float = 0.0


class Store:
    """A training's store that is being written to `place`, a folder or a store of Zarr's.

    `replicates` and `epochs` are the coordinates, `samples` the length of the sample axis, `precision` the dtype of
    activations, `curves` what losses and errors are. Snapshots are mappings from "train_loss", "layer_1/weight", ... to
    arrays, the replicate axis first. ValueError if a layer of one network is larger than a chunk can be.
    """

    def __init__(
        self,
        place: Path | MemoryStore,
        layers: Sequence[Layer],
        replicates: ArrayLike,
        epochs: ArrayLike,
        samples: int,
        precision: str,
        curves: Mapping[str, tuple[str, str]] = CURVES,
    ):
        numcodecs.blosc.use_threads = False  # with threads, the order of blocks in a chunk varies from run to run
        self.place, self.layers, self.samples, self.precision, self.curves = place, layers, samples, precision, curves
        self.replicates, self.epochs = np.asarray(replicates, np.int32), np.asarray(epochs, np.int32)
        self.group = _group(len(self.replicates), samples * max(x.units for x in layers) * 4)
        for number, layer in enumerate(layers, 1):
            for what, numbers in (("activations", samples * layer.units), ("weights", math.prod(layer.weight or ()))):
                if 4 * numbers > LARGEST:
                    raise ValueError(
                        f"layer {number}: the {what} of one network are {4 * numbers / 2**30:.1f} GiB in each "
                        "snapshot; allowed: less than 2, by fewer units or samples"
                    )

    def create(self) -> None:
        """Lay out the store: groups and the activation arrays, still without chunks."""
        self.root = zarr.create_group(self.place)
        self.activations: list[zarr.Array[Any]] = []
        for number, layer in enumerate(self.layers, 1):
            attributes = {"activation": layer.activation, "units": layer.units}
            if layer.noise_variance:
                attributes["noise_variance"] = layer.noise_variance
            group = self.root.create_group(f"layer_{number}", attributes=attributes)
            shape = (len(self.replicates), len(self.epochs), self.samples, layer.units)
            chunks = (self.group, 1, self.samples, layer.units)
            array = _array(
                group, "activation", shape, chunks, self.precision, (*AXES, "sample", "unit"), "1",
                "activation of each unit",
            )  # fmt: skip
            self.activations.append(array)

    def write_activation(self, layer: int, snapshot: int, start: int, values: np.ndarray) -> None:
        """Stream `values` (replicate, sample, unit) of one snapshot; `layer` and `start` (replicate) count from 0."""
        self.activations[layer][start : start + len(values), snapshot] = values

    def finish(
        self, snapshots: int, load: Callable[[int, str], np.ndarray], attributes: Mapping[str, Any] | None = None
    ) -> None:
        """Write all that is not activations; `load(snapshot, name)` returns one snapshot's array.

        `attributes`, values as JSON has them, become those of the root. With fewer `snapshots` than there are epochs,
        the later ones were not reached.
        """
        root = self.root
        root.attrs.put(dict(attributes or {}))
        for name, values in zip(AXES, (self.replicates, self.epochs[:snapshots]), strict=True):
            _array(root, name, values.shape, values.shape, values.dtype, (name,), *COORDINATES[name])[:] = values
        for activations in self.activations if snapshots < len(self.epochs) else ():
            activations.resize((activations.shape[0], snapshots, *activations.shape[2:]))
        for name, (units, long_name) in self.curves.items():
            self._gather(root, name, name, snapshots, load, (), units, long_name)
        diverged = load(snapshots - 1, "diverged_epoch")
        _array(
            root, "diverged_epoch", diverged.shape, diverged.shape, np.int32, AXES[:1], "1",
            "epoch in which the replicate diverged, -1 if it did not",
        )[:] = diverged  # fmt: skip
        for number, layer in enumerate(self.layers, 1):
            group, prefix = root.require_group(f"layer_{number}"), f"layer_{number}/"
            for name, (units, long_name) in STATISTICS.items():
                units = self.curves["train_loss"][0] if units == "nats" else units
                self._gather(group, name, prefix + name, snapshots, load, (), units, long_name)
            if layer.weight:
                unit = "unit" if layer.weight[1] == layer.units else "filter"
                dims = ("unit_in", unit)
                self._gather(group, "weight", prefix + "weight", snapshots, load, dims, "1", "weights")
                self._gather(group, "bias", prefix + "bias", snapshots, load, dims[1:], "1", "biases")

    def _gather(
        self,
        group: zarr.Group,
        name: str,
        key: str,
        snapshots: int,
        load: Callable[[int, str], np.ndarray],
        dims: tuple[str, ...],
        units: str,
        long_name: str,
    ) -> None:
        shape = load(0, key).shape
        bytes_each = 4 * math.prod(shape[1:])
        split = _group(shape[0], bytes_each)
        step = max(1, min(snapshots, SMALL_CHUNK_BYTES // (split * bytes_each)))
        whole, chunk = (shape[0], snapshots, *shape[1:]), (split, step, *shape[1:])
        array = _array(group, name, whole, chunk, np.float32, (*AXES, *dims), units, long_name)
        for first in range(0, snapshots, step):
            rows = range(first, min(first + step, snapshots))
            values = np.stack([load(row, key) for row in rows], axis=1)
            for start in range(0, len(values), split):
                part = slice(start, start + split)
                array[part, rows.start : rows.stop] = values[part]


def _group(replicates: int, bytes_each: int) -> int:
    """Largest divisor of `replicates` whose chunk stays under CHUNK_BYTES."""
    return max(
        (d for d in range(1, replicates + 1) if replicates % d == 0 and d * bytes_each <= CHUNK_BYTES),
        default=1,
    )


def _array(
    group: zarr.Group,
    name: str,
    shape: tuple[int, ...],
    chunks: tuple[int, ...],
    dtype: DTypeLike,
    dims: tuple[str, ...],
    units: str,
    long_name: str,
) -> zarr.Array[Any]:
    fill = -1 if np.issubdtype(np.dtype(dtype), np.integer) else np.nan
    return group.create_array(
        name, shape=shape, chunks=chunks, dtype=dtype, dimension_names=dims, fill_value=fill,
        compressors=BloscCodec(cname="lz4", clevel=1, shuffle="bitshuffle"),
        attributes={"units": units, "long_name": long_name},
    )  # fmt: skip
