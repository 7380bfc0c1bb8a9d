"""I(N;T) by counting, against its definition."""

import numpy as np
import xarray as xr

from infoplane.datasets.rules import Committee
from infoplane.measures.base import Layer
from infoplane.measures.exact import Exact
from infoplane.measures.nuisance import nuisance_information


def test_against_the_definition(informations):
    """I(N;T) is I(T;Y) of a label that is N."""
    rng = np.random.default_rng(0)
    cells, p_x, nuisance = rng.integers(0, 6, (2, 40)), rng.dirichlet(np.ones(40)), rng.integers(0, 5, 40)
    found = nuisance_information(
        *(xr.DataArray(v, dims=("replicate", "sample")[-v.ndim :]) for v in (cells, p_x, nuisance))
    )
    for row in range(2):
        expected = informations(cells[row], p_x, np.eye(5)[nuisance])[1]
        np.testing.assert_allclose(found[row], expected, atol=1e-12)


def test_of_a_layer_that_keeps_some_bits():
    """T of two bits that have no say and one that has: I(N;T) is 2 bits, I(S;T) 1; the lost are NaN."""
    data = Committee(bits=6, irrelevant=3).distribution()
    kept = data.x.values[None, :, [0, 3, 5]].repeat(2, axis=0)
    kept[1] = np.nan
    activation = xr.DataArray(kept, dims=("replicate", "sample", "unit"))
    ends = xr.DataArray([0.0, 0.0], dims="replicate")
    found = Exact().information(activation, data, Layer(1, "linear", ends, ends + 1))
    np.testing.assert_allclose(found.I_NT, [2, np.nan], atol=1e-12)
    np.testing.assert_allclose(found.I_ST, [1, np.nan], atol=1e-12)
