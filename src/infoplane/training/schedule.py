"""The snapshot schedule: which epochs of a training are recorded."""

from __future__ import annotations

import numpy as np


def snapshot_epochs(epochs: int, snapshots: int) -> np.ndarray:
    """Completed epochs at which a run is recorded: 0, then log-spaced up to `epochs`, at most `snapshots` of them.

    Rounding merges early epochs, so the spacing is refined until `snapshots` distinct epochs are reached (or every
    epoch is recorded). Shape (snapshot,), int64, strictly increasing.
    """
    if snapshots > epochs:
        return np.arange(epochs + 1)
    points = snapshots - 1
    chosen = _log_spaced(epochs, points)
    while len(finer := _log_spaced(epochs, points + 1)) < snapshots:
        points, chosen = points + 1, finer
    return np.concatenate([[0], chosen])


def _log_spaced(epochs: int, points: int) -> np.ndarray:
    return np.unique(np.geomspace(1, epochs, points).round().astype(np.int64)) if points > 1 else np.array([epochs])
