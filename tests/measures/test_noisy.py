from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from infoplane.measures.kde import kde_information
from infoplane.measures.noisy import Noisy, noisy_information


def arrays(t, p_x, p_y):
    dims = (("sample", "unit"), ("sample",), ("sample", "class"))
    return [xr.DataArray(a, dims=d) for a, d in zip((np.asarray(t, np.float32), p_x, p_y), dims, strict=True)]


def quadrature(points, p_x, p_y, variance):
    """I(X;T+Z) and I(T+Z;Y) in bits of one unit, by the trapezoidal rule."""
    sigma = np.sqrt(variance)
    t = np.arange(points.min() - 9 * sigma, points.max() + 9 * sigma, sigma / 20)
    p_tx = np.exp(-((t[:, None] - points) ** 2) / (2 * variance)) / np.sqrt(2 * np.pi * variance) * p_x
    p_t = p_tx.sum(1)

    def information(joint, marginal):
        ratio = np.maximum(joint, 1e-300) / np.maximum(p_t[:, None] * marginal, 1e-300)
        return np.trapezoid((joint * np.log2(ratio)).sum(1), t)

    return information(p_tx, p_x), information(p_tx @ p_y, p_x @ p_y)


def mixture(seed, samples=20):
    rng = np.random.default_rng(seed)
    return 3 * rng.normal(size=samples), rng.dirichlet(np.ones(samples)), rng.dirichlet([0.4, 0.4], samples)


@pytest.mark.parametrize("variance", [0.02, 0.3, 3.0])
def test_estimates_scatter_around_the_truth_by_their_standard_error(variance):
    t, p_x, p_y = mixture(1)
    truth = quadrature(t, p_x, p_y, variance)
    seeds = xr.DataArray(np.arange(200), dims="seed")
    activation = arrays(t[:, None], p_x, p_y)
    repeated = xr.broadcast(activation[0], seeds)[0].transpose("seed", "sample", "unit")
    bits = noisy_information(repeated, *activation[1:], variance, draws=500, seed=seeds)
    for name, true in zip(("I_XT", "I_TY"), truth, strict=True):
        z = (bits[name] - true) / bits[f"{name}_standard_error"]
        assert abs(float(z.mean())) < 4 / np.sqrt(200)
        assert float(z.std()) == pytest.approx(1, abs=0.2)


@settings(max_examples=20)
@given(st.integers(0, 2**32), st.integers(1, 6), st.sampled_from([0.01, 0.1, 1.0]))
def test_lies_between_the_kernel_bounds(seed, units, variance):
    rng = np.random.default_rng(seed)
    t, p_x, p_y = rng.normal(size=(300, units)), np.full(300, 1 / 300), rng.dirichlet([0.5, 0.5], 300)
    bits = noisy_information(*arrays(t, p_x, p_y), variance, draws=2000, seed=seed)
    bounds = kde_information(*arrays(t, p_x, p_y), variance)
    slack = 5 * float(bits.I_XT_standard_error) + 1e-4
    assert bounds.I_XT.sel(bound="lower") - slack <= bits.I_XT <= bounds.I_XT.sel(bound="upper") + slack
    assert float(bits.H_T - bits.I_XT) == pytest.approx(units / 2 * np.log2(2 * np.pi * np.e * variance))


def test_far_apart_and_coinciding_points():
    p_x, p_y = np.full(256, 1 / 256), np.eye(2)[np.arange(256) % 2]
    for units in (2, 400):
        far = noisy_information(*arrays(np.arange(256)[:, None] * np.ones(units), p_x, p_y), 1e-4)
        assert (float(far.I_XT), float(far.I_TY)) == pytest.approx((8, 1), abs=1e-6)
        same = noisy_information(*arrays(np.ones((256, units)), p_x, p_y), 1e-4)
        assert (float(same.I_XT), float(same.I_TY)) == pytest.approx((0, 0), abs=1e-12)


def test_draws_belong_to_the_replicate_whatever_job_it_is_in(training, dataset):
    estimator = Noisy(draws=200)
    whole = estimator.measure(training, dataset)
    part = training.map_over_datasets(lambda d: d.isel(replicate=[1]) if "replicate" in d.dims else d)
    xr.testing.assert_identical(estimator.measure(part, dataset), whole.isel(replicate=[1]))
    other = Noisy(draws=200, seed=1).measure(part, dataset)
    assert not other.I_XT.equals(whole.I_XT.isel(replicate=[1]))


def test_draws_differ_between_snapshots_and_layers(dataset):
    t = np.random.default_rng(0).normal(size=(1, 200, 3)).astype(np.float32)
    t = xr.DataArray(t, dims=("replicate", "sample", "unit"), coords={"replicate": [0]})
    found = {
        float(Noisy(draws=50).information(t.assign_coords(epoch=e), dataset, SimpleNamespace(number=n)).I_XT[0])
        for e in (0, 1)
        for n in (1, 2)
    }
    assert len(found) == 4
