"""What is told of networks beside each other, the bound, random weights and inputs: statistics of made-up ones."""

from itertools import permutations

import numpy as np
import pytest
import xarray as xr
from scipy.stats import spearmanr
from tests.analyses.conftest import estimate

from infoplane.analyses.base import conditions, result
from infoplane.analyses.bound import Bound
from infoplane.analyses.bull import Bull
from infoplane.analyses.depth import Depth
from infoplane.analyses.generalization import Generalization
from infoplane.analyses.networks import apart
from infoplane.analyses.table import numbers
from infoplane.analyses.weights import Weights
from infoplane.statistics import mean_interval


def on(points, epochs):
    """A path through the points, straight in log(1 + epoch)."""
    return np.interp(np.log1p(epochs), np.log1p(list(points)), list(points.values()))


def test_weights_are_counted_by_cosine_at_first_and_at_last(world, analyse_whole):
    _, found = analyse_whole(Weights(), world.run())
    assert found["layer"].values.tolist() == [1, 2, 3]  # the output layer has one neuron, and no pair
    for name in ("initial", "last", "random"):
        assert found[f"share_{name}"].sum("correlation").values == pytest.approx([1] * 3)
    where = {name: found[f"share_{name}"].idxmax("correlation").values for name in ("initial", "last")}
    assert where["initial"] == pytest.approx([0.1] * 3)  # tenths of [-1, 1], 0.05 and 0.95 are in them
    assert where["last"] == pytest.approx([0.9] * 3)
    for name, size in (("last", 0.95), ("initial", 0.05), ("random", 0.3)):
        assert found[f"rms_{name}"].values == pytest.approx([size] * 3)
    for name, ratio in (("over_random", 0.95 / 0.3), ("over_initial", 19), ("initial_over_random", 0.05 / 0.3)):
        assert found[name].values == pytest.approx(np.full((4, 3), ratio))
        assert found[f"{name}_mean"].sel(interval=["estimate", "low", "high"]).values == pytest.approx(
            np.full((3, 3), ratio)
        )


def test_ratios_of_weights_have_geometric_means_of_networks_that_have_learned(world, analyse_whole):
    data, curves = world.weights(), world.curves()
    data["correlation_rms"][:, -1] = 0.3 * np.array([1.0, 2.0, 4.0, 100.0])[:, None]
    curves["train_error"][3, -1] = 0.5
    _, found = analyse_whole(Weights(), world.run(measurements={"weights": data}, curves_=curves))
    assert found["replicate"].values.tolist() == [0, 1, 2]
    assert estimate(found["over_random_mean"]) == pytest.approx([2] * 3)


def test_networks_are_apart_after_the_best_matching_of_units(world, analyse_whole):
    """Which units are matched, and their signs, is free: at the end all are the same network."""
    _, found = analyse_whole(Weights(), world.run())
    assert estimate(found["apart_over_initial"]) == pytest.approx([0] * 3, abs=1e-6)
    assert estimate(found["disagreement"]) == pytest.approx(2 / 32)
    assert estimate(found["unit_share_mean"]) == pytest.approx([0.5] * 3)
    assert estimate(found["best_unit_share_mean"]) == pytest.approx([0.75] * 3)


def test_the_matching_is_the_best_of_all():
    """Of three units there are six: by brute force."""
    signature = np.random.default_rng(3).normal(size=(2, 3, 5))
    signature /= np.linalg.norm(signature, axis=-1, keepdims=True)
    alike = np.abs(signature[0] @ signature[1].T)
    best = max(alike[range(3), order].mean() for order in permutations(range(3)))
    assert apart(signature) == pytest.approx(np.array([[0, 1 - best], [1 - best, 0]]))


def test_networks_that_have_not_learned_are_not_compared_and_one_has_no_other(world, analyse_whole):
    units, curves = world.units(), world.curves()
    units["prediction"][3] = 1 - units["prediction"][3]
    curves["train_error"][:, -1] = [0, 0, 0, 0.5]
    _, found = analyse_whole(Weights(), world.run(measurements={"units": units}, curves_=curves))
    assert estimate(found["disagreement"]) == pytest.approx(2 / 32)
    curves["train_error"][1:, -1] = 0.5
    _, found = analyse_whole(Weights(), world.run(measurements={"units": units}, curves_=curves))
    assert np.isnan(estimate(found["apart_over_initial"])).all()
    curves["train_error"][:, -1] = 0.5
    _, found = analyse_whole(Weights(), world.run(measurements={"units": units}, curves_=curves))
    assert np.isnan(estimate(found["disagreement"]))


