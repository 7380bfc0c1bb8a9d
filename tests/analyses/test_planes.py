"""What is told from the information plane: means, moments, distances, excesses, and estimators beside each other."""

import numpy as np
import pytest
import xarray as xr

from infoplane.analyses.data_processing import DataProcessing
from infoplane.analyses.estimators import Estimators
from infoplane.analyses.learning_curves import LearningCurves
from infoplane.analyses.moments import Moments, moments, transition
from infoplane.analyses.plane import Plane
from infoplane.analyses.spread import SOURCES, Spread, distance_from_others
from infoplane.analyses.table import numbers


def test_the_plane_has_points_means_ends_and_peaks(world, analyse):
    data = world.information()
    path = np.interp(world.epochs, [0, 16, 256], [2.0, 7.0, 3.0])
    data["I_XT"][:, :, -2] = path + 0.5 * np.arange(4)[:, None]
    found = analyse(Plane(), world.run(measurements={"binned": data}))
    np.testing.assert_array_equal(found["I_XT"], data["I_XT"])
    np.testing.assert_allclose(found["I_TY_mean"], data["I_TY"].mean("replicate"))
    hidden = found.isel(layer=-2)  # the mean of the replicates 0 to 3 is 0.75 above the formula
    ends = {"I_XT_first": 2.75, "I_XT_peak": 7.75, "I_XT_peak_epoch": 16, "I_XT_last": 3.75}
    assert {name: float(hidden[name]) for name in ends} == pytest.approx(ends)
    assert (found.attrs["last_epoch"], found.attrs["snapshots"]) == (256, 10)


def test_diverged_replicates_do_not_count(world, analyse):
    data = world.information()
    data["I_XT"][1, 3:] = np.nan
    found = analyse(Plane(), world.run(measurements={"binned": data}))
    assert found["replicate"].values.tolist() == [0, 2, 3]
    assert (found.attrs["replicates"], found.attrs["replicates_used"]) == (4, 3)
    np.testing.assert_allclose(found["I_TY_mean"], data["I_TY"][[0, 2, 3]].mean("replicate"))


@pytest.mark.parametrize(("change", "epoch", "name"), [(20.0, 16, "transition"), (np.nan, 16, "no transition")])
def test_the_moment_between_start_and_end_is_the_transition_or_the_middle_in_log_time(world, change, epoch, name):
    run = world.run(measurements={"gradients": world.gradients(change=change)})
    at = moments(run, world.epochs)
    assert at == {"initial weights": 0, f"{name}, epoch {epoch}": epoch, "epoch 256": 256}
    assert transition(run) == (None if np.isnan(change) else change)


def test_moments_have_the_replicates_their_mean_and_their_deviation(world, analyse):
    data = world.information(replicates=5)
    found = analyse(Moments(), world.run(measurements={"binned": data}))
    assert found["epoch"].values.tolist() == [0, 16, 256]
    for name in ("I_XT", "I_TY"):
        at = data[name].sel(epoch=[0, 16, 256]).values
        np.testing.assert_array_equal(found[name].transpose("replicate", "moment", "layer"), at)
        np.testing.assert_allclose(found[f"{name}_mean"], at.mean(axis=0))
        np.testing.assert_allclose(found[f"{name}_std"], at.std(axis=0))
    assert float(found["transition_epoch"]) == world.change


def test_without_a_transition_the_caption_has_none(world):
    run = world.run(measurements={"gradients": world.gradients(change=np.nan)})
    (quoted,) = numbers(world.stored(Moments().analyse([run])))["conditions"]
    assert quoted["transition_epoch"] is None
    assert quoted["epoch"] == [0, 16, 256]


def test_distance_between_paths_is_the_mean_over_the_others(world):
    corners = np.array([[0, 0], [3, 4], [0, 8]])[:, :, None, None] * np.ones((1, 1, len(world.epochs), 1))
    plane = world.layered(1, I_XT=corners[:, 0], I_TY=corners[:, 1])
    apart = distance_from_others(plane).isel(epoch=0, layer=0)
    np.testing.assert_allclose(apart, [(5 + 8) / 2, (5 + 5) / 2, (8 + 5) / 2])


