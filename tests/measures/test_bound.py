import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from infoplane.datasets.spherical import Spherical, power_spectrum
from infoplane.measures.bound import Bound, bottleneck_curve, information, merge_cells
from infoplane.measures.entropy import xlog2x


def binary_entropy(p):
    return -(xlog2x(np.asarray(p)) + xlog2x(1 - np.asarray(p)))


def draw(samples, classes, seed):
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.ones(samples)), rng.dirichlet(np.full(classes, 0.7), samples)


def joints(classes):
    """p(x) and p(y|x) of a few inputs."""
    return st.builds(draw, st.integers(2, 8), classes, st.integers(0, 2**32))


@pytest.fixture(scope="module")
def spherical():
    return Spherical().exact()


@pytest.fixture(scope="module")
def curve(spherical):
    return Bound().measure(None, spherical)


def test_spherical_inputs_are_64_cells():
    # a rule so soft that float64 can tell the p(y|x) of all classes from 0 and 1
    data = Spherical(information=0.5).exact()
    p, _ = merge_cells(data.p_x.values, data.p_y_given_x.values)
    orbits, sizes = np.unique(power_spectrum(), axis=0, return_counts=True)
    assert len(p) == len(orbits) == 64
    assert sorted(np.round(4096 * p)) == sorted(sizes)


def test_merging_keeps_the_information_of_y(spherical):
    p, p_y = merge_cells(spherical.p_x.values, spherical.p_y_given_x.values)
    assert p.sum() == pytest.approx(1)
    assert information(p, p_y, np.eye(len(p)))[1] == pytest.approx(0.99, abs=1e-9)


def test_ends_of_the_spherical_curve(curve):
    assert (float(curve.I_X[0]), float(curve.I_Y[0])) == (0, 0)
    assert float(curve.I_Y[-1]) == pytest.approx(0.99, abs=1e-6)
    assert np.isinf(curve.beta[-1])
    assert all(curve[name].attrs["units"] and curve[name].attrs["long_name"] for name in curve)


def check_shape(i_x, i_y, beta):
    """Rising, concave, below I_Y = I_X, and of slope 1/β: chords have slopes between those of their ends."""
    assert (np.diff(i_x) > 0).all()
    assert (i_y <= i_x + 1e-9).all()
    slope = np.diff(i_y) / np.diff(i_x)
    assert (np.diff(slope) < 1e-6).all()
    assert (np.diff(beta) >= 0).all()
    # not for short chords, which are all rounding, nor next to 0, where Blahut-Arimoto slows down without limit
    wide = (np.diff(i_x) > 1e-4) & (i_x[1:] > 0.05)
    assert (slope[wide] <= 1 / beta[:-1][wide] + 1e-4).all()
    assert (slope[wide] >= 1 / beta[1:][wide] - 1e-4).all()


def test_shape_of_the_spherical_curve(curve):
    check_shape(curve.I_X.values, curve.I_Y.values, curve.beta.values)


@settings(max_examples=6, deadline=None)
@given(joints(st.integers(2, 4)))
@example(draw(8, 4, 807))  # for which annealing ended beside the best encoder
def test_shape_of_any_curve(joint):
    check_shape(*bottleneck_curve(*joint, steps=60))


@settings(max_examples=5, deadline=None)
@given(joints(st.integers(2, 4)), st.integers(20, 200))
def test_the_tangents_leave_little_room_above_the_curve(joint, steps):
    """A solution at β maximises I_Y - I_X / β, so its tangent lies above the whole bound; the curve is its chords."""
    i_x, i_y, beta = bottleneck_curve(*joint, steps=steps)
    x = np.linspace(0, i_x[-1], 2001)[:, None]
    ceiling = (i_y + (x - i_x) / beta).min(axis=1)
    room = ceiling - np.interp(x[:, 0], i_x, i_y)
    assert room.max() < 5e-5
    assert room.min() > -2e-5


@pytest.mark.parametrize("flip", [0.05, 0.1, 0.3])
def test_binary_symmetric_channel(flip):
    """X a fair bit, Y = X but for a share of flips: I_Y = 1 - h(h⁻¹(1 - I_X) ⋆ flip) (Wyner & Ziv 1973)."""
    p_y = np.array([[1 - flip, flip], [flip, 1 - flip]])
    i_x, i_y, _ = bottleneck_curve(np.full(2, 0.5), p_y, steps=200)
    q = np.array([brentq(lambda q, i=i: binary_entropy(q) - (1 - i), 0, 0.5, xtol=1e-15) for i in i_x])
    np.testing.assert_allclose(i_y, 1 - binary_entropy(q * (1 - flip) + (1 - q) * flip), atol=1e-7)
    assert len(i_x) > 20
    assert i_x[-1] == pytest.approx(1)


def test_a_deterministic_label_costs_its_own_entropy():
    p_x = np.array([0.1, 0.2, 0.3, 0.4])
    i_x, i_y, _ = bottleneck_curve(p_x, np.eye(3)[[0, 1, 1, 2]], steps=50)
    np.testing.assert_allclose(i_x, i_y, atol=1e-6)
    assert i_y[-1] == pytest.approx(-sum(xlog2x(np.array([0.1, 0.5, 0.4]))))


@pytest.mark.parametrize("erased", [0.2, 0.6])
def test_erasure_channel_is_a_straight_line(erased):
    p_y = np.array([[1 - erased, 0, erased], [0, 1 - erased, erased]])
    i_x, i_y, _ = bottleneck_curve(np.full(2, 0.5), p_y, steps=80)
    np.testing.assert_allclose(i_y, (1 - erased) * i_x, atol=1e-6)
    assert i_x[-1] == pytest.approx(1)


@settings(max_examples=8, deadline=None)
@given(joints(st.just(2)), st.integers(0, 2**32))
def test_no_encoder_lies_above_the_curve(joint, seed):
    p_x, p_y = joint
    curve_x, curve_y, _ = bottleneck_curve(p_x, p_y, steps=150)
    rng = np.random.default_rng(seed)
    for _ in range(50):
        encoder = rng.dirichlet(np.full(rng.integers(2, 5), rng.choice([0.05, 0.5])), len(p_x))
        i_x, i_y = information(p_x, p_y, np.maximum(encoder, 1e-12))
        assert i_y <= np.interp(i_x, curve_x, curve_y) + 5e-3


@given(joints(st.integers(2, 4)))
@settings(max_examples=4, deadline=None)
def test_inputs_that_y_does_not_tell_apart_change_nothing(joint):
    p_x, p_y = joint
    one = bottleneck_curve(p_x, p_y, steps=30)
    two = bottleneck_curve(np.r_[p_x, p_x] / 2, np.r_[p_y, p_y], steps=30)
    assert one.shape == two.shape
    np.testing.assert_allclose(one, two, atol=1e-6)


def test_more_cells_than_clusters_start_from_groups(monkeypatch):
    p = np.random.default_rng(0).beta(0.5, 0.5, 40)
    joint = np.full(40, 1 / 40), np.stack([p, 1 - p], axis=1)
    all_x, all_y, _ = bottleneck_curve(*joint, steps=40)
    monkeypatch.setattr("infoplane.measures.bound.MAX_CLUSTERS", 20)
    i_x, i_y, _ = bottleneck_curve(*joint, steps=40)
    assert (i_x[-1], i_y[-1]) == pytest.approx((all_x[-1], all_y[-1]))
    np.testing.assert_allclose(np.interp(all_x, i_x, i_y), all_y, atol=2e-3)
