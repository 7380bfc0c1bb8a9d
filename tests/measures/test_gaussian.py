"""Exact information of linear networks: against determinants of the whole covariance, and samples."""

import numpy as np
import pytest
import xarray as xr

from infoplane.datasets.linear import LinearTeacher
from infoplane.measures.gaussian import Gaussian, channel_information, excess_error, target_information

N, RELEVANT, NOISE = 7, 3, 0.1
SETTINGS = {"features": N, "relevant": RELEVANT, "samples": 50, "snr": 4.0}


@pytest.fixture(scope="module")
def dataset():
    return LinearTeacher(**SETTINGS).distribution()


@pytest.fixture(scope="module")
def training():
    """Two linear layers, 5 units and 1, of 3 networks in 2 snapshots; the last network diverges."""
    rng = np.random.default_rng(3)
    nodes = {"/": xr.Dataset(coords={"replicate": [4, 5, 6], "epoch": [0, 9]})}
    for number, (inputs, units) in enumerate([(N, 5), (5, 1)], 1):
        weight, bias = rng.normal(size=(3, 2, inputs, units)), rng.normal(size=(3, 2, units))
        weight[2, 1], bias[2, 1] = np.nan, np.nan
        dims = ("replicate", "epoch", "unit_in", "unit")
        layer = xr.Dataset({"weight": (dims, weight), "bias": ((*dims[:2], "unit"), bias)}, nodes["/"].coords)
        nodes[f"/layer_{number}"] = layer.assign_attrs(activation="linear")
    return xr.DataTree.from_dict(nodes)


@pytest.fixture(scope="module")
def measured(training, dataset):
    return Gaussian(noise_variance=NOISE).measure(training, dataset)


def kernel_and_bias(training, layer, replicate, epoch):
    """The affine map up to a layer, one matrix after the other."""
    kernel, bias = np.eye(N), np.zeros(N)
    for number in range(1, layer + 1):
        node = training[f"layer_{number}"].sel(replicate=replicate, epoch=epoch)
        kernel, bias = kernel @ node.weight.values, bias @ node.weight.values + node.bias.values
    return kernel, bias


def by_determinants(kernel, dataset):
    """Every information in bits as a difference of entropies of Gaussians, from the covariance of (S, N, T, Y)."""
    weights, units = dataset.teacher.values, kernel.shape[1]
    to_all = np.concatenate([np.eye(N), kernel, weights[:, None]], axis=1)
    noise = np.concatenate([np.zeros(N), np.full(units, NOISE), [float(dataset.noise_variance)]])
    covariance = to_all.T @ to_all / N + np.diag(noise)
    groups = {"S": range(RELEVANT), "N": range(RELEVANT, N), "X": range(N), "T": range(N, N + units), "Y": [N + units]}

    def h(*names):
        rows = [row for name in names for row in groups[name]]
        return np.linalg.slogdet(covariance[np.ix_(rows, rows)])[1] / (2 * np.log(2))

    def i(one, other):
        return h(one) + h(other) - h(one, other)

    given = h("X") + h("S", "T") - h("S") - h("X", "T")  # I(X;T|S)
    return {"I_XT": i("X", "T"), "I_TY": i("T", "Y"), "I_ST": i("S", "T"), "I_XT_given_S": given, "I_NT": i("N", "T")}


@pytest.mark.parametrize("layer", [1, 2])
@pytest.mark.parametrize("epoch", [0, 9])
def test_every_information_is_a_difference_of_entropies(training, dataset, measured, layer, epoch):
    kernel, _ = kernel_and_bias(training, layer, 5, epoch)
    here = measured.sel(replicate=5, epoch=epoch, layer=layer)
    for name, expected in by_determinants(kernel, dataset).items():
        assert float(here[name]) == pytest.approx(expected, abs=1e-9), name
        assert expected > 1e-3  # of a case that tells something


def test_the_generalisation_error_is_the_mean_of_new_samples(training, dataset, measured):
    rng, here = np.random.default_rng(0), measured.sel(replicate=4, epoch=9)
    x = rng.normal(size=(400_000, N)) / np.sqrt(N)
    y = x @ dataset.teacher.values + np.sqrt(float(dataset.noise_variance)) * rng.normal(size=len(x))
    kernel, bias = kernel_and_bias(training, 2, 4, 9)
    squares = (y - (x @ kernel + bias)[:, 0]) ** 2
    error = squares.std() / np.sqrt(len(x))
    assert float(here.generalisation_error) == pytest.approx(squares.mean(), abs=4 * error)
    assert float(here.generalisation_error - here.excess_error) == pytest.approx(0.25)


def test_a_perfect_student_knows_all_that_can_be_known(dataset):
    teacher = dataset.teacher.values
    assert excess_error(teacher[:, None], np.zeros(1), teacher, 1 / N) == 0
    found = target_information(teacher[:, None], teacher, 1 / N, 0.25, 1e-12)
    assert found == pytest.approx(np.log2(1 + 4) / 2)  # the channel's capacity, ½ log2(1 + snr)


def test_one_unit_is_a_gaussian_channel():
    assert channel_information(np.array([[2.0], [1.0]]), 3.0) == pytest.approx(np.log2(1 + 15) / 2)


def test_data_processing_holds_for_what_is_told_of_the_target(measured):
    alive = measured.isel(replicate=slice(2))
    assert (np.log2(1 + 4) / 2 >= alive.I_TY).all()
    assert (alive.I_XT_given_S + 1e-12 >= alive.I_NT).all()  # S and N are independent
    assert not alive.saturated.any()  # no number of samples limits it


def test_the_diverged_are_nan(measured):
    lost = measured.sel(replicate=6, epoch=9)
    assert all(np.isnan(lost[name]).all() for name in (*Gaussian.quantities, "generalisation_error", "excess_error"))
    assert measured.sel(replicate=6, epoch=0).I_XT.notnull().all()


def test_what_is_not_linear_is_refused_in_a_line(training, dataset):
    tanh = training.copy()
    tanh["layer_1"].attrs["activation"] = "tanh"
    with pytest.raises(ValueError, match="found layers that are linear, tanh; allowed: linear ones"):
        Gaussian().measure(tanh, dataset)
