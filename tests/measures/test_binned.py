import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pydantic import ValidationError

from infoplane.measures.base import Layer
from infoplane.measures.binned import Binned, binned_information


def as_layer(activation, name="tanh"):
    """A Layer that has the range of activation (replicate, sample, unit)."""
    minimum, maximum = (xr.DataArray(f(activation, axis=(1, 2)), dims="replicate") for f in (np.min, np.max))
    return Layer(1, name, minimum, maximum)


def estimate(activation, p_x, p_y_given_x, name="tanh", **options):
    """I(X;T), I(T;Y), H(T) of activation (sample, unit) as the config's estimator gives them."""
    activation = np.asarray(activation, np.float32)[None]
    dataset = xr.Dataset({"p_x": ("sample", p_x), "p_y_given_x": (("sample", "class"), p_y_given_x)})
    t = xr.DataArray(activation, dims=("replicate", "sample", "unit"))
    result = Binned(**options).information(t, dataset, as_layer(activation, name))
    return tuple(float(result[v][0]) for v in ("I_XT", "I_TY", "H_T"))


@st.composite
def cases(draw, low=-1.0, high=1.0):
    """Activations (sample, unit) in [low, high], p(x) and p(y|x)."""
    samples, units, classes = draw(st.tuples(st.integers(2, 60), st.integers(1, 14), st.integers(2, 4)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    t = draw(hnp.arrays(np.float32, (samples, units), elements=st.floats(low, high, width=32)))
    few = rng.integers(draw(st.sampled_from([2, 10, 1000])), size=samples) % samples
    p_y = rng.dirichlet(np.full(classes, 0.3), samples)
    return t[few], rng.dirichlet(np.ones(samples)), p_y


def published_shwartz_ziv(t, edges):
    """The cells of IDNNs: each value replaced by bins[digitize - 1], float32 edges."""
    bins = np.linspace(-1, 1, edges).astype(np.float32)
    return [tuple(bins[np.digitize(row, bins) - 1].tolist()) for row in t]


def published_saxe(t, width):
    """The cells of Saxe et al.: floor(t / width) as whole numbers."""
    return [tuple(np.floor(row / width).astype(int).tolist()) for row in t]


@given(cases(low=-1.5, high=1.5), st.sampled_from([10, 30]))
def test_shwartz_ziv_preset_is_the_published_binning(informations, case, edges):
    expected = informations(published_shwartz_ziv(case[0], edges), *case[1:])
    assert estimate(*case, preset="shwartz_ziv", bins=edges) == pytest.approx(expected, abs=1e-9)


@given(cases(low=-30.0, high=50.0), st.sampled_from([None, 0.07, 0.5]))
def test_saxe_preset_is_the_published_binning(informations, case, width):
    expected = informations(published_saxe(case[0], width or 0.5), *case[1:])
    assert estimate(*case, preset="saxe", width=width) == pytest.approx(expected, abs=1e-9)


def test_presets_on_a_layer_as_large_as_the_papers(informations):
    rng = np.random.default_rng(0)
    t = np.tanh(2 * rng.normal(size=(4096, 10))).astype(np.float32)
    t[::7] = np.sign(t[::7])
    p_x, p_y = np.full(4096, 1 / 4096), np.eye(2)[rng.integers(2, size=4096)]
    for preset, cells in (("shwartz_ziv", published_shwartz_ziv(t, 30)), ("saxe", published_saxe(t, 0.5))):
        assert estimate(t, p_x, p_y, preset=preset) == pytest.approx(informations(cells, p_x, p_y), abs=1e-9)


@given(cases(low=-10, high=10), st.integers(2, 40))
def test_equal_bins_by_their_definition(informations, case, bins):
    edges = np.linspace(-5, 5, bins + 1)[1:-1]
    t = case[0]
    nearest = np.abs(t[..., None] - edges).min(-1)
    t = np.where(nearest < 1e-4, t + np.float32(0.001), t)  # float32 decides what is on the edge itself
    cells = [tuple(row) for row in np.digitize(t, edges).tolist()]
    result = estimate(t, *case[1:], bins=bins, range=[-5, 5])
    assert result == pytest.approx(informations(cells, *case[1:]), abs=1e-9)


@given(cases())
def test_information_is_limited_by_the_distribution(informations, case):
    _, p_x, p_y = case
    i_xt, i_ty, h_t = estimate(*case)
    h_x, i_xy, _ = informations(range(len(p_x)), p_x, p_y)
    assert i_xt == h_t
    assert -1e-9 <= h_t <= h_x + 1e-9
    assert -1e-9 <= i_ty <= min(h_t, i_xy) + 1e-9


@given(cases(), st.randoms(use_true_random=False))
def test_permuted_units_and_samples_and_mirrored_activations_change_nothing(case, random):
    t, p_x, p_y = case
    t = np.round(t, 3) + np.float32(1e-4)  # off the edges, where the mirrored bin is the neighbour's
    units, samples = list(range(t.shape[1])), list(range(t.shape[0]))
    random.shuffle(units)
    random.shuffle(samples)
    expected = estimate(t, p_x, p_y)
    assert estimate(t[:, units], p_x, p_y) == pytest.approx(expected, abs=1e-9)
    assert estimate(t[samples], p_x[samples], p_y[samples]) == pytest.approx(expected, abs=1e-9)
    assert estimate(-t, p_x, p_y) == pytest.approx(expected, abs=1e-9)


@given(cases(), st.integers(1, 5), st.integers(2, 6))
def test_merging_bins_loses_information(case, bins, factor):
    fine = estimate(*case, bins=2 * bins * factor)
    coarse = estimate(*case, bins=2 * bins)
    assert coarse[0] <= fine[0] + 1e-9
    assert coarse[1] <= fine[1] + 1e-9


@pytest.mark.parametrize("units", [1, 6, 30])
def test_64_classes_of_uniform_inputs_have_their_entropy(units):
    rng = np.random.default_rng(units)
    classes = rng.integers(64, size=4096)
    codes = rng.permutation(64) if units == 1 else rng.integers(64, size=(64, units))
    t = (np.reshape(codes, (64, units))[classes] + 0.5) / 64
    p_x = np.full(4096, 1 / 4096)
    p_y_of_class = rng.dirichlet([0.5, 0.5], 64)
    share = np.bincount(classes, minlength=64) / 4096
    i_xt, i_ty, _ = estimate(t, p_x, p_y_of_class[classes], bins=64, range=[0, 1])
    assert i_xt == pytest.approx(-(share * np.log2(share)).sum(), abs=1e-9)
    # the classes are a sufficient statistic of Y
    p_y = share @ p_y_of_class
    assert i_ty == pytest.approx((share[:, None] * p_y_of_class * np.log2(p_y_of_class / p_y)).sum(), abs=1e-9)


def test_uniform_distinct_inputs_in_distinct_cells():
    t = np.linspace(0.001, 0.999, 64)[:, None]
    p_x, p_y = np.full(64, 1 / 64), np.eye(2)[np.arange(64) // 32]
    assert estimate(t, p_x, p_y, bins=64, range=[0, 1]) == pytest.approx((6, 1, 6), abs=1e-9)
    assert estimate(0 * t, p_x, p_y) == pytest.approx((0, 0, 0), abs=1e-9)


def test_range_of_the_bins():
    t = np.array([[0.0], [0.4], [0.6], [3.0]])
    p_x, p_y = np.full(4, 0.25), np.eye(2)[[0, 0, 1, 1]]
    halves = {"limits": 1.0, "observed": 2 - 0.75 * np.log2(3)}
    assert estimate(np.minimum(t, 1), p_x, p_y, "sigmoid", bins=2)[0] == pytest.approx(halves["limits"])
    # a ReLU has no limits on both sides: the observed range, [0, 3], in which 0.6 is below the middle
    for option in ("limits", "observed"):
        result = estimate(t, p_x, p_y, "relu", bins=2, range=option)[0]
        assert result == pytest.approx(halves["observed"])
    assert estimate(t, p_x, p_y, "relu", bins=2, range=[0, 1])[0] == pytest.approx(1.0)


def test_width_of_the_bins(informations):
    t = np.array([[-1.0], [-0.8], [-0.7], [0.99], [1.0]])
    p_x, p_y = np.full(5, 0.2), np.eye(2)[[0, 0, 1, 1, 1]]
    expected = informations(["a", "a", "b", "c", "c"], p_x, p_y)
    assert estimate(t, p_x, p_y, width=0.25) == pytest.approx(expected)


@given(cases(), st.sampled_from([0.5, 0.25, 0.125]))
def test_width_is_a_number_of_bins(case, width):
    result = estimate(*case, width=width)
    assert result == pytest.approx(estimate(*case, bins=int(2 / width)), abs=1e-9)


def test_leading_dimensions_and_their_own_ranges():
    rng = np.random.default_rng(0)
    t = xr.DataArray(rng.normal(size=(3, 2, 50, 4)).astype(np.float32), dims=("a", "b", "sample", "unit"))
    p_x = xr.DataArray(rng.dirichlet(np.ones(50)), dims="sample")
    p_y = xr.DataArray(rng.dirichlet([1, 1], 50), dims=("sample", "class"))
    upper = xr.DataArray([1.0, 2.0, 3.0], dims="a")
    together = binned_information(t, p_x, p_y, lower=-upper, upper=upper, bins=5)
    assert together.I_XT.dims == ("a", "b")
    for a, b in np.ndindex(3, 2):
        ends = float(upper[a])
        alone = binned_information(t[a, b], p_x, p_y, lower=-ends, upper=ends, bins=5)
        xr.testing.assert_allclose(together.isel(a=a, b=b), alone)


def test_nan_gives_nan():
    t = np.zeros((4, 2))
    t[1, 1] = np.nan
    for options in ({}, {"width": 0.1}, {"preset": "saxe"}, {"preset": "shwartz_ziv"}):
        result = estimate(t, np.full(4, 0.25), np.eye(2)[[0, 0, 1, 1]], **options)
        assert np.isnan(result).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bins": 1}, "greater than or equal to 2"),
        ({"width": 0}, "greater than or equal to"),
        ({"bins": 20, "width": 0.1}, "not both"),
        ({"preset": "saxe", "bins": 20}, "saxe takes `width`"),
        ({"preset": "shwartz_ziv", "width": 0.1}, "takes `bins`"),
        ({"preset": "saxe", "range": [0, 1]}, "has its own"),
        ({"range": [1, 0]}, r"\[lower, upper\]"),
    ],
)
def test_contradictory_options_are_one_clear_error(options, message):
    with pytest.raises(ValidationError, match=message):
        Binned(**options)
