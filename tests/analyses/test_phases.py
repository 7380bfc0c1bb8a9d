"""What is told of the two phases: gains, falls, onsets and changes of formulas that have them where they should be."""

import numpy as np
import pytest
import xarray as xr

from infoplane.analyses.base import conditions
from infoplane.analyses.compression import Compression
from infoplane.analyses.drift import Drift
from infoplane.analyses.gradient_snr import GradientSNR
from infoplane.analyses.label_loss import LabelLoss
from infoplane.analyses.phases import Phases, at_epoch
from infoplane.analyses.table import numbers
from infoplane.analyses.worlds import Worlds


@pytest.fixture
def analyse(world):
    def analyse(analysis, run):
        """What the next stage reads of a single condition."""
        (found,) = conditions(world.stored(analysis.analyse([run])))
        return found

    return analyse


def estimate(value):
    return float(value.sel(interval="estimate"))


def test_values_between_snapshots_are_on_a_line_and_none_are_beyond_the_end():
    values = xr.DataArray([[0.0, 10.0, 30.0]], dims=("replicate", "epoch"), coords={"epoch": [0, 10, 20]})
    assert float(at_epoch(values, 5)[0]) == 5
    assert float(at_epoch(values, 15)[0]) == 20
    assert at_epoch(values, 20).isnull().all()
    assert at_epoch(values, 21).isnull().all()


def test_phases_are_parted_at_the_given_epoch(world, analyse):
    plane, curves = world.information(), world.curves()
    plane["I_TY"][:, :, -2] = np.interp(world.epochs, [0, 16, 256], [0.0, 0.6, 0.8])
    plane["I_TY"][0, :, -2] *= 2  # means first, then the ratio
    plane["I_XT"][:, :, -2] = np.interp(world.epochs, [0, 16, 256], [2.0, 7.0, 3.0])
    curves["test_error"][:] = np.interp(world.epochs, [0, 16, 256], [0.5, 0.1, 0.2])
    curves["test_error"][1] = np.interp(world.epochs, [0, 16, 256], [0.5, 0.2, 0.1])
    found = analyse(Phases(rise_epochs=16), world.run(measurements={"binned": plane}, curves_=curves))
    assert estimate(found["label_share"]) == pytest.approx((0.6 * 5) / (0.8 * 5))
    assert found["label_early"].values == pytest.approx([1.2, 0.6, 0.6, 0.6])
    assert found["fall"].values == pytest.approx([4] * 4)
    assert found["fall_mean"].values == pytest.approx([4] * 3)
    assert found["error_change"].values == pytest.approx([0.1] * 4)  # whether it rises or falls
    assert found["fall_mean"].attrs == {"units": "bits", "long_name": "fall of I(X;T) from epoch 16"}
    assert found["label_share"].attrs == {"units": "1", "long_name": "share of I(T;Y) by epoch 16"}


def test_training_that_ends_in_the_first_phase_has_no_second(world, analyse):
    found = analyse(Phases(rise_epochs=256), world.run())
    assert all(found[name].isnull().all() for name in ("label_share", "fall_mean", "error_change_mean"))


def test_compression_is_the_stored_one_of_the_last_hidden_layer(world, analyse):
    run = world.run()
    run.measurements["binned"]["compression"][:, -2] = [1.0, 2.0, 3.0, 6.0]
    found = analyse(Compression(), run)
    assert found["compression"].values.tolist() == [1, 2, 3, 6]
    assert estimate(found["compression_mean"]) == 3
    assert 1 < found["compression_mean"].sel(interval="low") < 3 < found["compression_mean"].sel(interval="high") < 6
    assert found.attrs["condition"]["activation"] == "tanh"


def test_the_training_error_is_that_of_networks_that_did_not_diverge(world, analyse):
    curves = world.curves()
    curves["train_error"][:, -1] = [0.0, 0.1, 0.2, 0.9]
    curves["train_error"][3, 4:] = np.nan
    assert float(analyse(Compression(), world.run(curves_=curves))["train_error"]) == pytest.approx(0.1)


