"""What is told of the two phases, of paths in log(1 + epoch) whose onset, end of fitting and windows are known.

A window of `WIDTH` leaves straight paths alone, and moves an event at a kink by less than its own width.
"""

import numpy as np
import pytest
import xarray as xr
from tests.analyses.conftest import estimate

from infoplane.analyses.drift import Drift
from infoplane.analyses.forgetting import Forgetting
from infoplane.analyses.gradient_snr import GradientSNR
from infoplane.analyses.label_loss import LabelLoss
from infoplane.analyses.matched import Matched
from infoplane.analyses.phases import Phases
from infoplane.analyses.table import numbers
from infoplane.analyses.worlds import Worlds
from infoplane.statistics import WIDTH

UP_AND_DOWN = {0: 2.0, 1: 7.0, 16: 7.0, 64: 3.0, 256: 3.0}  # 4 bits are lost from epoch 16 to 64
RISING = {0: 0.0, 2: 0.0, 32: 0.8, 256: 0.8}  # fitted in epoch 32
HELD_OUT = {0: 0.5, 1: 0.5, 64: 0.1, 256: 0.1}


def position(epoch):
    return np.log1p(np.asarray(epoch, float))


def on(points, epoch):
    """A path through the points, straight in log(1 + epoch)."""
    return np.interp(position(epoch), position(list(points)), list(points.values()))


def two_phases(world, up_and_down=UP_AND_DOWN, rising=RISING):
    """All layers of all networks alike."""
    plane = world.information()
    for name, points in (("I_XT", up_and_down), ("I_TY", rising)):
        plane[name][:] = on(points, world.epochs)[None, :, None]
    return plane


def held_out(world):
    curves = world.curves()
    curves["test_error"][:] = on(HELD_OUT, world.epochs)
    return curves


def test_each_layer_has_its_events_where_the_paths_have_them(world, analyse):
    run = world.run(measurements={"binned": two_phases(world)}, curves_=held_out(world))
    found = analyse(Phases(), run)
    onset, fitted = (found[name].values for name in ("onset", "fitted"))
    assert found["compression"].values == pytest.approx(np.full((4, 4), 4.0))
    assert position(onset) == pytest.approx(np.full((4, 4), position(16)), abs=WIDTH / 2)
    assert position(fitted) == pytest.approx(np.full((4, 4), position(31)), abs=WIDTH / 2)
    share_fitted, share_after = (found[name].values for name in ("share_fitted", "share_after"))
    assert share_fitted == pytest.approx(on(RISING, onset) / 0.8, abs=0.002)
    assert share_after == pytest.approx((on(UP_AND_DOWN, fitted) - 3) / 4, abs=0.002)
    error = on(HELD_OUT, onset)
    assert found["test_error_onset"].values == pytest.approx(error, abs=1e-4)
    assert found["test_error_change"].values == pytest.approx(0.1 - error, abs=1e-4)
    assert estimate(found["compression_mean"]) == pytest.approx([4] * 4)
    assert found["onset_mean"].attrs["units"] == "epochs"


def test_what_the_first_epoch_loses_is_no_compression(world, analyse):
    """Before training, a layer that keeps its input has nothing to compress: the peak is sought from epoch 1 on."""
    plane = two_phases(world, up_and_down={0: 9.0, 1: 3.0, 256: 3.0})
    found = analyse(Phases(), world.run(measurements={"binned": plane}))
    assert (found["compression"] < 1).all()


def test_below_the_least_compression_there_is_no_second_phase(world, analyse):
    found = analyse(Phases(least=4.5), world.run(measurements={"binned": two_phases(world)}))
    assert estimate(found["compression_mean"]) == pytest.approx([4] * 4)
    for name in ("onset", "share_fitted", "share_after", "test_error_onset", "test_error_change"):
        assert found[name].isnull().all()
        assert found[f"{name}_mean"].sel(interval="estimate").isnull().all()
    assert found["fitted"].notnull().all()