def test_of_real_valued_targets_there_is_neither_label_nor_class(world, analyse_whole):
    units = world.units().drop_vars(["unit_TY", "layer_TY", "prediction"])
    _, found = analyse_whole(Weights(), world.run(measurements={"units": units}))
    assert {"apart_over_initial", "disagreement", "unit_share"} & set(found) == {"apart_over_initial"}


def test_a_network_without_any_pair_has_no_correlation(world, analyse_whole):
    _, found = analyse_whole(Weights(), lonely(world))
    assert found.sizes["layer"] == 0
    assert found["over_random_mean"].size == 0


def lonely(world):
    """One hidden neuron, one output."""
    data = world.weights(layers=2)
    for name in ("correlation_rms", "correlation_share"):
        data[name][:] = np.nan
    return world.run(measurements={"binned": world.information(layers=2), "weights": data}, hidden=(1,))


def learning(world, hidden, until, experiment="main"):
    """Networks of so many hidden layers whose held-out error falls from a half to nothing, over the epochs `until`."""
    curves = world.curves()
    for replicate, (begin, end) in enumerate(until):
        curves["test_error"][replicate] = on({0: 0.5, begin: 0.5, end: 0.0, 256: 0.0}, world.epochs)
    plane = {"binned": world.information(layers=hidden + 1)}
    return world.run({"hidden": [hidden]}, measurements=plane, curves_=curves, experiment=experiment)


def test_depth_finds_when_the_targets_are_reached(world, analyse_whole):
    run = learning(world, 3, [(8, 128)] * 4)
    plane = run.measurements["binned"]
    plane["I_XT"][:, :, -1] = on({0: 1.0, 2: 5.0, 8: 5.0, 256: 1.0}, world.epochs)  # low at first: no compression
    run.curves["test_error"][0] = 0.5
    _, found = analyse_whole(Depth(errors=(0.1, 0.4), compression=3.0), run)
    names = ["error 0.1", "error 0.4", "compression 3 bits"]
    assert found["target"].values.tolist() == names
    when = [9 * (129 / 9) ** share - 1 for share in (0.8, 0.2)]
    lost = 9 * (257 / 9) ** 0.75 - 1
    reached = [[np.inf, *[when[0]] * 3], [np.inf, *[when[1]] * 3], [lost] * 4]
    for name, epochs in zip(names, reached, strict=True):
        assert found["epochs_to"].sel(target=name).values == pytest.approx(epochs, rel=0.02)
    assert found["epochs_to_median"].values == pytest.approx([*when, lost], rel=0.02)
    assert found["never"].values.tolist() == [1, 1, 0]
    assert int(found["hidden_layers"]) == 3


def test_depth_has_no_median_where_most_never_arrive(world):
    (quoted,) = numbers(Depth(errors=(1e-6,)).analyse([world.run()]))["conditions"]
    assert (quoted["never"][0], quoted["epochs_to_median"][0]) == (4, None)


def test_each_series_has_a_step_from_one_layer_and_a_trend_of_the_others(world, analyse_whole):
    """Slower with each layer in one series; in the other faster, where the shallow never arrive and rank last."""
    early, late, never = [(1, 8)] * 4, [(8, 64)] * 4, [(256, 257)] * 4
    middle = [(2, 32)] * 4
    runs = [learning(world, n, when, "main") for n, when in ((1, early), (2, early), (3, middle), (4, late))]
    runs += [learning(world, n, when, "batch") for n, when in ((1, never), (2, never[:2] + late[:2]), (3, early))]
    root, *_ = analyse_whole(Depth(experiment=("main", "batch"), errors=(0.1,)), *runs)
    assert root["series"].values.tolist() == ["main", "batch"]
    step, trend = (estimate(root[name].sel(target="error 0.1")) for name in ("step", "trend"))
    assert step == pytest.approx([0.5, 0.75])  # alike; two of four are faster, and two never arrive either
    depths, ranks = np.repeat([2, 3], 4), [7, 7, 5, 5, 1, 1, 1, 1]
    assert trend == pytest.approx([1, spearmanr(depths, ranks).statistic])


