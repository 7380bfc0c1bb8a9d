"""Weights are packed without loss, and only those that gain from it."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infoplane.training.graph import GraphEngine
from infoplane.training.network import SMALL
from infoplane.training.optimizers import elementwise
from infoplane.training.packing import Packing

widths = st.lists(st.integers(1, 60), min_size=2, max_size=5)


def arrays(widths: list[int], replicates: int) -> list[np.ndarray]:
    shapes = [shape for pair in pairwise(widths) for shape in (pair, pair[1:])]
    ends = np.cumsum([0, *(replicates * np.prod(shape) for shape in shapes)])
    spans = zip(pairwise(ends), shapes, strict=True)
    return [np.arange(*span, dtype=np.float32).reshape(replicates, *shape) for span, shape in spans]


@given(widths, st.integers(1, 4), st.booleans(), st.booleans())
def test_what_is_unpacked_is_what_was_packed(widths, replicates, together, numpy):
    given = arrays(widths, replicates)
    packing = Packing(given, together)
    packed = packing.pack(given)
    unpacked = packing.unpack([array.numpy() for array in packed] if numpy else packed)
    for before, after in zip(given, unpacked, strict=True):
        np.testing.assert_array_equal(before, after)
    small = sum(array[0].size <= SMALL for array in given) if together else 0
    assert len(packed) == len(given) - small + (small > 0)


@pytest.mark.parametrize(
    ("options", "arrays"),
    [
        ({"optimizer": "sgd"}, 1),
        ({"optimizer": "adam", "optimizer_options": {"beta_1": 0.8}}, 1),
        ({"optimizer": "adam", "optimizer_options": {"clipnorm": 1.0}}, 4),
        ({"optimizer": "lamb"}, 4),
    ],
)
def test_an_optimizer_that_looks_at_whole_arrays_gets_them_as_they_are(options, arrays, problem, condition):
    chosen = condition(hidden=(3,), **options)
    engine = GraphEngine(chosen, problem(), range(2))
    assert elementwise(chosen.optimizer, chosen.optimizer_options) == (arrays == 1)
    assert len(engine.start()[0].weights) == arrays
