"""Packed arrays are read again as the page reads them, and are short."""

import zlib
from base64 import b64decode

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from infoplane.explorer.packing import MISSING, Rounded, pack


def unpacked(packed):
    """What page.data.js does, in Python."""
    stream = iter(zlib.decompress(b64decode(packed["data"])))
    found = {}
    for name, shape in packed["shapes"].items():
        whole, values = 0, []
        for _ in range(int(np.prod(shape))):
            code, scale, byte = 0, 1, 128
            while byte & 128:
                byte = next(stream)
                code, scale = code + (byte & 127) * scale, scale * 128
            whole += -(code + 1) // 2 if code % 2 else code // 2
            values.append(np.nan if whole == MISSING else whole * packed["steps"][name])
        found[name] = np.reshape(values, shape)
    assert next(stream, None) is None
    return found


@given(
    arrays(
        float, st.tuples(*[st.integers(0, 4)] * 3), elements=st.floats(-1e4, 1e4) | st.just(np.nan) | st.just(np.inf)
    )
)
def test_numbers_come_back_within_half_a_step(values):
    found = unpacked(pack({"a": Rounded(values, 0.01), "b": Rounded(values[::-1], 1)}))
    known = np.where(np.isfinite(values), values, np.nan)
    np.testing.assert_allclose(found["a"], known, atol=0.005 + 1e-9)
    np.testing.assert_allclose(found["b"], known[::-1], atol=0.5 + 1e-9)


def test_smooth_curves_take_about_a_byte_a_number():
    curves = np.cumsum(np.random.default_rng(0).normal(0, 0.05, (10, 8, 50)), axis=-1)
    assert len(pack({"a": Rounded(curves, 0.002)})["data"]) < 1.4 * curves.size