def test_the_trend_of_networks_that_mostly_never_arrive_is_uncertain(world, analyse_whole):
    """One of eight arrives: a resample in which none does shows no trend, and takes no interval away."""
    series = [("main", 2, 0), ("main", 3, 1), ("batch", 2, 0), ("batch", 3, 0)]
    runs = [learning(world, hidden, [(8, 64)] * 4, experiment) for experiment, hidden, _ in series]
    for run, (*_, arriving) in zip(runs, series, strict=True):
        run.curves["test_error"][arriving:] = 0.5
    root, *_ = analyse_whole(Depth(experiment=("main", "batch"), errors=(0.1,)), *runs)
    some, none = root["trend"].sel(target="error 0.1").values
    assert some[1] < some[0] < some[2] <= 0
    assert none[:3].tolist() == [0, 0, 0]


def test_a_series_of_one_depth_has_neither_step_nor_trend(world, analyse_whole):
    root, *_ = analyse_whole(Depth(), learning(world, 2, [(1, 8)] * 4))
    assert root["step"].isnull().all() or root["step"].sel(interval=["estimate", "low", "high"]).isnull().all()
    assert root["trend"].sel(interval=["estimate", "low", "high"]).isnull().all()


def test_the_excess_is_taken_sideways_from_the_bound(world, analyse_whole):
    """The bound rises to (1, 0.9), then to (2, 1): what I(T;Y) needs of X is read off it."""
    plane = world.information()
    plane["I_XT"][:, 0] = 4.0
    plane["I_TY"][:, 0] = 0.45
    plane["I_XT"][:, -1] = [12.0, 2.0, 1.0, 0.5]
    plane["I_TY"][:, -1] = [1.0, 0.95, 0.9, 0.27]
    plane["I_TY"][0, -1] = [0.9, 0.95, 0.9, 0.27]
    _, found = analyse_whole(Bound(), world.run(measurements={"binned": plane}))
    excess = found["excess"].transpose("replicate", "end", "layer")
    assert excess[1].values == pytest.approx(np.array([[3.5] * 4, [10, 0.5, 0, 0.2]]))
    assert excess[0, 1].values == pytest.approx([11, 0.5, 0, 0.2])
    assert estimate(found["excess_mean"].sel(end="last")) == pytest.approx([10.25, 0.5, 0, 0.2])
    assert estimate(found["closer_mean"]) == pytest.approx([-6.75, 3, 3.5, 3.3])
    assert found["beta_of_layer"].values.tolist() == [np.inf, np.inf, 9, 9]
    assert found.attrs["last_epoch"] == 256


def compressing(world, varied, lost, gaps, **settings):
    """Five networks whose last hidden layer loses these bits, and whose held-out error exceeds the other by gaps."""
    plane, curves = world.information(replicates=5), world.curves(replicates=5)
    for replicate, (bits, gap) in enumerate(zip(lost, gaps, strict=True)):
        plane["I_XT"][replicate, :, -2] = on({0: 9.0, 16: 9.0, 64: 9 - bits, 256: 9 - bits}, world.epochs)
        curves["train_error"][replicate] = 0.01
        curves["test_error"][replicate] = 0.01 + gap
    return world.run(varied, measurements={"binned": plane}, curves_=curves, **settings)