def test_where_training_gains_no_label_nothing_is_fitted(world, analyse):
    plane = two_phases(world, rising={0: 0.8, 256: 0.4})
    found = analyse(Phases(), world.run(measurements={"binned": plane}))
    assert all(found[name].isnull().all() for name in ("fitted", "share_fitted", "share_after"))
    assert found["onset"].notnull().all()


@pytest.mark.parametrize("kind", [Phases, Forgetting, Drift, Matched])
def test_networks_that_have_not_learned_and_diverged_ones_have_no_say(world, kind, analyse):
    plane, curves = two_phases(world), world.curves()
    plane["I_XT"][1] *= 2
    curves["train_error"][1, -1] = 0.2
    plane["I_XT"][3, 5:] = np.nan
    curves["train_error"][3, 5:] = np.nan
    found = analyse(kind(), world.run(measurements={"binned": plane}, curves_=curves))
    assert (found.attrs["replicates"], found.attrs["replicates_used"]) == (4, 2)
    name = next(name for name in ("compression", "I_XT_given_S_after", "onset") if name in found)
    counted = found[name].notnull()
    counted = counted.all("layer") if "layer" in counted.dims else counted
    assert found["replicate"].values[counted.values].tolist() == [0, 2]


def test_the_parts_change_while_fitting_and_after_it(world, analyse):
    plane = two_phases(world)
    of_class = {0: 1.0, 2: 1.0, 64: 2.0, 256: 2.0}
    rest = {0: 4.0, 2: 4.0, 64: 1.0, 256: 1.0}
    for name, points in (("I_ST", of_class), ("I_XT_given_S", rest)):
        plane[name] = plane["I_XT"].copy(data=plane["I_XT"] * 0 + on(points, world.epochs)[None, :, None])
    found = analyse(Forgetting(), world.run(measurements={"binned": plane}))
    fitted = found["fitted_median"].values
    assert position(fitted) == pytest.approx(np.full(4, position(31)), abs=WIDTH / 2)
    for name, points in (("I_ST", of_class), ("I_XT_given_S", rest)):
        then = on(points, fitted)
        assert estimate(found[f"{name}_fitting_mean"]) == pytest.approx(then - points[0], abs=1e-3)
        assert estimate(found[f"{name}_after_mean"]) == pytest.approx(points[256] - then, abs=1e-3)
        np.testing.assert_allclose(found[f"{name}_mean"], plane[name].mean("replicate"))


def with_snr(world, snr):
    data = world.gradients()
    return data.assign(gradient_snr=data["gradient_snr"] * 0 + xr.DataArray(snr, dims=("replicate", "epoch")))


def test_the_snr_is_that_of_its_window_as_a_geometric_mean_of_networks(world, analyse):
    """Epochs 1 to 8 and 128 on: what is between them, however large, has no part."""
    snr = np.full((4, len(world.epochs)), 1e6)
    networks = np.array([1.0, 2.0, 4.0, 8.0])
    snr[:, 1:5] = networks[:, None]
    snr[:, 8:] = 0.1 * networks[:, None]
    found = analyse(Drift(), world.run(measurements={"gradients": with_snr(world, snr)}))
    assert found["snr_early"].isel(layer=0).values == pytest.approx(networks)
    assert estimate(found["snr_early_mean"]) == pytest.approx([8**0.5] * 4)
    assert estimate(found["snr_late_mean"]) == pytest.approx([0.1 * 8**0.5] * 4)
    low, high = (found["snr_early_mean"].sel(interval=part).values for part in ("low", "high"))
    assert low * high == pytest.approx([8] * 4)  # symmetric in the logarithm
    assert found["snr_late"].attrs["long_name"] == "SNR of the gradients, epochs 111 to 256"


