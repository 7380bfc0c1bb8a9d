import numpy as np
import pytest
import xarray as xr

from infoplane.measures.weights import EDGES, Weights, correlations, displacement, random_share


def test_correlations_of_known_vectors():
    weight = np.array([[1.0, 0, 2, -3], [0, 1, 2, 0]])  # unit_in, unit
    half = np.sqrt(0.5)
    np.testing.assert_allclose(correlations(weight), [0, half, -1, half, 0, -half], atol=1e-12)


def test_correlations_ignore_the_length_of_the_weights():
    weight = np.random.default_rng(0).normal(size=(3, 12, 10))
    scale = np.random.default_rng(1).uniform(0.1, 10, size=(3, 1, 10))
    np.testing.assert_allclose(correlations(weight * scale), correlations(weight))


@pytest.mark.parametrize("inputs", [1, 2, 3, 5, 12])
def test_random_vectors_have_the_expected_shares(inputs):
    pairs = correlations(np.random.default_rng(inputs).normal(size=(20_000, inputs, 2))).ravel()
    observed = np.histogram(pairs, EDGES)[0] / len(pairs)
    expected = random_share(inputs, EDGES)
    assert expected.sum() == pytest.approx(1)
    # 5 standard errors of a share, and 1 for empty bins
    assert (np.abs(observed - expected) < 5 * np.sqrt(expected / len(pairs)) + 1 / len(pairs)).all()
    assert (pairs**2).mean() == pytest.approx(1 / inputs, rel=0.05)


def test_measure_of_random_weights_looks_random(training, dataset):
    result = Weights().measure(training, dataset)
    assert result.correlation_rms.dims == ("replicate", "epoch", "layer")
    # 15 pairs of a layer of 6 units with 4 inputs, 12 draws
    assert float(result.correlation_rms.sel(layer=1).mean()) == pytest.approx(4**-0.5, rel=0.15)
    assert float(result.correlation_rms_random.sel(layer=1)) == pytest.approx(4**-0.5)
    np.testing.assert_allclose(result.correlation_share.sel(layer=[1, 2], replicate=[10, 11]).sum("correlation"), 1)


def test_one_unit_has_no_pair(training, dataset):
    result = Weights().measure(training, dataset).sel(layer=3)
    assert np.isnan(result.correlation_rms).all()
    assert np.isnan(result.correlation_share).all()


def test_a_diverged_network_has_no_correlations(training, dataset):
    def diverge(layer):
        if "weight" not in layer:
            return layer
        return layer.assign(weight=layer.weight.where((layer.replicate != 12) | (layer.epoch < 10)))

    result = Weights().measure(training.map_over_datasets(diverge), dataset).sel(layer=1)
    assert np.isnan(result.correlation_rms.sel(replicate=12, epoch=[10, 100])).all()
    assert np.isnan(result.correlation_share.sel(replicate=12, epoch=[10, 100])).all()
    assert result.correlation_rms.sel(replicate=[10, 11]).notnull().all()


def test_the_way_from_where_it_counts():
    """Of two walks of 400 steps: one straight on, one at random, whose squared way grows as the time."""
    rng = np.random.default_rng(0)
    epoch = np.r_[0, np.unique(np.geomspace(1, 400, 60).round().astype(int))]
    steps = rng.normal(size=(1, 401, 30, 40))
    straight = np.broadcast_to(steps[:, :1], steps.shape)
    walks = xr.DataArray(
        np.cumsum(np.concatenate([straight, steps]), 1), dims=("replicate", "epoch", "unit_in", "unit")
    )
    way = displacement(walks.isel(epoch=epoch).assign_coords(epoch=epoch))
    early, late = way["since"].values
    assert (np.log1p([early, late]) / np.log1p(400) >= [0.1, 0.85]).all()
    for index, start in enumerate((early, late)):
        chosen = way.isel(since=index)
        assert chosen.where(way["epoch"] < start, drop=True).isnull().all()
        elapsed = chosen["epoch"].where(way["epoch"] >= start, drop=True).values - start
        squares = chosen.where(way["epoch"] >= start, drop=True) / 1200
        np.testing.assert_allclose(squares[0], elapsed**2 * (steps[0, 0] ** 2).mean())
        np.testing.assert_allclose(squares[1], elapsed, rtol=0.15)