def test_what_correlates_over_conditions_may_not_within_them(world, analyse_whole):
    """Simpson's paradox: the condition that compresses more has the larger gap, its networks have the smaller."""
    order = np.array([5, 4, 2, 3, 1])
    runs, lost, gaps = [], [], []
    for offset in (1.0, 4.0):
        lost.append(offset + np.arange(5) / 10)
        gaps.append(0.05 * offset + 0.01 * order)
        runs.append(compressing(world, {"seed": int(offset)}, lost[-1], gaps[-1], seed=int(offset)))
    root, *found = analyse_whole(Generalization(), *runs)
    inside = spearmanr(np.arange(5), order).statistic
    assert [float(of["rank_correlation"]) for of in found] == pytest.approx([inside] * 2)
    assert estimate(root["within"]) == pytest.approx(inside)
    # of five networks, which the conditions share: neither of two conditions nor of ten networks
    assert [float(root[name].sel(interval="df")) for name in ("within", "pooled")] == [4, 4]
    pooled, low, high = root["pooled"].values[:3]
    assert pooled == pytest.approx(spearmanr(np.ravel(lost), np.ravel(gaps)).statistic)
    assert low <= pooled <= high
    assert pooled > 0.4 > 0 > inside
    assert (int(root["networks"]), int(root["conditions"])) == (10, 2)
    for of, bits, gap in zip(found, lost, gaps, strict=True):
        assert of["compression"].values == pytest.approx(bits)
        assert of["gap"].values == pytest.approx(gap)
        assert estimate(of["test_error_mean"]) == pytest.approx(0.01 + gap.mean())


def test_networks_that_have_not_learned_and_conditions_of_few_have_no_correlation(world, analyse_whole):
    run = compressing(world, {}, np.arange(5), np.arange(5) / 10)
    run.curves["train_error"][2, -1] = 0.3
    root, found = analyse_whole(Generalization(), run)
    assert (int(root["networks"]), int(root["conditions"]), found.attrs["replicates_used"]) == (4, 0, 4)
    assert found["compression"].isnull().values.tolist() == [False, False, True, False, False]
    assert found["rank_correlation"].isnull()
    assert np.isnan(estimate(root["within"]))
    assert estimate(root["pooled"]) == pytest.approx(1)


def test_conditions_keep_the_axes_that_they_share_with_the_root(world):
    height = mean_interval(xr.DataArray([1.0, 3.0], dims="replicate"), "1", "height")
    pooled = xr.Dataset({"height": height, "other": ("network", [1, 2])}, {"network": [5, 6]})
    read = world.stored(result([world.run()], [xr.Dataset({"height": height})], pooled))
    (found,) = conditions(read)
    assert float(found["height"].sel(interval="estimate")) == 2
    assert set(found.dims) == {"interval"}


def test_the_bull_has_the_mean_of_each_cell_and_its_size(world, analyse_whole):
    root, found = analyse_whole(Bull(), world.run())
    x = world.inputs()["x"].values
    np.testing.assert_array_equal(found["chosen"], x[5])
    assert (found.attrs["input"], found.attrs["replicates_used"], root.attrs["replicate"]) == (5, 1, 0)
    assert found["epoch"].values.tolist() == [0, 16, 256]
    assert found["cell_size"].values.tolist() == [[1, 1, 1, 1], [3, 5, 7, 9], [3, 5, 7, 9]]
    np.testing.assert_allclose(found["specific_information"][2], np.log2(32 / np.array([3, 5, 7, 9])))
    np.testing.assert_allclose(found["pattern"][0], np.tile(x[5], (4, 1)))
    np.testing.assert_allclose(found["pattern"][1, 0], x[[5, 6, 7]].mean(axis=0))


def test_inputs_count_in_the_bull_by_their_probability(world, analyse_whole):
    data = world.inputs()
    data["p_x"][:] = np.where(np.arange(32) == 7, 0.5, 0.5 / 31)
    _, found = analyse_whole(Bull(), world.run(dataset=data))
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
def test_two_snapshots_are_enough(world, analyse_whole, kept):
    measured = {
        name: getattr(world, name)().isel(epoch=kept) for name in ("information", "gradients", "weights", "cells")
    }
    measured = {"binned": measured.pop("information"), "specific": measured.pop("cells")} | measured
    run = world.run(measurements=measured, curves_=world.curves().isel(epoch=kept), epochs=int(world.epochs[kept[1]]))
    for analysis in (Weights(), Depth(), Bound(), Generalization(), Bull()):
        _, found = analyse_whole(analysis, run)
        assert found.attrs["replicates"] == 4