def standing(world, early, late, layers=2):
    """Networks whose layers stand in early epochs at these bits of I(X;T), and in late ones at those."""
    plane = world.information(replicates=len(early), layers=layers)
    plane["I_TY"][:] = 0.5
    plane["I_XT"][:] = np.where(world.epochs < 64, np.array(early)[:, None], np.array(late)[:, None])[..., None]
    return plane


def ratios(found):
    return [float(found[f"ratio_{phase}"].sel(interval="estimate")) for phase in ("early", "late")]


def test_networks_of_a_condition_are_compared_with_those_of_the_others(world, analyse):
    """Two bits apart within; between, the mean of 5, 7, 3 and 5. Late, each condition is at one place."""
    planes = (standing(world, [1.0, 3.0], [2.0, 2.0]), standing(world, [6.0, 8.0], [4.0, 4.0]))
    runs = [world.run({"seed": n}, measurements={"binned": plane}, seed=n) for n, plane in enumerate(planes)]
    for found in analyse(Spread(), *runs):
        assert ratios(found) == pytest.approx([2 / 5, 0], abs=0.02)
        assert found.attrs["replicates_used"] == 2
        assert found["ratio_early"].attrs["long_name"] == "distance within / between conditions, epochs 2 to 15"


def test_conditions_that_are_alike_are_as_far_apart_as_their_networks(world, analyse):
    """With the same networks, but that no network is a pair with itself; more of them make it surer."""
    widths = []
    for number in (4, 16):
        places = np.linspace(1.0, 4.0, number)
        plane = standing(world, places, places)
        runs = [world.run({"seed": n}, measurements={"binned": plane}, seed=n) for n in (0, 1)]
        ratio = analyse(Spread(), *runs)[0]["ratio_late"]
        estimate, low, high = ratio.sel(interval=["estimate", "low", "high"]).values
        assert estimate == pytest.approx(number / (number - 1))
        widths.append(high - low)
    assert widths[1] < widths[0]


def test_axes_of_the_plane_count_alike(world, analyse):
    """A tenth of H(X) = 5 bits is as far as a tenth of I(X;Y) = 1 bit; six tenths away is the other condition."""
    along, across = standing(world, [1.0, 1.5], [1.0, 1.5]), standing(world, [1.0, 1.0], [1.0, 1.0])
    across["I_TY"][1] += 0.1
    other = standing(world, [4.0, 4.0], [4.0, 4.0])
    for plane, between in ((along, [0.6, 0.5]), (across, [0.6, np.hypot(0.6, 0.1)])):
        runs = [world.run({"seed": n}, measurements={"binned": p}, seed=n) for n, p in enumerate((plane, other))]
        assert ratios(analyse(Spread(), *runs)[0]) == pytest.approx([0.1 / np.mean(between)] * 2)


def test_the_variance_of_crossed_networks_is_due_to_weights_and_data(world, analyse):
    """Four initial weights and four datasets: steps of 0.5 and of 0.25 bits, of which the squares add up.

    They are no condition to compare others with. A network that diverged takes its initialisation with it.
    """
    weights, data = np.divmod(np.arange(16), 4)
    places = 1 + 0.5 * weights + 0.25 * data
    plane = standing(world, places, places)
    crossed = world.run({"crossed": 4}, measurements={"binned": plane}, crossed=4)
    plane = plane.copy(deep=True)
    plane["I_XT"][5, 3:] = np.nan
    lame = world.run({"crossed": 4}, measurements={"binned": plane}, crossed=4)
    planes = [standing(world, [at] * 4, [at] * 4) for at in (2.0, 9.0)]
    runs = [world.run({"seed": n}, measurements={"binned": p}, seed=n) for n, p in enumerate(planes)]
    first, *_, found = analyse(Spread(), *runs, crossed)
    assert ratios(first) == ratios(analyse(Spread(), *runs)[0])
    assert not {"ratio_early", "ratio_late"} & set(found)
    shares = {name: float(found[f"share_{name}_late"].sel(interval="estimate")) for name in SOURCES}
    assert shares == pytest.approx({"weights": 0.8, "data": 0.2, "rest": 0.0})
    left = analyse(Spread(), lame)
    steps = np.var([0, 1.0, 1.5], ddof=1), np.var(0.25 * np.arange(4), ddof=1)
    assert float(left["share_data_late"].sel(interval="estimate")) == pytest.approx(steps[1] / sum(steps))


