import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import logsumexp

from infoplane.measures import mixture as pairs
from infoplane.measures.kde import Kde, kde_information


def arrays(t, p_x, p_y):
    dims = (("sample", "unit"), ("sample",), ("sample", "class"))
    return [xr.DataArray(a, dims=d) for a, d in zip((np.asarray(t, np.float32), p_x, p_y), dims, strict=True)]


def quadrature_entropy(points, weights, variance):
    """Differential entropy in bits of a one-dimensional Gaussian mixture, by the trapezoidal rule."""
    sigma = np.sqrt(variance)
    t = np.arange(points.min() - 9 * sigma, points.max() + 9 * sigma, sigma / 20)
    density = np.exp(-((t[:, None] - points) ** 2) / (2 * variance)) @ weights / np.sqrt(2 * np.pi * variance)
    return -np.trapezoid(density * np.log2(np.maximum(density, 1e-300)), t)


def full_matrix(t, p_x, p_y, variance):
    """Both bounds of I(X;T) and I(T;Y) in bits, from the full matrix of distances, in float64."""
    t = np.asarray(t, np.float32).astype(float)
    distance = ((t[:, None] - t) ** 2).sum(-1)
    result = []
    for c in (8, 2):
        with np.errstate(divide="ignore"):
            log_t = logsumexp(-distance / (c * variance), axis=1, b=p_x)
            of_y = p_x[:, None] * p_y / (p_x @ p_y)
            log_ty = [logsumexp(-distance / (c * variance), axis=1, b=w) for w in of_y.T]
            terms = p_x[:, None] * p_y * np.transpose(log_ty)
        i_xt = -p_x @ log_t
        result.append((i_xt, i_xt + np.nansum(np.where(p_y > 0, terms, 0))))
    return np.array(result).T / np.log(2)


mixtures = st.tuples(st.integers(2, 25), st.sampled_from([0.02, 0.3, 3.0]), st.integers(0, 2**32))


@given(mixtures)
def test_bounds_enclose_the_entropy_of_a_mixture(mixture):
    components, variance, seed = mixture
    rng = np.random.default_rng(seed)
    t, p_x = 3 * rng.normal(size=components), rng.dirichlet(np.ones(components))
    p_y = rng.dirichlet([0.4, 0.4, 0.4], components)
    bits = kde_information(*arrays(t[:, None], p_x, p_y), variance)
    truth = quadrature_entropy(t, p_x, variance)
    assert float(bits.H_T.sel(bound="lower")) <= truth + 1e-4
    assert float(bits.H_T.sel(bound="upper")) >= truth - 1e-4
    share = p_x @ p_y
    of_y = p_x[:, None] * p_y / share
    truth_y = sum(q * quadrature_entropy(t, w, variance) for q, w in zip(share, of_y.T, strict=True))
    assert float(bits.H_T_given_Y.sel(bound="lower")) <= truth_y + 1e-4
    assert float(bits.H_T_given_Y.sel(bound="upper")) >= truth_y - 1e-4


@given(mixtures, st.integers(1, 6))
def test_both_bounds_by_their_definition(mixture, units):
    samples, variance, seed = mixture
    rng = np.random.default_rng(seed)
    t = rng.normal(size=(samples, units))
    p_x, p_y = rng.dirichlet(np.ones(samples)), rng.dirichlet([0.1, 0.1], samples)
    bits = kde_information(*arrays(t, p_x, p_y), variance)
    np.testing.assert_allclose([bits.I_XT, bits.I_TY], full_matrix(t, p_x, p_y, variance), atol=1e-5)


SPREADS = {  # (component, unit), as the blocks of pairs have them
    "all near": lambda rng: 0.02 * rng.normal(size=(700, 3)),
    "some near": lambda rng: np.tanh(rng.normal(size=(700, 3))),
    "few near": lambda rng: rng.normal(size=(700, 8)),
    "none near": lambda rng: 3 * rng.normal(size=(700, 12)),
    "far groups": lambda rng: 5.0 * rng.integers(0, 3, size=(700, 1)) + 0.02 * rng.normal(size=(700, 2)),
    "along one axis": lambda rng: rng.permutation(700)[:, None] * np.array([0.0, 0.01, 0.0]),
}


@pytest.mark.parametrize("spread", SPREADS)
def test_more_components_than_a_block_holds(spread):
    rng = np.random.default_rng(0)
    t = SPREADS[spread](rng)
    p_x, p_y = rng.dirichlet(np.ones(700)), rng.dirichlet([0.5, 0.5], 700)
    bits = kde_information(*arrays(t, p_x, p_y), 1e-3)
    np.testing.assert_allclose([bits.I_XT, bits.I_TY], full_matrix(t, p_x, p_y, 1e-3), atol=1e-5)


def test_pairs_out_of_reach_are_left_out(monkeypatch):
    """Of groups far apart no block between them is looked at, of few near pairs no others are."""
    seen = []
    for name in ("_add_all", "_add_few"):
        add = getattr(pairs, name)
        monkeypatch.setattr(pairs, name, lambda *args, add=add, name=name: seen.append(name) or add(*args))
    rng, weights = np.random.default_rng(0), np.full((1024, 2), 1 / 2048)
    pairs.pairwise_sums(np.repeat([0.0, 5, 10, 15], 256)[:, None] + 1e-3 * rng.normal(size=(1024, 1)), weights, 1e-3)
    assert seen == ["_add_all"] * 4  # of ten
    seen.clear()
    pairs.pairwise_sums(3 * rng.normal(size=(1024, 12)), weights, 1e-3)
    assert set(seen) == {"_add_few"}


