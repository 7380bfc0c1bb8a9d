"""What is told of networks beside each other, the bound, random weights and inputs: statistics of made-up ones."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from infoplane.analyses.base import conditions, result
from infoplane.analyses.bound import Bound
from infoplane.analyses.bull import Bull
from infoplane.analyses.depth import Depth, depth_correlation
from infoplane.analyses.generalization import Generalization
from infoplane.analyses.table import numbers
from infoplane.analyses.weights import Weights
from infoplane.statistics import interval, mean, rank_correlation


@pytest.fixture
def analyse(world):
    def analyse(analysis, *runs):
        """The root that the next stage reads, and the conditions."""
        read = world.stored(analysis.analyse(runs))
        return read.to_dataset(), *conditions(read)

    return analyse


def test_weights_are_counted_by_cosine_at_first_and_at_last(world, analyse):
    _, found = analyse(Weights(), world.run())
    assert found["layer"].values.tolist() == [1, 2, 3]  # the output layer has one neuron, and no pair
    for name in ("initial", "last", "random"):
        assert found[f"share_{name}"].sum("correlation").values == pytest.approx([1] * 3)
    where = {name: found[f"share_{name}"].idxmax("correlation").values for name in ("initial", "last")}
    assert where["initial"] == pytest.approx([0.1] * 3)  # tenths of [-1, 1], 0.05 and 0.95 are in them
    assert where["last"] == pytest.approx([0.9] * 3)
    assert found["rms_last"].values == pytest.approx([0.95] * 3)
    assert found["rms_initial"].values == pytest.approx([0.05] * 3)
    assert found["rms_random"].values == pytest.approx([0.3] * 3)
    assert found["random_multiple_mean"].values == pytest.approx([0.95 / 0.3] * 3)


def test_a_network_without_any_pair_has_no_correlation(world, analyse):
    _, found = analyse(Weights(), lonely(world))
    assert found.sizes["layer"] == 0
    assert found["random_multiple_mean"].isnull().all()


def lonely(world):
    """One hidden neuron, one output."""
    data = world.weights(layers=2)
    for name in ("correlation_rms", "correlation_share"):
        data[name][:] = np.nan
    return world.run(measurements={"binned": world.information(layers=2), "weights": data}, hidden=(1,))


def test_depth_finds_when_the_targets_are_reached(world, analyse):
    plane, curves = world.information(), world.curves()
    plane["I_XT"][:, :, -1] = np.interp(world.epochs, [0, 8, 256], [1.0, 5.0, 1.0])  # low at first: no compression
    curves["test_error"][:] = np.interp(world.epochs, [0, 32, 64], [0.5, 0.2, 0.0])
    curves["test_error"][0] = 0.5
    _, found = analyse(Depth(error=0.1, compression=3.0), world.run(measurements={"binned": plane}, curves_=curves))
    assert int(found["hidden_layers"]) == 3
    assert found["epochs_to_error"].values == pytest.approx([np.inf, 48, 48, 48])
    assert found["epochs_to_compression"].values == pytest.approx([194] * 4)
    counts = [int(found[f"{what}_{name}"]) for what in ("reached", "never") for name in ("error", "compression")]
    assert counts == [3, 4, 1, 0]
    assert float(found["epochs_to_error_median"]) == pytest.approx(48)
    assert float(found["epochs_to_compression_median"]) == pytest.approx(194)


def test_depth_has_no_median_where_most_never_arrive(world):
    (quoted,) = numbers(Depth(error=1e-6).analyse([world.run()]))["conditions"]
    assert (quoted["reached_error"], quoted["never_error"], quoted["epochs_to_error_median"]) == (0, 4, None)


def test_depth_correlates_with_the_epochs_over_all_networks(world, analyse):
    runs = []
    for layers, start in ((2, 16.0), (4, 8.0), (5, 4.0)):
        curves = world.curves()
        curves["test_error"][:] = np.where(world.epochs < start, 0.5, 0.0)
        runs.append(world.run(measurements={"binned": world.information(layers=layers)}, curves_=curves))
    root, *found = analyse(Depth(), *runs)
    assert [int(of["hidden_layers"]) for of in found] == [1, 3, 4]
    assert root["correlation_error"].values == pytest.approx([-1] * 3)
    assert (root.attrs["error"], root.attrs["compression"]) == (0.1, 1.5)


@given(st.permutations(range(12)))
@settings(deadline=None)
def test_rank_correlation_of_depth_and_epochs(order):
    depths = xr.DataArray([1.0, 2, 3], dims="condition")
    epochs = xr.DataArray(np.array(order, float).reshape(3, 4), dims=("condition", "replicate"))
    # Spearman's is Pearson's of the ranks, which these values are
    expected = np.corrcoef(order, np.repeat(depths, 4))[0, 1]
    assert float(depth_correlation(epochs, depths)) == pytest.approx(expected)


def test_the_gap_below_the_bound_and_where_on_the_bound_the_layers_are(world, analyse):
    plane = world.information()
    plane["I_XT"][:, -1] = [12.0, 2.0, 1.0, 0.5]
    plane["I_TY"][:, -1] = [1.0, 0.9, 0.95, 0.25]
    plane["I_TY"][0, -1] = [0.8, 0.9, 0.95, 0.25]
    _, found = analyse(Bound(), world.run(measurements={"binned": plane}))
    # the bound rises to (1, 0.9), then to (2, 1), and is flat from there
    gap = np.array([0.0, 0.1, -0.05, 0.2])
    assert found["gap_mean"].values == pytest.approx(gap + np.array([0.05, 0, 0, 0]))
    assert found["gap_std"].values == pytest.approx([np.std([0.2, 0, 0, 0]), 0, 0, 0])
    assert found["distance"].values == pytest.approx(gap.mean() + np.array([0.05, 0, 0, 0]))
    assert float(found["distance_mean"].sel(interval="estimate")) == pytest.approx(gap.mean() + 0.0125)
    assert found["beta_of_layer"].values.tolist() == [np.inf, np.inf, 9, 9]
    assert found["I_Y"].values.tolist() == [0, 0.9, 1]
    assert found.attrs["last_epoch"] == 256


def test_rank_correlation_is_spearmans():
    rng = np.random.default_rng(1)
    x, noise = (xr.DataArray(rng.integers(0, 9, 60) / 9, dims="replicate") for _ in range(2))  # with ties
    y = x**3 + 0.3 * noise
    assert float(rank_correlation(x, y)) == pytest.approx(spearmanr(x, y).statistic)
    assert np.isnan(rank_correlation(x, 0 * y))


def test_networks_of_all_conditions_are_pooled(world, analyse):
    runs = []
    for compression in (0.0, 4.0, 8.0):
        curves = world.curves()
        curves["test_error"] = curves["train_error"] + compression / 100
        plane = world.information(compression=compression)
        runs.append(world.run({"seed": int(compression)}, measurements={"binned": plane}, curves_=curves))
    root, *found = analyse(Generalization(), *runs)
    assert int(root["networks"]) == 12
    correlation, low, high = root["rank_correlation"].values
    assert 0.8 < low <= correlation <= high <= 1
    assert [float(of["gap_mean"]) for of in found] == pytest.approx([0, 0.04, 0.08])
    assert all(of["rank_correlation"].isnull() for of in found)  # within a condition the gap is the same


def test_the_correlation_within_a_condition_is_that_of_its_networks(world, analyse):
    run = world.run()
    run.measurements["binned"]["compression"][:, -2] = [1.0, 2.0, 3.0, 4.0]
    run.curves["test_error"][:, -1] = run.curves["train_error"][:, -1] + [0.1, 0.2, 0.4, 0.3]
    root, found = analyse(Generalization(), run)
    assert float(found["rank_correlation"]) == pytest.approx(0.8)  # 1 - 6 * 2 / (4 * 15)
    assert float(root["rank_correlation"].sel(interval="estimate")) == pytest.approx(0.8)
    assert float(found["compression_mean"]) == 2.5


def test_conditions_keep_the_axes_that_they_share_with_the_root(world):
    height = interval(mean, xr.DataArray([1.0, 3.0], dims="replicate"), units="1", long_name="height")
    pooled = xr.Dataset({"height": height, "other": ("network", [1, 2])}, {"network": [5, 6]})
    read = world.stored(result([world.run()], [xr.Dataset({"height": height})], pooled))
    (found,) = conditions(read)
    assert float(found["height"].sel(interval="high")) == 3
    assert set(found.dims) == {"interval"}


def test_the_bull_has_the_mean_of_each_cell_and_its_size(world, analyse):
    root, found = analyse(Bull(), world.run())
    x = world.inputs()["x"].values
    np.testing.assert_array_equal(found["chosen"], x[5])
    assert (found.attrs["input"], found.attrs["replicates_used"], root.attrs["replicate"]) == (5, 1, 0)
    assert found["epoch"].values.tolist() == [0, 16, 256]
    assert found["cell_size"].values.tolist() == [[1, 1, 1, 1], [3, 5, 7, 9], [3, 5, 7, 9]]
    np.testing.assert_allclose(found["specific_information"][2], np.log2(32 / np.array([3, 5, 7, 9])))
    np.testing.assert_allclose(found["pattern"][0], np.tile(x[5], (4, 1)))
    np.testing.assert_allclose(found["pattern"][1, 0], x[[5, 6, 7]].mean(axis=0))


def test_inputs_count_in_the_bull_by_their_probability(world, analyse):
    data = world.inputs()
    data["p_x"][:] = np.where(np.arange(32) == 7, 0.5, 0.5 / 31)
    _, found = analyse(Bull(), world.run(dataset=data))
    weights = [0.5 / 31, 0.5 / 31, 0.5]
    expected = np.average(data["x"].values[[5, 6, 7]], axis=0, weights=weights)
    np.testing.assert_allclose(found["pattern"][1, 0], expected)
    assert float(found["specific_information"][1, 0]) == pytest.approx(-np.log2(sum(weights)))
    assert int(found["cell_size"][1, 0]) == 3


def test_the_bull_does_not_look_into_a_network_that_diverged(world):
    cells = world.cells()
    cells["shares_cell"] = cells["shares_cell"] & ((cells["replicate"] != 1) | (cells["epoch"] < 32))
    with pytest.raises(ValueError, match="replicate 1 diverged; choose another"):
        Bull(replicate=1).analyse([world.run(measurements={"specific": cells})])


SHORT = {"one epoch": [0, 1], "two snapshots": [0, 9]}


@pytest.mark.parametrize("kept", SHORT.values(), ids=SHORT)
def test_two_snapshots_are_enough(world, analyse, kept):
    measured = {
        name: getattr(world, name)().isel(epoch=kept) for name in ("information", "gradients", "weights", "cells")
    }
    measured = {"binned": measured.pop("information"), "specific": measured.pop("cells")} | measured
    run = world.run(measurements=measured, curves_=world.curves().isel(epoch=kept), epochs=int(world.epochs[kept[1]]))
    for analysis in (Weights(), Depth(), Bound(), Generalization(), Bull()):
        _, found = analyse(analysis, run)
        assert found.attrs["replicates"] == 4
