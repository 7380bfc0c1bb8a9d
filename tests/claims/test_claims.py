"""Claims: the verdict follows from the intervals and thresholds, and turns with the data."""

import json

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from infoplane.analyses.base import result
from infoplane.analyses.spread import distance_from_others
from infoplane.claims import CLAIMS
from infoplane.claims.base import Statistic, at_least, at_most, finding, verdict
from infoplane.statistics import interval, mean
from infoplane.verdicts import FAILS, HOLDS, UNDECIDED

numbers = st.floats(-100, 100)


@given(low=numbers, width=st.floats(0, 10), threshold=numbers)
def test_an_interval_decides_only_when_the_threshold_is_outside_it(low, width, threshold):
    inside = low < threshold < low + width
    kinds = [Statistic("s", "", low, low, low + width, side, threshold).verdict for side in ("at least", "at most")]
    assert (kinds == [UNDECIDED, UNDECIDED]) == inside
    if not inside and low + width != threshold != low:
        assert set(kinds) == {HOLDS, FAILS}


@pytest.mark.parametrize(
    ("parts", "whole"),
    [([HOLDS], HOLDS), ([HOLDS, UNDECIDED], UNDECIDED), ([HOLDS, UNDECIDED, FAILS], FAILS), ([], UNDECIDED)],
)
def test_a_claim_holds_if_all_its_statistics_do(parts, whole):
    interval = {HOLDS: (2, 3), FAILS: (-3, -2), UNDECIDED: (-1, 1)}
    assert verdict([Statistic("s", "", 0, *interval[part], "at least", 0) for part in parts]) == whole


def test_an_interval_that_cannot_be_had_is_undecided():
    nothing = Statistic("s", "", 1.0, np.nan, np.nan, "at least", 0)
    assert nothing.verdict == UNDECIDED
    assert json.loads(json.dumps(nothing.to_json()))["low"] is None


def test_a_statistic_is_named_after_its_number_and_its_condition(world):
    values = xr.DataArray([1.0, 3.0], dims="replicate")
    data = xr.Dataset({name: interval(mean, values, units=name, long_name="height") for name in ("bits", "1")})
    condition = result([world.run({"seed": 7, "batch_size": "full"})], [data])["condition_1"].to_dataset()
    kept = at_least(1, condition["bits"], condition)
    assert (kept.name, kept.unit, kept.side) == ("height, seed 7, batch size full", "bits", "at least")
    assert (kept.estimate, kept.low, kept.high, kept.threshold) == (2, 1, 3, 1)
    alone = at_most(1, condition["1"])
    assert (alone.name, alone.unit, alone.side) == ("height", "", "at most")


def plane_run(world, curves=None, **information):
    return world.run(measurements={"binned": world.information(**information)}, curves_=curves)


@pytest.mark.parametrize("kind", ["no_regularization", "two_phases"])
def test_compression_decides(world, check, kind):
    keys = {} if kind == "no_regularization" else {"rise_epochs": 30, "rise_share": 0.5, "error_change": 0.9}
    assert verdict(check(kind, [plane_run(world, compression=12.0)], **keys)) == HOLDS
    assert verdict(check(kind, [plane_run(world, compression=0.0)], **keys)) == FAILS


def test_regularised_networks_say_nothing_of_unregularised_ones(world, check):
    assert check("no_regularization", [world.run(l2=0.1)]) == []
    assert check("no_regularization", [world.run(dropout=0.5)]) == []
    assert len(check("no_regularization", [world.run(), world.run(l2=0.1)])) == 1


def test_similar_paths_is_the_distance_over_the_length(world, check):
    (statistic,) = check("similar_paths", [plane_run(world)])
    plane = world.information()
    mean = plane.mean("replicate")
    length = sum(
        np.hypot(a, b)
        for layer in range(4)
        for a, b in zip(np.diff(mean.I_XT[:, layer]), np.diff(mean.I_TY[:, layer]), strict=True)
    )
    apart = distance_from_others(plane[["I_XT", "I_TY"]]).mean(["epoch", "replicate"]).sum()
    assert statistic.estimate == pytest.approx(float(apart / length))


def test_the_interval_of_the_distance_is_that_of_networks_not_of_pairs(world, check):
    """For points on a line, the 95 % interval over many ensembles is as wide as the one found within each."""
    draws = np.random.default_rng(0).normal(size=(60, 20))
    base = world.information(replicates=20)
    found = []
    for draw in draws:
        plane = base.copy(deep=True)
        plane["I_XT"][:] = base["I_XT"].mean("replicate") + 0.1 * xr.DataArray(draw, dims="replicate")
        plane["I_TY"][:] = base["I_TY"].mean("replicate")
        (statistic,) = check("similar_paths", [world.run(measurements={"binned": plane})])
        found.append((statistic.estimate, statistic.high - statistic.low))
    estimates, widths = np.array(found).T
    assert np.mean(widths) == pytest.approx(2 * 1.96 * estimates.std(), rel=0.35)


