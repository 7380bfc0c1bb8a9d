"""The regular icosahedron: where the twelve bits of the spherical data lie, and where figures draw them."""

from __future__ import annotations

import numpy as np


def vertices() -> np.ndarray:
    """The 12 vertices on the unit sphere, (12, 3): cyclic permutations of (0, ±1, ±φ), φ the golden ratio."""
    golden = (1 + np.sqrt(5)) / 2
    corners = [(0.0, one, long) for one in (-1, 1) for long in (-golden, golden)]
    return np.array([np.roll(corner, turn) for turn in range(3) for corner in corners]) / np.hypot(1, golden)


def edges() -> np.ndarray:
    """The 30 edges as pairs of vertices, (30, 2): neighbours are at the cosine 1/√5."""
    cosines = vertices() @ vertices().T
    return np.argwhere(np.triu(np.isclose(cosines, 1 / np.sqrt(5))))