def test_one_condition_or_one_network_has_no_ratio(world, analyse):
    assert "ratio_early" not in analyse(Spread(), world.run())
    single = standing(world, [1.0], [1.0])
    runs = [world.run({"seed": n}, measurements={"binned": single + n}, seed=n) for n in (0, 1)]
    for found in analyse(Spread(), *runs):
        assert np.isnan(ratios(found)).all()


def test_networks_on_one_path_are_at_no_distance(world, analyse):
    found = analyse(Spread(), world.run(measurements={"binned": standing(world, [3.0] * 3, [2.0] * 3)}))
    assert (found["distance_90th"] == 0).all()
    assert found["I_XT_last_std"].values.tolist() == [0, 0]


def test_data_processing_counts_and_measures_the_violations(world, analyse):
    plane = world.information()
    plane["I_XT"][:] = np.array([4.0, 3, 2, 1])
    plane["I_TY"][:] = 0.5  # what is equal violates nothing
    plane["I_XT"][0, 0, 2] = 3.25  # a quarter of a bit above the layer before, once in 4 x 10
    found = analyse(DataProcessing(), world.run(measurements={"binned": plane}))
    assert found["layer"].values.tolist() == [2, 3, 4]
    assert found["violations_XT"].values == pytest.approx([0, 1 / 40, 0])
    assert found["largest_excess_XT"].values == pytest.approx([0, 0.25, 0])
    assert found["violations_TY"].values.tolist() == [0, 0, 0]
    assert found["rise_XT"][0, 0].values == pytest.approx([-1, 0.25, -2.25])


def test_the_excess_of_a_pair_is_the_largest_over_the_epochs(world, analyse):
    """Of each later layer over each earlier one, not of neighbours only; the first layer exceeds nothing."""
    plane = world.information()
    plane["I_TY"][:] = np.array([2.0, 0.5, 0.4, 0.3])
    plane["I_XT"][:] = np.array([4.0, 3.0, 2.0, 1.0])
    plane["I_XT"][:2, 4:, 3] = 3.5  # half of the networks; 1.5 above the third layer, half a bit above the second
    found = analyse(DataProcessing(), world.run(measurements={"binned": plane}))
    pairs = ["2 over 1", "3 over 1", "4 over 1", "3 over 2", "4 over 2", "4 over 3"]
    assert found["pair"].values.tolist() == pairs
    assert found["excess_XT"].isel(replicate=0).values == pytest.approx([0, 0, 0, 0, 0.5, 1.5], abs=1e-9)
    assert found["excess_XT"].isel(replicate=3).values.tolist() == [0] * 6
    mean = found["excess_XT_mean"].sel(interval="estimate")
    assert mean.values == pytest.approx([0, 0, 0, 0, 0.25, 0.75], abs=1e-9)
    assert (found["excess_TY"] == 0).all()


def test_a_snapshot_of_noise_is_no_excess_of_its_size(world, analyse):
    plane = world.information()
    plane["I_XT"][:] = np.array([4.0, 3.0, 2.0, 1.0])
    plane["I_XT"][:, 5, 1] = 5.0  # a bit above the first layer in one epoch of ten
    found = analyse(DataProcessing(), world.run(measurements={"binned": plane}))
    assert (found["largest_excess_XT"].sel(layer=2) == 1).all()
    assert (found["excess_XT"].sel(pair="2 over 1") < 0.9).all()