def test_the_weights_squared_way_grows_as_a_power_of_time(world, analyse):
    """As t^1.7 from epoch 1 on; of the late window the ten epochs of these runs have too few snapshots to say."""
    weights = world.weights()
    weights["displacement"][..., 0] = np.maximum(world.epochs - 1.0, 0)[None, :, None] ** 1.7 * 3
    found = analyse(Drift(), world.run(measurements={"weights": weights}))
    assert found["exponent_early_mean"].sel(interval="estimate").values == pytest.approx(1.7)
    assert found["exponent_early"].attrs["long_name"].endswith("epochs 1 to 8")
    assert found["exponent_late"].isnull().all()
    weights["displacement"][1, 3, 2] = 0  # weights that did not move have no exponent
    assert analyse(Drift(), world.run(measurements={"weights": weights}))["exponent_early"].isnull().sum() == 1


def test_an_snr_without_noise_is_left_out(world, analyse):
    snr = np.full((4, len(world.epochs)), 2.0)
    snr[0], snr[1, 2] = np.inf, np.inf
    found = analyse(Drift(), world.run(measurements={"gradients": with_snr(world, snr)}))
    assert found["snr_early"].isel(layer=0).values == pytest.approx([np.nan, 2, 2, 2], nan_ok=True)


def test_the_lag_is_a_ratio_and_its_mean_is_geometric(world, analyse):
    """Four times too early and four times too late are no lag in the middle."""
    plane, gradients = two_phases(world), world.gradients()
    gradients["phase_change"][:] = np.array([4.0, 4.0, 64.0, 64.0])[:, None]
    gradients["phase_change"][0, 1] = np.nan
    plane["I_XT"][:, :, 3] = 3.0  # no compression: no onset
    found = analyse(Drift(), world.run(measurements={"binned": plane, "gradients": gradients}))
    onset = found["onset"].values[:, 0]
    assert position(onset) == pytest.approx([position(16)] * 4, abs=WIDTH / 2)
    assert found["lag"].values[:, 0] == pytest.approx(np.array([4, 4, 64, 64]) / onset)
    assert estimate(found["lag_mean"])[0] == pytest.approx(16 / onset[0])
    assert found["networks_with_both"].values.tolist() == [4, 3, 4, 0]
    assert np.isnan(estimate(found["lag_mean"])[3])


def test_label_loss_is_compared_after_as_many_updates(world, analyse):
    """Of the 32 inputs, 16 in batches of 4 are 4 updates an epoch, and a full batch is one: 256 are had in epoch 64."""
    falling, kept = {0: 0.0, 1: 0.7, 32: 0.7, 128: 0.3, 256: 0.3}, {0: 0.0, 2: 0.0, 8: 0.6, 256: 0.6}
    runs = []
    for share, batch, points in ((0.5, 4, falling), (0.25, "full", kept)):
        plane = two_phases(world, rising=points)
        plane["I_TY"][:, :, :-1] = 1.0  # of no concern
        settings = {"train_fraction": share, "batch_size": batch}
        runs.append(world.run({"train_fraction": share}, measurements={"binned": plane}, **settings))
    most, least = analyse(LabelLoss(), *runs)
    lost = 0.7 - on(falling, 64)
    assert most["loss_matched"].values == pytest.approx([lost] * 4, abs=1e-3)
    assert most["loss_last"].values == pytest.approx([0.4] * 4, abs=1e-3)
    assert most["excess"].values.tolist() == [0] * 4
    assert least["loss_matched"].values == pytest.approx([0] * 4, abs=1e-3)
    assert estimate(least["excess_mean"]) == pytest.approx(-lost, abs=1e-3)
    assert most["loss_matched"].attrs["long_name"] == "loss of I(T;Y) within 256 updates"


