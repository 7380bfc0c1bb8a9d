"""Single units: what each tells of the label, what it computes, and what the network predicts, at both ends."""

import numpy as np
import pytest
import xarray as xr

from infoplane.measures.binned import binned_information
from infoplane.measures.units import Units, signatures


@pytest.fixture(scope="module")
def measured(training, dataset):
    return Units().measure(training, dataset)


def test_first_and_last_snapshot_of_every_unit(measured, training):
    assert measured["epoch"].values.tolist() == [0, 100]
    assert measured["replicate"].values.tolist() == [10, 11, 12]
    assert measured["layer_of_unit"].values.tolist() == [1] * 6 + [2] * 3 + [3]
    assert measured["layer"].values.tolist() == [1, 2, 3]


def test_a_unit_tells_what_a_layer_of_it_alone_would(measured, training, dataset):
    activation = training["layer_1"].to_dataset()["activation"].isel(epoch=[0, -1])
    known = {"p_x": dataset["p_x"], "p_y_given_x": dataset["p_y_given_x"]}
    for unit in range(6):
        alone = binned_information(activation.isel(unit=[unit]), **known)["I_TY"]
        np.testing.assert_allclose(measured["unit_TY"].isel(unit=unit), alone)
    whole = binned_information(activation, **known)["I_TY"]
    np.testing.assert_allclose(measured["layer_TY"].sel(layer=1), whole)


def test_products_of_signatures_are_correlations(measured, training, dataset):
    """Weighted by p(x), by numpy's own covariance."""
    activation = training["layer_2"].to_dataset()["activation"].isel(epoch=0, replicate=1)
    covariance = np.cov(activation.transpose("unit", "sample"), aweights=dataset["p_x"].values)
    deviation = np.sqrt(np.diag(covariance))
    own = measured["signature"].isel(epoch=0, replicate=1, unit=measured["layer_of_unit"].values == 2).values
    np.testing.assert_allclose(own @ own.T, covariance / np.outer(deviation, deviation), atol=1e-6)


def test_a_unit_that_does_not_vary_correlates_with_none():
    constant = np.full((1, 8), 0.3) + np.arange(8) * 1e-9
    assert not signatures(constant, np.full(8, 1 / 8)).any()
    assert np.isnan(signatures(constant * np.nan, np.full(8, 1 / 8))).all()


def test_predictions_are_the_classes_of_the_output(measured, training, layers, dataset):
    values = training["layer_3"].to_dataset()["activation"].isel(epoch=[0, -1], unit=0)
    expected = np.where(np.isnan(values), -1, values > 0.5)
    np.testing.assert_array_equal(measured["prediction"], expected)
    softmax = layers[0].assign_attrs(activation="softmax")
    coords = {"replicate": [0, 1, 2], "epoch": [0, 1, 10, 100]}
    tree = xr.DataTree.from_dict({"/": xr.Dataset(coords=coords), "/layer_1": softmax.assign_coords(coords)})
    found = Units().measure(tree, dataset)["prediction"].isel(epoch=0)
    np.testing.assert_array_equal(found, softmax["activation"].isel(epoch=0).argmax("unit"))


def test_real_valued_targets_have_neither_label_nor_class(training, dataset):
    linear = training.map_over_datasets(lambda layer: layer.assign_attrs(activation="linear"))
    found = Units().measure(linear, dataset.drop_vars("p_y_given_x"))
    assert set(found.data_vars) == {"signature"}
