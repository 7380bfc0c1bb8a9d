"""The grid of estimators, layers and conditions: what share of the variance each axis has, where it is known."""

import numpy as np
import pytest
from tests.analyses.conftest import estimate

from infoplane.analyses.multiverse import Multiverse

TWO = Multiverse(compare=("binned", "kde"))
SIGN = (-1, 1)
FALL = {0: 0.0, 16: 0.0, 64: 1.0, 256: 1.0}


def grid(world, bits):
    """Runs of two activations, seen by two estimators in two hidden layers: `bits(activation, estimator, layer)`.

    Each network compresses by that and a little of its own; peaks are at 4.5 bits, the most is 5.
    """
    runs = []
    for number, activation in enumerate(("tanh", "relu")):
        seen = {}
        for place, name in enumerate(("binned", "kde")):
            seen[name] = world.information(layers=3)
            lost = np.array([bits(number, place, layer) for layer in (0, 1)]) + 0.01 * np.arange(4)[:, None]
            fall = np.interp(np.log1p(world.epochs), np.log1p(list(FALL)), list(FALL.values()))
            seen[name]["I_XT"][:, :, :2] = 4.5 - lost[:, None] * fall[None, :, None]
        runs.append(world.run({"activation": activation}, measurements=seen, activation=activation))
    return runs


@pytest.mark.parametrize(
    ("axis", "bits"),
    [
        ("condition", lambda a, e, k: 1 + 2 * a),
        ("estimator", lambda a, e, k: 1 + 2 * e),
        ("layer", lambda a, e, k: 1 + 2 * k),
        ("interactions", lambda a, e, k: 2 + SIGN[a] * SIGN[k]),
    ],
)
def test_an_axis_on_which_alone_compression_depends_has_all_its_variance(world, analyse_whole, axis, bits):
    root, *_ = analyse_whole(TWO, *grid(world, bits))
    for name in ("condition", "estimator", "layer", "interactions"):
        assert estimate(root[f"share_{name}"]) == pytest.approx(float(name == axis), abs=1e-9)


def test_axes_share_the_variance_and_each_cell_has_its_compression(world, analyse_whole):
    """One bit by the condition and two by the layer: a variance of 1/4 and one of 1."""
    root, tanh, relu = analyse_whole(TWO, *grid(world, lambda a, e, k: 0.5 + a + 2 * k))
    shares = {name: float(estimate(root[f"share_{name}"])) for name in ("condition", "layer", "estimator")}
    assert shares == pytest.approx({"condition": 0.2, "layer": 0.8, "estimator": 0.0}, abs=1e-9)
    for found, more in ((tanh, 0), (relu, 1)):
        expected = np.array([[0.515, 2.515]] * 2) + more
        assert estimate(found["compression_mean"].isel(layer=slice(2))) == pytest.approx(expected)


def test_a_cell_whose_peak_tells_all_inputs_apart_is_saturated(world, analyse_whole):
    """Of 32 inputs, within 0.1 bits of log2 32 = 5, in the epoch of the peak; networks that did not learn are out."""
    runs = grid(world, lambda a, e, k: 1)
    plane = world.information(layers=3)
    plane["I_XT"][:, :, :2] = 4.5 - np.arange(10)[:, None] / 10
    plane["I_XT"][:3, 0, 0], plane["I_XT"][:, 0, 1] = 4.95, 4.85
    measured = {"binned": plane, "kde": plane}
    curves = world.curves()
    curves["train_error"][0, -1] = 0.5
    run = world.run({"activation": "tanh"}, measurements=measured, curves_=curves)
    _, found, _ = analyse_whole(TWO, run, runs[1])
    assert found["saturated"].isel(estimator=0, layer=slice(2)).values == pytest.approx([2 / 3, 0])
    assert found.attrs["replicates_used"] == 3


def test_a_single_condition_has_cells_but_no_shares(world, analyse_whole):
    root, found = analyse_whole(TWO, grid(world, lambda a, e, k: 1)[0])
    assert not root.data_vars
    assert found["compression_mean"].notnull().any()


def test_networks_count_in_shares_where_they_have_learned_in_every_condition(world, analyse_whole):
    runs = grid(world, lambda a, e, k: 1 + a)
    runs[0].curves["train_error"][0, -1] = 0.5
    runs[1].measurements["kde"]["I_XT"][0, :, 0] = np.linspace(4, 0, 10)  # would count for kde and its first layer
    root, *_ = analyse_whole(TWO, *runs)
    assert estimate(root["share_condition"]) == pytest.approx(1)
