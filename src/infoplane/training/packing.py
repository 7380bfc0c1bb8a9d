"""Small arrays of a network, side by side in one.

The compiled loop carries its weights from batch to batch: each array costs kernels that update it, copy it and gather
its moments, to compile once and to start for each batch. The seed network's 16 arrays are one for that.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from math import prod
from typing import Any

import numpy as np

from infoplane.training.backend import tf
from infoplane.training.network import SMALL

Arrays = Sequence[tf.Tensor | np.ndarray]


class Packing:
    """Packs [kernel, bias, kernel, ...], the replicate axis first, of the sizes of `arrays`.

    All of up to SMALL numbers a replicate come into one (replicate, number) array, the first of the packed ones.
    Larger ones stay as they are, since matrix products would have to copy them out of it; and all do if not `together`.
    """

    def __init__(self, arrays: Arrays, together: bool):
        self._shapes = [tuple(array.shape[1:]) for array in arrays]
        self._small = [n for n, shape in enumerate(self._shapes) if together and prod(shape) <= SMALL]
        self._large = [n for n in range(len(arrays)) if n not in self._small]

    def pack(self, arrays: Arrays) -> list[tf.Tensor]:
        """Arrays as they are carried."""
        flat = [tf.reshape(arrays[n], (arrays[n].shape[0], -1)) for n in self._small]
        return [*([tf.concat(flat, axis=1)] if flat else []), *(tf.convert_to_tensor(arrays[n]) for n in self._large)]

    def unpack(self, packed: Arrays) -> list[Any]:
        """Arrays as the network takes them; of numpy's arrays views, which tensors would be slow to be."""
        reshape = np.reshape if isinstance(packed[0], np.ndarray) else tf.reshape
        ends = pairwise(accumulate((prod(self._shapes[n]) for n in self._small), initial=0))
        found = dict(zip(self._large, packed[1:] if self._small else packed, strict=True))
        for n, (start, stop) in zip(self._small, ends, strict=True):
            found[n] = reshape(packed[0][:, start:stop], (-1, *self._shapes[n]))
        return [found[n] for n in range(len(self._shapes))]
