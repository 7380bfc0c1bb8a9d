import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from infoplane.measures.binned import Binned
from infoplane.measures.specific import Specific, specific_information


def test_known_cells():
    cell = xr.DataArray([[0, 0, 1, 1], [0, 1, 2, 3]], dims=("layer", "sample"))
    p_x = xr.DataArray(np.full(4, 0.25), dims="sample")
    p_y = xr.DataArray(np.eye(2)[[0, 0, 0, 1]], dims=("sample", "class"))
    result = specific_information(cell, p_x, p_y, chosen=3)
    assert result.shares_cell.values.tolist() == [[False, False, True, True], [False, False, False, True]]
    np.testing.assert_allclose(result.specific_XT, [1, 2])
    # p(y) = (3/4, 1/4); in the cell of two inputs (1/2, 1/2), in the cell of one (0, 1)
    np.testing.assert_allclose(result.specific_TY, [0.5 * np.log2(0.5 / 0.75) + 0.5 * np.log2(0.5 / 0.25), 2])


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32))
def test_mean_over_inputs_is_the_mutual_information(informations, seed):
    rng = np.random.default_rng(seed)
    cells, p_x, p_y = rng.integers(5, size=30), rng.dirichlet(np.ones(30)), rng.dirichlet([0.3, 0.3], 30)
    cell = xr.DataArray(cells, dims="sample")
    arguments = (xr.DataArray(p_x, dims="sample"), xr.DataArray(p_y, dims=("sample", "class")))
    specific = [specific_information(cell, *arguments, chosen=x) for x in range(30)]
    i_xt, i_ty, _ = informations(cells.tolist(), p_x, p_y)
    assert p_x @ [float(s.specific_XT) for s in specific] == pytest.approx(i_xt)
    assert p_x @ [float(s.specific_TY) for s in specific] == pytest.approx(i_ty)


def test_measure_of_a_training(training, dataset):
    result = Specific(input=7, bins=4).measure(training, dataset)
    assert result.shares_cell.dims[:3] == ("replicate", "epoch", "layer")
    assert result.shares_cell.dtype == bool
    healthy = result.sel(epoch=[0, 1, 10])
    assert healthy.shares_cell.isel(sample=7).all()
    p_t = xr.dot(healthy.shares_cell.astype(float), dataset.p_x, dim="sample")
    xr.testing.assert_allclose(healthy.specific_XT, -np.log2(p_t))
    # beside the chosen input it is `binned`
    xr.testing.assert_allclose(result.I_XT, Binned(bins=4).measure(training, dataset).I_XT)
    diverged = result.sel(replicate=12, epoch=100)
    assert not diverged.shares_cell.any()
    assert np.isnan(diverged.specific_XT).all()
    assert np.isnan(diverged.specific_TY).all()


def test_an_input_that_does_not_exist(training, dataset):
    with pytest.raises(ValueError, match="no sample 200; the last is 199"):
        Specific(input=200).measure(training, dataset)