def test_compression_is_compared_at_the_loss_that_all_reach(world, analyse):
    """Full batches end at 0.3, where SGD is on its way from 0.7 to 0.1; ReLU networks have a loss of their own."""
    learning = {0: 0.7, 2: 0.7, 64: 0.1, 256: 0.1}
    losses = {"sgd": learning, "full": {0: 0.7, 2: 0.7, 64: 0.3, 256: 0.3}, "relu": learning}
    falls = {"sgd": {0: 7.0, 8: 7.0, 128: 3.0, 256: 3.0}, "full": {0: 7.0, 8: 7.0, 64: 5.0, 256: 5.0}}
    settings = {"sgd": {"batch_size": 4}, "full": {"batch_size": "full"}}
    settings["relu"] = {"batch_size": "full", "activation": "relu"}
    runs = []
    for name, loss in losses.items():
        curves = world.curves()
        curves["train_loss"][:] = on(loss, world.epochs)
        if name == "sgd":
            curves["train_error"][2, -1] = 0.5
        plane = two_phases(world, up_and_down=falls.get(name, falls["sgd"]))
        runs.append(world.run({"batch_size": name}, measurements={"binned": plane}, curves_=curves, **settings[name]))
    sgd, full, relu = analyse(Matched(), *runs)
    at = np.expm1(np.interp(0.4, [0, 0.6], position([2, 64])))
    assert [float(found["loss"]) for found in (sgd, full, relu)] == pytest.approx([0.3, 0.3, 0.1])
    lost = 7 - on(falls["sgd"], at)
    assert sgd["epoch"].values == pytest.approx([at, at, np.nan, at], rel=0.01, nan_ok=True)
    assert sgd["compression"].values == pytest.approx([lost, lost, np.nan, lost], abs=0.01, nan_ok=True)
    assert estimate(sgd["compression_last_mean"]) == pytest.approx(4, abs=1e-3)
    assert estimate(relu["compression_mean"]) == pytest.approx(4, abs=0.01)
    assert full["difference"].values == pytest.approx([2 - lost, 2 - lost, np.nan, 2 - lost], abs=0.01, nan_ok=True)
    assert "difference" not in sgd
    assert "difference" not in relu  # it has no SGD beside it


def test_gradients_have_a_band_by_layer_and_the_ratio_at_both_ends(world, analyse):
    data = world.gradients(replicates=11)
    data["gradient_mean"] = data["gradient_mean"] * (1 + data["replicate"])
    run = world.run(measurements={"binned": world.information(replicates=11), "gradients": data})
    found = analyse(GradientSNR(), run)
    first = data["gradient_mean"].sel(replicate=0)
    for name, factor in (("10th", 2), ("median", 6), ("90th", 10)):  # of 11 values 1 to 11
        np.testing.assert_allclose(found[f"gradient_mean_{name}"], factor * first)
    assert found["snr_first"].values == pytest.approx([6 * 2] * 4)
    assert found["snr_last"].values == pytest.approx([6 * 0.01] * 4)
    assert float(found["transition_epoch"]) == world.change
    assert found["replicates_with_transition"].values.tolist() == [11] * 4


def full_batch(world):
    """Without noise there is no standard deviation, and no change."""
    data = world.gradients(change=np.nan)
    return data.assign(gradient_std=0 * data["gradient_std"], gradient_snr=np.inf * data["gradient_snr"])


def test_without_noise_there_is_no_transition_no_lag_and_captions_have_no_number(world):
    run = world.run(measurements={"gradients": full_batch(world)}, batch_size="full")
    (quoted,) = numbers(world.stored(GradientSNR().analyse([run])))["conditions"]
    assert quoted["transition_epoch"] is None
    assert quoted["snr_last"] == [None] * 4
    assert quoted["replicates_with_transition"] == [0] * 4
    (quoted,) = numbers(world.stored(Drift().analyse([run])))["conditions"]
    assert quoted["networks_with_both"] == [0] * 4
    for name in ("snr_early_mean", "snr_late_mean", "lag_mean"):
        assert quoted[name][0] == [None] * 4


def test_worlds_say_of_each_what_the_analyses_of_one_say(world, analyse):
    run = world.run()
    found = analyse(Worlds(), run)
    for analysis in (Phases(), Drift(), Forgetting()):
        for name, variable in analyse(analysis, run).data_vars.items():
            xr.testing.assert_equal(found[name], variable)
    assert found.attrs["replicates_used"] == 4


def test_one_network_has_no_interval(world, analyse):
    run = world.run(measurements={"binned": world.information(replicates=1)})
    found = analyse(Phases(), run)["compression_mean"]
    assert np.isfinite(found.sel(interval="estimate")).all()
    assert found.sel(interval=["low", "high"]).isnull().all()
