"""Arrays as short text: rounded to a stated step, differences along the last axis, deflated, in base64.

`page.data.js` reads them. What is read differs from what was written by half a step at most.
"""

from __future__ import annotations

import zlib
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

MISSING = -(2**30)  # stands for NaN and for what is infinite


class Rounded(NamedTuple):
    """Numbers, and the step that they are rounded to."""

    values: np.ndarray
    step: float


def pack(arrays: Mapping[str, Rounded]) -> dict[str, Any]:
    """`shapes` and `steps` by name, in the order in which the arrays lie in `data`."""
    stream = b"".join(_varints(_codes(*array)) for array in arrays.values())
    return {
        "shapes": {name: list(array.values.shape) for name, array in arrays.items()},
        "steps": {name: array.step for name, array in arrays.items()},
        "data": b64encode(zlib.compress(stream, 9)).decode(),
    }


def _codes(values: np.ndarray, step: float) -> np.ndarray:
    """Differences of consecutive whole steps, folded so that small ones of either sign are small: 0, -1, 1, -2, ..."""
    flat = values.astype(np.float64).ravel()
    whole = np.where(np.isfinite(flat), np.rint(np.where(np.isfinite(flat), flat, 0) / step), MISSING).astype(np.int64)
    change = np.diff(whole, prepend=0)
    return ((change << 1) ^ (change >> 63)).astype(np.uint64)


def _varints(codes: np.ndarray) -> bytes:
    """Each number in groups of seven bits, the lowest first; the eighth bit says that another follows."""
    groups = (codes[:, None] >> np.arange(0, 35, 7, dtype=np.uint64)) & np.uint64(0x7F)
    length = np.maximum(1, 5 - np.argmax(groups[:, ::-1] > 0, axis=1)) * (codes > 0) + (codes == 0)
    place = np.arange(5)
    more = place < (length - 1)[:, None]
    return (groups | (more * np.uint64(0x80)))[place < length[:, None]].astype(np.uint8).tobytes()