def test_rounding_is_no_excess(world, analyse):
    plane = world.information()
    plane["I_TY"][:] = 0.5 + np.array([0, 1e-12, 2e-12, 3e-12])
    found = analyse(DataProcessing(), world.run(measurements={"binned": plane}))
    assert found["largest_excess_TY"].values.tolist() == [0, 0, 0]


def test_estimators_are_compared_by_mean_and_deviation(world, analyse):
    bits = np.array([1.0, 2.0, 3.0, 6.0])
    seen = {"binned": standing(world, [8.0] * 4, 8 - bits), "kde": standing(world, [8.0] * 4, [8.0] * 4)}
    found = analyse(Estimators(compare=("binned", "kde")), world.run(measurements=seen))
    assert found["estimator"].values.tolist() == ["binned", "kde"]
    assert found["compression_mean"][:, -2].values == pytest.approx([3, 0], abs=1e-9)
    assert found["compression_std"][:, -2].values == pytest.approx([bits.std(), 0], abs=1e-9)


def test_the_own_networks_of_an_estimator_count_in_its_mean(world, analyse):
    late = 50 - np.array([2.0, 2.0, 2.0, 50.0])
    seen = {name: standing(world, [50.0] * 4, late) for name in ("binned", "kde")}
    seen["kde"]["I_XT"][3, 5:] = np.nan
    found = analyse(Estimators(compare=("binned", "kde")), world.run(measurements=seen))
    assert found["networks"].values.tolist() == [4, 3]
    assert found["compression_mean"][:, -2].values == pytest.approx([14, 2])


def test_estimators_with_other_snapshots_have_gaps(world, analyse):
    seen = {"binned": world.information(), "sparse": world.information().isel(epoch=[0, 4, 9])}
    found = analyse(Estimators(compare=("binned", "sparse")), world.run(measurements=seen))
    assert found["epoch"].values.tolist() == world.epochs.tolist()
    known = found["I_XT_mean"].sel(estimator="sparse").notnull().all("layer")
    assert found["epoch"].values[known].tolist() == [0, 8, 256]
    np.testing.assert_allclose(found["I_XT_mean"].sel(estimator="binned"), seen["binned"]["I_XT"].mean("replicate"))


@pytest.mark.parametrize("bound", ["upper", "lower"])
def test_the_asked_bound_is_taken(world, analyse, bound):
    data = world.information()
    bounds = xr.concat([data - 0.5, data], xr.IndexVariable("bound", ["lower", "upper"]))
    run = world.run(measurements={"binned": bounds})
    expected = data["I_TY"].mean("replicate") - (0 if bound == "upper" else 0.5)
    np.testing.assert_allclose(analyse(Plane(bound=bound), run)["I_TY_mean"], expected)
    np.testing.assert_allclose(analyse(Estimators(bound=bound), run)["I_TY_mean"][0], expected)


def test_learning_curves_end_in_a_generalisation_gap(world, analyse):
    data = world.curves()
    found = analyse(LearningCurves(), world.run(curves_=data))
    last = data.sel(epoch=256).mean("replicate")
    for quantity in ("loss", "error"):
        for name in ("train", "test"):
            expected = float(last[f"{name}_{quantity}"])
            assert float(found[f"{quantity}_last"].sel(set=name)) == pytest.approx(expected)
            assert float(found[f"{quantity}_mean"].sel(set=name, epoch=256)) == pytest.approx(expected)
    assert float(found["generalisation_gap"]) == pytest.approx(float(last["test_error"] - last["train_error"]))


def test_conditions_of_different_depth_keep_their_layers(world, analyse):
    planes = [world.information(layers=n) for n in (2, 4)]
    runs = [world.run({"hidden": [n]}, measurements={"binned": plane}) for n, plane in zip((1, 3), planes, strict=True)]
    assert [found.sizes["layer"] for found in analyse(Plane(), *runs)] == [2, 4]
