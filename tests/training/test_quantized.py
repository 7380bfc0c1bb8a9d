"""A network with quantized activations holds what can be counted: `exact` is its own information."""

import numpy as np
import pytest
import xarray as xr

from infoplane.measures.binned import Binned
from infoplane.measures.exact import Exact


@pytest.mark.parametrize(("activation", "bits", "precision"), [("tanh", 1, "float32"), ("relu6", 8, "float16")])
def test_exact_is_binned_by_the_networks_own_bins(condition, problem, train_store, activation, bits, precision):
    setting = condition(activation=activation, quantize=bits, precision=precision, epochs=3)
    data = problem()
    tree, _, _ = train_store(setting, data)
    exact = Exact().measure(tree, data)
    for number, units in enumerate(setting.hidden, 1):
        assert len(np.unique(tree[f"layer_{number}/activation"])) <= 2**bits
        assert (exact.I_XT.sel(layer=number) <= units * bits + 1e-9).all()
    hidden = {"layer": slice(1, len(setting.hidden))}
    names = ["I_XT", "I_TY", "H_T"]
    binned = Binned(bins=2**bits).measure(tree, data)
    xr.testing.assert_allclose(exact[names].sel(hidden), binned[names].sel(hidden), rtol=1e-12)
    assert len(np.unique(tree["layer_3/activation"])) > 50  # the output layer is not quantized
