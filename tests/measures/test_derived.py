import numpy as np
import pytest
import xarray as xr

from infoplane.measures.derived import compression, data_processing_excess, derive, describe

EPOCH = [0, 1, 3, 10, 30, 100]


def path(values):
    return xr.DataArray(np.array(values, float), dims="epoch", coords={"epoch": EPOCH})


def test_compression_is_peak_minus_final():
    result = compression(path([2, 5, 6, 6, 4, 1]))
    assert float(result.compression) == 5
    assert float(result.compression_onset) == 10


def test_a_flat_noisy_peak_ends_where_the_fall_begins():
    result = compression(path([2, 6.0, 5.9, 5.95, 4, 1]))
    assert float(result.compression_onset) == 10


@pytest.mark.parametrize("rising", [[1, 2, 3, 4, 5, 6], [3, 3, 3, 3, 3, 3]])
def test_no_compression_has_no_onset(rising):
    result = compression(path(rising))
    assert float(result.compression) == 0
    assert np.isnan(result.compression_onset)


def test_divergence_has_no_compression():
    result = compression(path([1, 2, 3, 2, np.nan, np.nan]))
    assert np.isnan(result.compression)
    assert np.isnan(result.compression_onset)


def test_excess_over_the_layer_before():
    information = xr.DataArray([3.0, 2.0, 2.5, 1.0, 1.0], dims="layer", coords={"layer": range(1, 6)})
    assert data_processing_excess(information, 4.0).values.tolist() == [0, 0, 0.5, 0, 0]
    assert data_processing_excess(information, 2.75).values.tolist() == [0.25, 0, 0.5, 0, 0]


def test_violations_are_counted_against_the_dataset(dataset):
    h_x = float(-(dataset.p_x * np.log2(dataset.p_x)).sum())
    i_xt = xr.DataArray(
        [[[h_x, h_x - 1, h_x - 0.5], [h_x + 0.1, 1, 2], [np.nan] * 3]],
        dims=("replicate", "epoch", "layer"),
        coords={"replicate": [0], "epoch": [0, 1, 2], "layer": [1, 2, 3]},
    )
    result = derive(xr.Dataset({"I_XT": i_xt, "I_TY": 0 * i_xt + 0.5}), dataset)
    np.testing.assert_array_equal(result.dpi_count_XT, [[1, 2, np.nan]])
    expected = [[[0, 0, 0.5], [0.1, 0, 1], [np.nan] * 3]]
    np.testing.assert_allclose(result.dpi_excess_XT, expected, atol=1e-12)
    # p(y|x) of this dataset leaves more than half a bit
    np.testing.assert_array_equal(result.dpi_count_TY, [[0, 0, np.nan]])


def test_names_are_set_whatever_was_inherited_and_other_attributes_stay():
    inherited = {"units": "1", "long_name": "activation of each unit", "input": 3}
    data = xr.Dataset({"I_XT": ("layer", [1.0], inherited), "mine": ("layer", [2.0])}, {"layer": [1]})
    before = data.copy(deep=True)
    result = describe(data, {"mine": ("nats", "a measure's own")})
    assert result.I_XT.attrs == {"units": "bits", "long_name": "I(X;T)", "input": 3}
    assert result.mine.attrs == {"units": "nats", "long_name": "a measure's own"}
    assert result.layer.attrs["long_name"] == "number of the layer, counted from the input"
    xr.testing.assert_identical(data, before)


def test_what_tells_all_samples_apart_is_saturated(dataset):
    bits = np.log2(dataset.sizes["sample"])
    i_xt = xr.DataArray([[[bits, bits - 0.05, bits - 0.2]]], dims=("replicate", "epoch", "layer"))
    measured = derive(xr.Dataset({"I_XT": i_xt}).assign_coords(epoch=[0], layer=[1, 2, 3]), dataset)
    assert measured["saturated"].values.tolist() == [[[True, True, False]]]