@given(st.integers(0, 2**32), st.integers(1, 4), st.sampled_from([1e-4, 1e-2]))
def test_labels_of_any_sharpness_and_points_of_any_distance(seed, units, variance):
    """Where float32 would underflow: probabilities from 1 down to 1e-300, kernels from 1 to nothing."""
    rng = np.random.default_rng(seed)
    t = np.tanh(np.geomspace(1e-3, 3, 300)[:, None] * rng.normal(size=(300, units)))
    p_x, p = rng.dirichlet(np.ones(300)), 10.0 ** rng.uniform(-300, 0, size=300)
    p_y = np.stack([p, 1 - p], axis=1)
    bits = kde_information(*arrays(t, p_x, p_y), variance)
    np.testing.assert_allclose([bits.I_XT, bits.I_TY], full_matrix(t, p_x, p_y, variance), atol=1e-5)


def test_large_activations_keep_their_small_distances():
    rng = np.random.default_rng(0)
    t = 1000.0 * rng.integers(-3, 3, size=(60, 1)) + 0.03 * rng.normal(size=(60, 4))
    p_x, p_y = np.full(60, 1 / 60), np.eye(2)[np.arange(60) % 2]
    bits = kde_information(*arrays(t, p_x, p_y), 1e-3)
    np.testing.assert_allclose([bits.I_XT, bits.I_TY], full_matrix(t, p_x, p_y, 1e-3), atol=1e-5)


@given(st.integers(1, 8), st.integers(0, 2**32))
def test_bounds_meet_where_points_are_far_apart(units, seed):
    rng = np.random.default_rng(seed)
    p_x, p_y = rng.dirichlet(np.ones(16)), rng.dirichlet([0.5, 0.5], 16)
    t = 10.0 * rng.permutation(16)[:, None] * np.ones(units)
    bits = kde_information(*arrays(t, p_x, p_y), 0.1)
    np.testing.assert_allclose(bits.I_XT, -(p_x * np.log2(p_x)).sum(), atol=1e-5)
    i_xy = (p_x[:, None] * p_y * np.log2(np.maximum(p_y, 1e-300) / (p_x @ p_y))).sum()
    np.testing.assert_allclose(bits.I_TY, i_xy, atol=1e-5)


@given(st.integers(1, 8), st.floats(-100, 100))
def test_bounds_meet_where_points_coincide(units, value):
    t = np.full((16, units), value)
    bits = kde_information(*arrays(t, np.full(16, 1 / 16), np.eye(2)[np.arange(16) % 2]), 0.1)
    np.testing.assert_allclose([bits.I_XT, bits.I_TY], 0, atol=1e-6)
    np.testing.assert_allclose(bits.H_T, units / 2 * np.log2(2 * np.pi * np.e * 0.1), atol=1e-6)


@given(mixtures)
def test_coinciding_inputs_are_one_component(mixture):
    samples, variance, seed = mixture
    rng = np.random.default_rng(seed)
    t, p_x, p_y = rng.normal(size=(samples, 2)), rng.dirichlet(np.ones(samples)), rng.dirichlet([1, 1], samples)
    once = kde_information(*arrays(t, p_x, p_y), variance)
    twice = kde_information(*arrays(np.r_[t, t], np.r_[p_x, p_x] / 2, np.r_[p_y, p_y]), variance)
    xr.testing.assert_allclose(once, twice, atol=1e-5)


@given(mixtures)
def test_information_is_limited_by_the_distribution(mixture):
    samples, variance, seed = mixture
    rng = np.random.default_rng(seed)
    t, p_x, p_y = rng.normal(size=(samples, 3)), rng.dirichlet(np.ones(samples)), rng.dirichlet([0.3, 0.3], samples)
    bits = kde_information(*arrays(t, p_x, p_y), variance)
    lower, upper = bits.I_XT.values
    assert -1e-5 <= lower <= upper + 1e-5
    assert upper <= -(p_x * np.log2(p_x)).sum() + 1e-5
    i_xy = (p_x[:, None] * p_y * np.log2(np.maximum(p_y, 1e-300) / (p_x @ p_y))).sum()
    assert bits.I_TY.values.max() <= i_xy + 1e-5


def measured(t, dataset, **options):
    t = xr.DataArray(np.asarray(t, np.float32), dims=("replicate", "sample", "unit"))
    return Kde(**options).information(t, dataset, None)


def test_relative_noise_does_not_see_the_scale_of_the_layer(dataset):
    t = np.random.default_rng(0).normal(size=(1, 200, 4))
    one, ten = (measured(s * t, dataset, relative=True, noise_variance=0.05) for s in (1, 10))
    np.testing.assert_allclose(one.I_XT, ten.I_XT, atol=1e-4)
    assert float(ten.noise_variance[0] / one.noise_variance[0]) == pytest.approx(100, rel=1e-4)
    mean = dataset.p_x.values @ t[0]
    variance = (dataset.p_x.values @ (t[0] - mean) ** 2).mean()
    assert float(one.noise_variance[0]) == pytest.approx(0.05 * variance, rel=1e-4)


def test_a_dead_layer_has_no_information(dataset):
    for relative in (False, True):
        bits = measured(np.zeros((1, 200, 4)), dataset, relative=relative)
        assert (bits.I_XT == 0).all()
        assert (bits.I_TY == 0).all()


def test_a_class_that_never_occurs_changes_nothing():
    rng = np.random.default_rng(0)
    t, p_x, p_y = rng.normal(size=(30, 2)), np.full(30, 1 / 30), rng.dirichlet([1, 1], 30)
    two = kde_information(*arrays(t, p_x, p_y), 0.1)
    three = kde_information(*arrays(t, p_x, np.c_[p_y, np.zeros(30)]), 0.1)
    xr.testing.assert_allclose(two, three)
