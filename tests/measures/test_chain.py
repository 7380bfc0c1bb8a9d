"""The information of a noisy network, against quadrature where the noise passes through one unit after another."""

import numpy as np
import pytest
import xarray as xr

from infoplane.activations import FUNCTIONS
from infoplane.condition import Condition
from infoplane.datasets import DATASETS
from infoplane.datasets.replicates import draw
from infoplane.measures.chain import Chain, network_bounds, passes

VARIANCE = 0.09
T = np.arange(-4, 4, 0.02)


def information(p_t_given_x, p_xy):
    """I(X;T) and I(T;Y) in bits of p(t|x) on the grid, (sample, t)."""

    def bits(joint):
        independent = joint.sum(1, keepdims=True) * joint.sum(0)
        return np.sum(joint * np.log2(np.maximum(joint, 1e-300) / np.maximum(independent, 1e-300)))

    return bits(p_xy.sum(1)[:, None] * p_t_given_x), bits(p_xy.T @ p_t_given_x)


def test_bounds_hold_and_meet_the_truth():
    """Three hidden layers of one unit each on 8 inputs; the output sees all that the last of them holds."""
    rng = np.random.default_rng(0)
    x, p_x, p_y = np.linspace(-1.5, 1.5, 8)[:, None], rng.dirichlet(np.full(8, 5.0)), rng.dirichlet([0.3, 0.3], 8)
    weights = [(np.array([[w]]), np.array([b])) for w, b in ((1.5, 0.2), (-2.0, 0.3), (1.2, 0.0), (3.0, 1.0))]
    p_xy = p_x[:, None] * p_y

    def noisy(s):
        density = np.exp(-((T - s[:, None]) ** 2) / (2 * VARIANCE))
        return density / density.sum(1, keepdims=True)

    p_t = noisy(np.tanh(x[:, 0] * 1.5 + 0.2))
    truth = [information(p_t, p_xy)]
    for kernel, bias in weights[1:3]:
        p_t = p_t @ noisy(np.tanh(T * kernel[0, 0] + bias))
        truth.append(information(p_t, p_xy))
    drawn = [network_bounds(x, p_xy, weights, np.tanh, VARIANCE, 40, 500, rng) for _ in range(40)]
    bits = np.array([[bounds for bounds, _ in network] for network in drawn])  # (network, layer, bound, quantity)
    np.testing.assert_array_equal(bits[:, 0, 0], bits[:, 0, 1])  # of the first layer they are the value
    mean, error = bits.mean(0), bits.std(0, ddof=1) / np.sqrt(len(bits))
    true = np.array([*truth, truth[-1]])
    assert (mean[:, 0] <= true + 4 * error[:, 0]).all()
    assert (mean[:, 1] >= true - 4 * error[:, 1]).all()
    np.testing.assert_allclose(mean, np.stack([true, true], 1), atol=0.04)


def test_few_passes_part_the_bounds():
    rng = np.random.default_rng(1)
    x, p_xy = rng.normal(size=(64, 3)), np.full((64, 2), 1 / 128)
    weights = [(2 * rng.normal(size=(a, b)), np.zeros(b)) for a, b in ((3, 4), (4, 4), (4, 1))]
    gaps = []
    for number in (2, 60):
        _, (bits, _), _ = network_bounds(x, p_xy, weights, np.tanh, VARIANCE, number, 500, rng)
        gaps.append(bits[1, 0] - bits[0, 0])
    assert gaps[0] > 3 * gaps[1] > 0


def test_what_the_output_cannot_see_does_not_count():
    """An output of two classes that looks at one of three units, and at a constant that softmax leaves out."""
    x, kernel = np.eye(3), np.array([[2.0, -2.0], [5.0, 5.0], [5.0, 5.0]])
    sample = passes(x, [(np.eye(3), np.zeros(3)), (kernel, np.zeros(2))], FUNCTIONS["linear"], VARIANCE, 4, None)
    assert [s.shape for s in sample] == [(3, 1, 3), (3, 1, 1)]
    np.testing.assert_allclose(np.abs(sample[1][:, 0, 0]), [1, 0, 0], atol=1e-12)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A small noisy network on a rule of 6 bits, trained and measured as the workflow does."""
    from infoplane import stores
    from infoplane.training.trainer import train

    folder = tmp_path_factory.mktemp("noisy")
    dataset = draw(DATASETS["committee"](bits=6).distribution(), 1, 2)
    condition = Condition(hidden=(4, 3, 2), activation_noise=VARIANCE, epochs=60, snapshots=3, batch_size=8)
    train(condition, dataset, range(2), folder / "training.zarr.zip", folder / "checkpoint", lambda message: None)
    return stores.open_tree(folder / "training.zarr.zip"), dataset


def test_data_processing_holds_along_the_chain(trained):
    """Each lower bound lies below the upper bound of any layer before it, up to their standard errors."""
    measured = Chain(passes=32, draws=600).measure(*trained)
    assert (measured.I_XT.sel(bound="upper", layer=1) > 1).all()
    for name, limit in (("I_XT", 6.0), ("I_TY", 1.0)):
        bits, error = measured[name], measured[f"{name}_standard_error"]
        lower, upper = (bits.sel(bound=bound) for bound in ("lower", "upper"))
        slack = 4 * np.hypot(error.sel(bound="lower"), error.sel(bound="upper"))
        assert (lower <= upper + slack).all()
        assert (lower - slack <= limit).all()
        for layer in (2, 3, 4):
            before, there = upper.sel(layer=layer - 1), {"layer": layer}
            assert (lower.sel(there) <= before + slack.sel(there) + slack.sel(layer=layer - 1)).all()


def test_activations_are_recorded_without_noise(trained):
    tree, dataset = trained
    layer = tree["layer_1"].to_dataset()
    t = np.tanh(dataset.x.values @ layer.weight.values + layer.bias.values[:, :, None])
    np.testing.assert_allclose(layer.activation, t, atol=2e-6)
    assert [tree[f"layer_{n}"].attrs.get("noise_variance") for n in (1, 3, 4)] == [VARIANCE, VARIANCE, None]


def test_a_network_without_noise_is_one_clear_error(training, dataset):
    quiet = training.copy()
    for name in quiet.children:
        quiet[name].attrs.pop("noise_variance", None)
    with pytest.raises(ValueError, match="chain: the network was trained without noise"):
        Chain().measure(quiet, dataset)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_those_of_keras(name):
    from infoplane.training.backend import keras

    x = np.concatenate([np.linspace(-9, 9, 181), [-60.0, 60.0]]).astype(np.float32)
    np.testing.assert_allclose(FUNCTIONS[name](x), keras.activations.get(name)(x), rtol=1e-5, atol=1e-6)


def test_bounds_are_of_the_replicate_whatever_job_it_is_in(trained):
    whole = Chain(passes=2, draws=20).measure(*trained)
    tree, dataset = trained
    part = tree.map_over_datasets(lambda d: d.isel(replicate=[1]) if "replicate" in d.dims else d)
    xr.testing.assert_identical(Chain(passes=2, draws=20).measure(part, dataset), whole.isel(replicate=[1]))