@pytest.mark.parametrize(
    ("kind", "runs"), [("small_data", [{}, {}]), ("nonlinearity", [{"activation": "tanh"}, {"activation": "softsign"}])]
)
def test_half_of_a_comparison_decides_nothing(world, check, kind, runs):
    assert check(kind, [world.run(**run) for run in runs]) == []


def test_training_that_ends_in_the_first_phase_decides_nothing(world, check):
    last = int(world.epochs[-1])
    for kind in ("two_phases", "other_worlds"):
        for epochs in (last, last + 1):
            assert verdict(check(kind, [plane_run(world, compression=12.0)], rise_epochs=epochs)) == UNDECIDED


def test_label_information_must_be_lost_with_little_data_only(world, check):
    losing = world.information()
    losing["I_TY"][:, -1] -= 0.3
    losing = {"binned": losing}
    little, much = world.run(measurements=losing, train_fraction=0.05), world.run(train_fraction=0.85)
    assert verdict(check("small_data", [little, much])) == HOLDS
    little, much = world.run(train_fraction=0.05), world.run(measurements=losing, train_fraction=0.85)
    assert verdict(check("small_data", [little, much])) == FAILS


def test_drift_must_end_where_compression_begins(world, check):
    *snr, apart = check("drift_diffusion", [world.run()])
    assert {s.verdict for s in snr} == {HOLDS}
    late = {"gradients": world.gradients(change=250.0)}
    *_, moved = check("drift_diffusion", [world.run(measurements=late)])
    ratio = moved.estimate * world.change / 250  # of the first change and the onset
    assert apart.estimate == pytest.approx(max(ratio, 1 / ratio))


def test_networks_that_never_change_phase_or_never_compress_do_not_coincide(world, check):
    never = {"gradients": world.gradients(change=np.nan)}
    flat = {"binned": world.information(compression=0.0)}
    for missing in (never, flat, never | flat):
        *_, apart = check("drift_diffusion", [world.run(measurements=missing)])
        assert (apart.estimate, apart.verdict) == (np.inf, FAILS)


def test_correlated_weights_are_not_random(world, check):
    (statistic,) = check("random_weights", [world.run()])
    assert statistic.estimate == pytest.approx(0.95 / 0.3)
    assert statistic.verdict == FAILS
    (statistic,) = check("random_weights", [world.run()], ratio=4)
    assert statistic.verdict == HOLDS


def test_depth_helps_when_deeper_networks_are_faster(world, check):
    runs = []
    for layers, start in ((4, 16.0), (5, 8.0), (6, 4.0)):
        plane = world.information(layers=layers, compression=20.0)
        curves = world.curves()
        curves["test_error"][:] = np.where(world.epochs < start, 0.5, 0.0)
        runs.append(world.run(measurements={"binned": plane}, curves_=curves))
    to_error, to_compression = check("depth_helps", runs)
    assert to_error.estimate == pytest.approx(-1, abs=1e-9)
    assert to_error.verdict == HOLDS
    assert to_error.name == "rank correlation of layers, epochs to error 0.1"
    assert to_compression.name == "rank correlation of layers, epochs to 1.5 bits"


def test_layers_below_the_bound_are_not_near_it(world, check):
    plane = world.information()
    plane["I_XT"][:] = 2.0  # where the bound is at 1
    plane["I_TY"][:, -1] = [1.0, 0.9, 0.8, 0.7]
    (statistic,) = check("near_bound", [world.run(measurements={"binned": plane})])
    assert (statistic.estimate, statistic.unit, statistic.verdict) == (pytest.approx(0.15), "bits", FAILS)
    (statistic,) = check("near_bound", [world.run(measurements={"binned": plane})], bits=0.2)
    assert statistic.verdict == HOLDS


def test_excess_over_the_layer_before_breaks_data_processing(world, check):
    broken = world.information()
    broken["I_XT"][:, :, 2] = broken["I_XT"][:, :, 1] + 0.6
    kept, violated = (
        check("data_processing", [world.run(measurements={"binned": plane})])[0]
        for plane in (world.information(), broken)
    )
    assert (kept.verdict, violated.verdict) == (HOLDS, FAILS)
    assert violated.estimate == pytest.approx(0.6 / 3, rel=0.02)  # replicates wobble


