"""Each replicate's own draw of the data: labels from p(y|x), and the order that splits training from test."""

from __future__ import annotations

import numpy as np
import xarray as xr

TEST_SHARE = 0.15  # of a replicate's samples, the last in its order, are never trained on
# Keeps these streams apart from others that start from the same seed (initial weights, mini-batches).
_STREAM = int.from_bytes(b"data")


def draw(distribution: xr.Dataset, seed: int, replicates: int) -> xr.Dataset:
    """Add `label` int8 and `order` int32, both (replicate, sample), to a distribution.

    Label k has probability p(y=k|x); in the place of classes, `target` float32 is `target_mean` and Gaussian noise of
    variance `noise_variance`. Order is a uniformly random permutation rank. Replicate r depends on
    (seed, r) alone, so asking for more replicates changes none of the earlier ones.
    """
    real, n_samples = "target_mean" in distribution, distribution.sizes["sample"]
    cumulative = None if real else distribution["p_y_given_x"].values.cumsum(axis=1)[:, :-1]
    label = np.empty((replicates, n_samples), np.float32 if real else np.int8)
    order = np.empty((replicates, n_samples), np.int32)
    for replicate in range(replicates):
        stream = np.random.SeedSequence(seed, spawn_key=(_STREAM, replicate))
        generator = np.random.Generator(np.random.Philox(stream))
        uniform = generator.random((2, n_samples))
        if real:
            noise = np.sqrt(float(distribution["noise_variance"])) * generator.standard_normal(n_samples)
            label[replicate] = distribution["target_mean"].values + noise
        else:
            label[replicate] = (uniform[0][:, None] >= cumulative).sum(axis=1)
        order[replicate, uniform[1].argsort(kind="stable")] = np.arange(n_samples)
    name, text = ("target", "drawn target y") if real else ("label", "drawn label y")
    axes = ("replicate", "sample")
    return distribution.assign(
        {
            name: (axes, label, {"units": "1", "long_name": text}),
            "order": (axes, order, {"units": "1", "long_name": "rank in the replicate's random order"}),
        }
    ).assign_coords(
        replicate=("replicate", np.arange(replicates), {"units": "1", "long_name": "number of the replicate"})
    )
