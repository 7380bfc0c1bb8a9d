"""One unit of a Gaussian input: its information by weight, against counting on a fine grid of x."""

import numpy as np
import pytest
import xarray as xr
from scipy.special import ndtri

from infoplane.activations import FUNCTIONS, LIMITS
from infoplane.analyses.minimal_model import INVERSES, MinimalModel, information
from infoplane.measures.binned import Binned, binned_information
from infoplane.measures.cells import discrete_information

SAMPLES = 40_001  # an odd number of quantiles: the middle one is x = 0


@pytest.mark.parametrize("weight", [0.1, 1.0, 7.0])
@pytest.mark.parametrize("activation", INVERSES)
def test_equals_the_bins_of_the_estimator_on_quantiles_of_x(activation, weight):
    x = ndtri((np.arange(SAMPLES) + 0.5) / SAMPLES)
    h = xr.DataArray(FUNCTIONS[activation](weight * x)[:, None].astype(np.float32), dims=("sample", "unit"))
    p_x = xr.DataArray(np.full(SAMPLES, 1 / SAMPLES), dims="sample")
    p_y = xr.DataArray(np.ones((SAMPLES, 1)), dims=("sample", "class"))
    if activation in LIMITS:
        lower, upper = LIMITS[activation]
        counted = binned_information(h, p_x, p_y, lower=lower, upper=upper, bins=30)
    else:
        digitize, _, options = Binned(preset="saxe", width=2 / 30).binning(None)
        counted = discrete_information(h, p_x, p_y, digitize, **options)
    assert information(activation, weight, 30) == pytest.approx(float(counted.I_XT), abs=3e-3)


def test_saturation_compresses_and_nothing_else_does():
    """Where f has limits on both sides, a large weight leaves the sign of x; else I(h;X) grows with the weight."""
    found = MinimalModel(activations=tuple(INVERSES)).analyse([]).to_dataset()
    for name in INVERSES:
        bits = found["I_XT"].sel(activation=name).values
        if name in LIMITS:
            top = bits.argmax()
            assert (np.diff(bits[: top + 1]) > -1e-9).all()
            assert (np.diff(bits[top:]) < 1e-9).all()
            assert 1 < bits[-1] < 1.2 < 4 < bits[top]
        else:
            assert (np.diff(bits) > -1e-9).all()
            assert bits[-1] > 8


def test_a_larger_weight_of_a_linear_unit_is_a_finer_grid():
    """log2 w + h(X) - log2 of the bins' width, where the bins are fine."""
    expected = np.log2(50 * np.sqrt(2 * np.pi * np.e) / (2 / 30))
    assert information("linear", 50.0, 30) == pytest.approx(expected, abs=1e-3)