def test_label_loss_is_what_the_output_layer_had_at_best(world, analyse):
    plane = world.information()
    plane["I_TY"][:, :, -1] = np.interp(world.epochs, [0, 16, 256], [0.0, 0.7, 0.6])
    plane["I_TY"][2, :, -1] = np.interp(world.epochs, [0, 256], [0.0, 0.7])
    found = analyse(LabelLoss(), world.run(measurements={"binned": plane}))
    assert found["loss"].values == pytest.approx([0.1, 0.1, 0, 0.1])
    assert estimate(found["loss_mean"]) == pytest.approx(0.075)


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


def test_without_noise_there_is_no_transition_and_captions_have_no_number(world):
    run = world.run(measurements={"gradients": full_batch(world)}, batch_size="full")
    (quoted,) = numbers(world.stored(GradientSNR().analyse([run])))["conditions"]
    assert quoted["transition_epoch"] is None
    assert quoted["snr_last"] == [None] * 4
    assert quoted["replicates_with_transition"] == [0] * 4


def test_drift_is_the_geometric_middle_of_layers_and_the_median_of_networks(world, analyse):
    data = world.gradients()
    snr = np.ones((4, len(world.epochs), 4))
    snr[:, 3] = [1.0, 2.0, 8.0, 100.0]  # the middle of 2 and 8 in the logarithm is 4
    snr[:, -1] = [1.0, 0.1, 0.1, 0.01]
    snr[3] *= 10
    data["gradient_snr"] = (("replicate", "epoch", "layer"), snr)
    found = analyse(Drift(), world.run(measurements={"gradients": data}))
    assert found["snr_highest"].values == pytest.approx([4, 4, 4, 40])
    assert estimate(found["snr_highest_median"]) == pytest.approx(4)
    assert estimate(found["snr_last_median"]) == pytest.approx(0.1)


def test_the_factor_between_change_and_onset_is_the_same_on_either_side(world, analyse):
    plane = world.information()
    plane["I_XT"][:, :, :-1] = np.interp(world.epochs, [16, 256], [9.0, 3.0])[:, None]  # 5 % is lost within an epoch
    for change in (4.0, 64.0):
        run = world.run(measurements={"binned": plane, "gradients": world.gradients(change=change)})
        found = analyse(Drift(), run)
        assert found["onset"].values.tolist() == [16] * 4
        assert found["factor"].values == pytest.approx([4] * 4)
        assert found["factor_median"].values == pytest.approx([4] * 3)


def test_a_network_with_one_event_only_is_infinitely_far_from_both(world, analyse):
    data = world.gradients(change=64.0)
    data["network_phase_change"][:3] = np.nan
    found = analyse(Drift(), world.run(measurements={"gradients": data}))
    assert found["factor"].values[:3].tolist() == [np.inf] * 3
    assert np.isfinite(found["factor"][3])
    assert estimate(found["factor_median"]) == np.inf


def test_diverged_networks_have_no_onset(world, analyse):
    plane = world.information()
    plane["I_XT"][1, 5:] = np.nan
    found = analyse(Drift(), world.run(measurements={"binned": plane}))
    assert np.isfinite(found["onset"]).sel(replicate=[0, 2, 3]).all()
    assert found["onset"].sel(replicate=1).isnull()
    assert found.attrs["replicates_used"] == 3


def test_worlds_say_of_each_what_the_claims_of_one_say(world, analyse):
    run = world.run()
    found = analyse(Worlds(rise_epochs=30), run)
    for name, analysis in (("label_share", Phases(rise_epochs=30)), ("compression_mean", Compression())):
        xr.testing.assert_equal(found[name], analyse(analysis, run)[name])
    assert found["snr_last"].values == pytest.approx([0.01] * 4)
    assert found["snr_last_median"].values == pytest.approx([0.01] * 3)