@pytest.mark.parametrize(("tanh", "relu", "expected"), [(12.0, 0.0, HOLDS), (0.0, 0.0, FAILS), (12.0, 12.0, FAILS)])
def test_nonlinearity(world, check, tanh, relu, expected):
    runs = [
        world.run(measurements={"binned": world.information(compression=bits)}, activation=name)
        for name, bits in (("tanh", tanh), ("relu", relu))
    ]
    assert verdict(check("nonlinearity", runs)) == expected


def test_a_link_is_a_rank_correlation_on_either_side(world, check):
    networks = 40
    plane, curves = world.information(replicates=networks), world.curves(replicates=networks)
    run = world.run(measurements={"binned": plane}, curves_=curves)
    run.measurements["binned"]["compression"][:, -2] = np.arange(networks)
    for gap, expected in (
        (np.arange(networks), FAILS),
        (-np.arange(networks), FAILS),
        (np.arange(networks) % 2, HOLDS),
    ):
        curves["test_error"][:, -1] = curves["train_error"][:, -1] + gap / networks
        below, above = check("no_link", [run], correlation=0.5)
        assert verdict([below, above]) == expected
        assert (below.side, below.threshold, above.side, above.threshold) == ("at most", 0.5, "at least", -0.5)


def test_estimators_that_disagree(world, check):
    seen = {"binned": 12.0, "adaptive": 6.0, "kde": 0.0}
    run = world.run(measurements={name: world.information(compression=bits) for name, bits in seen.items()})
    assert verdict(check("estimator_dependence", [run], compare=("binned", "kde"))) == HOLDS
    assert verdict(check("estimator_dependence", [run], compare=("binned", "adaptive"))) == FAILS  # both see it
    assert verdict(check("estimator_dependence", [run], compare=("kde", "kde"))) == FAILS


def test_only_full_batch_networks_that_have_learned_count(world, check):
    learned, not_learned = (world.curves().assign(train_error=0 * world.curves()["train_error"] + e) for e in (0, 0.2))
    runs = [world.run(curves_=c, batch_size=size) for c in (learned, not_learned) for size in (64, "full")]
    assert len(check("full_batch", runs)) == 1
    assert check("full_batch", runs[2:]) == []


def test_another_world_fits_compresses_and_diffuses(world, check):
    keys = {"rise_epochs": 30, "rise_share": 0.5}
    assert verdict(check("other_worlds", [plane_run(world, compression=12.0)], **keys)) == HOLDS
    flat = {"binned": world.information(compression=0.0)}
    drifting = {"gradients": world.gradients(change=np.nan)}
    for missing, failing in ((flat, "compression"), (drifting, "last SNR")):
        found = check("other_worlds", [world.run(measurements={"binned": world.information()} | missing)], **keys)
        assert [s.name for s in found if s.verdict == FAILS] == [failing]


def test_one_network_decides_nothing(world, check):
    """An interval over replicates needs two of them."""
    run = world.run(measurements={"binned": world.information(replicates=1)}, batch_size="full", curves_=None)
    for kind in set(CLAIMS) - {"small_data", "nonlinearity"}:
        keys = {"learned": 1} if kind == "full_batch" else {}
        assert {s.verdict for s in check(kind, [run], **keys)} == {UNDECIDED}, kind


@pytest.mark.parametrize("kind", CLAIMS)
def test_a_threshold_is_no_key_of_the_analysis(kind):
    """So that another threshold re-runs the verdict, and nothing before it."""
    claim = CLAIMS[kind](kind=kind, figure="f")
    thresholds = {"bits", "share", "small", "snr", "factor", "ratio", "correlation", "learned", "error_change"}
    thresholds |= {"rise_share", "fall_bits"}
    assert not thresholds & set(claim.analysis().resolved())
    assert claim.analysis().experiments() == (claim.experiment,)


@pytest.mark.parametrize("kind", CLAIMS)
def test_every_claim_is_numbered_and_described(kind):
    section = CLAIMS[kind]
    assert section.model_fields["kind"].default == kind
    assert all(field.description for name, field in section.model_fields.items() if name != "kind")
    assert section.number in range(1, 15)
    assert section.statement.endswith(".")


def test_a_finding_is_plain_and_says_what_was_read(world):
    claim = CLAIMS["estimator_dependence"](experiment=["main", "batch"], compare=["binned", "kde"], figure="f")
    seen = {"binned": world.information(), "kde": world.information(compression=0)}
    found = finding("c", claim, world.stored(claim.analysis().analyse([world.run(measurements=seen)])))
    assert json.loads(json.dumps(found)) == found
    assert (found["name"], found["number"], found["figure"]) == ("c", 13, "f")
    assert (found["experiments"], found["estimators"]) == (["main", "batch"], ["binned", "kde"])
    assert found["verdict"] == HOLDS
    assert [s["name"] for s in found["statistics"]] == [
        "highest estimator's compression",
        "lowest estimator's compression",
    ]
