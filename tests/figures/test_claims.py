"""Claims: the verdict follows from the intervals and thresholds, and turns with the data."""

import json
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg

from infoplane.claims import CLAIMS
from infoplane.claims.base import FAILS, HOLDS, UNDECIDED, Statistic, findings, verdict
from infoplane.claims.paper import depth_correlation
from infoplane.claims.table import Claims
from infoplane.figures.replicate_spread import distance_from_others

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


def check(kind, runs, **keys):
    claim = CLAIMS[kind](kind=kind, experiment="main", figure="f", **keys)
    return claim.statistics(runs)


def plane_run(world, run=None, curves=None, **information):
    return world.run(run or {}, measurements={"binned": world.information(**information)}, curves_=curves)


@pytest.mark.parametrize("kind", ["no_regularization", "two_phases"])
def test_compression_decides(world, kind):
    keys = {} if kind == "no_regularization" else {"rise_epochs": 30, "rise_share": 0.5, "error_change": 0.9}
    assert verdict(check(kind, [plane_run(world, compression=12.0)], **keys)) == HOLDS
    assert verdict(check(kind, [plane_run(world, compression=0.0)], **keys)) == FAILS


def test_regularised_networks_say_nothing_of_unregularised_ones(world):
    assert check("no_regularization", [world.run(l2=0.1)]) == []
    assert check("no_regularization", [world.run(dropout=0.5)]) == []


def test_similar_paths_is_the_distance_over_the_length(world):
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


def test_the_interval_of_the_distance_is_that_of_networks_not_of_pairs(world):
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
def test_half_of_a_comparison_decides_nothing(world, kind, runs):
    assert check(kind, [world.run(**run) for run in runs]) == []


def test_training_that_ends_in_the_first_phase_decides_nothing(world):
    last = int(world.epochs[-1])
    for kind in ("two_phases", "other_worlds"):
        for epochs in (last, last + 1):
            assert verdict(check(kind, [plane_run(world, compression=12.0)], rise_epochs=epochs)) == UNDECIDED


def test_label_information_must_be_lost_with_little_data_only(world):
    losing = world.information()
    losing["I_TY"][:, -1] -= 0.3
    losing = {"binned": losing}
    little, much = world.run(measurements=losing, train_fraction=0.05), world.run(train_fraction=0.85)
    assert verdict(check("small_data", [little, much])) == HOLDS
    little, much = world.run(train_fraction=0.05), world.run(measurements=losing, train_fraction=0.85)
    assert verdict(check("small_data", [little, much])) == FAILS


def test_drift_must_end_where_compression_begins(world):
    *snr, apart = check("drift_diffusion", [world.run()])
    assert {s.verdict for s in snr} == {HOLDS}
    late = {"gradients": world.gradients(change=250.0)}
    *_, moved = check("drift_diffusion", [world.run(measurements=late)])
    ratio = moved.estimate * world.change / 250  # of the first change and the onset
    assert apart.estimate == pytest.approx(max(ratio, 1 / ratio))


def test_networks_that_never_change_phase_or_never_compress_do_not_coincide(world):
    never = {"gradients": world.gradients(change=np.nan)}
    flat = {"binned": world.information(compression=0.0)}
    for missing in (never, flat, never | flat):
        *_, apart = check("drift_diffusion", [world.run(measurements=missing)])
        assert (apart.estimate, apart.verdict) == (np.inf, FAILS)


def test_correlated_weights_are_not_random(world):
    (statistic,) = check("random_weights", [world.run()])
    assert statistic.estimate == pytest.approx(0.95 / 0.3)
    assert statistic.verdict == FAILS


@given(st.permutations(range(12)))
@settings(deadline=None)
def test_rank_correlation_of_depth_and_epochs(order):
    depths = xr.DataArray([1.0, 2, 3], dims="condition")
    epochs = xr.DataArray(np.array(order, float).reshape(3, 4), dims=("condition", "replicate"))
    # Spearman's is Pearson's of the ranks, which these values are
    expected = np.corrcoef(order, np.repeat(depths, 4))[0, 1]
    assert float(depth_correlation(epochs, depths)) == pytest.approx(expected)


def test_depth_helps_when_deeper_networks_are_faster(world):
    runs = []
    for layers, start in ((4, 16.0), (5, 8.0), (6, 4.0)):
        plane = world.information(layers=layers, compression=20.0)
        curves = world.curves()
        curves["test_error"][:] = np.where(world.epochs < start, 0.5, 0.0)
        runs.append(world.run(measurements={"binned": plane}, curves_=curves))
    to_error, _ = check("depth_helps", runs)
    assert to_error.estimate == pytest.approx(-1, abs=1e-9)
    assert to_error.verdict == HOLDS


def test_excess_over_the_layer_before_breaks_data_processing(world):
    broken = world.information()
    broken["I_XT"][:, :, 2] = broken["I_XT"][:, :, 1] + 0.6
    kept, violated = (
        check("data_processing", [world.run(measurements={"binned": plane})])[0]
        for plane in (world.information(), broken)
    )
    assert (kept.verdict, violated.verdict) == (HOLDS, FAILS)
    assert violated.estimate == pytest.approx(0.6 / 3, rel=0.02)  # replicates wobble


def test_a_condition_that_experiments_share_counts_once(world):
    runs = [world.run(), world.run(), world.run(batch_size="full")]
    claim = CLAIMS["no_regularization"](experiment=["main", "batch"], figure="f")
    (finding,) = findings({"c": claim}, [replace(runs[0], experiment="batch"), *runs[1:]])
    assert len(finding["statistics"]) == 2
    assert finding["experiments"] == ["main", "batch"]


@pytest.mark.parametrize(("tanh", "relu", "expected"), [(12.0, 0.0, HOLDS), (0.0, 0.0, FAILS), (12.0, 12.0, FAILS)])
def test_nonlinearity(world, tanh, relu, expected):
    runs = [
        world.run(measurements={"binned": world.information(compression=bits)}, activation=name)
        for name, bits in (("tanh", tanh), ("relu", relu))
    ]
    assert verdict(check("nonlinearity", runs)) == expected


def test_estimators_that_disagree(world):
    seen = {"binned": 12.0, "adaptive": 6.0, "kde": 0.0}
    run = world.run(measurements={name: world.information(compression=bits) for name, bits in seen.items()})
    assert verdict(check("estimator_dependence", [run], compare=("binned", "kde"))) == HOLDS
    assert verdict(check("estimator_dependence", [run], compare=("binned", "adaptive"))) == FAILS  # both see it
    assert verdict(check("estimator_dependence", [run], compare=("kde", "kde"))) == FAILS


def test_only_full_batch_networks_that_have_learned_count(world):
    learned, not_learned = (world.curves().assign(train_error=0 * world.curves()["train_error"] + e) for e in (0, 0.2))
    runs = [world.run(curves_=c, batch_size=size) for c in (learned, not_learned) for size in (64, "full")]
    assert len(check("full_batch", runs)) == 1
    assert check("full_batch", runs[2:]) == []


@pytest.mark.parametrize("kind", CLAIMS)
def test_every_claim_is_numbered_and_described(kind):
    section = CLAIMS[kind]
    assert section.model_fields["kind"].default == kind
    assert all(field.description for name, field in section.model_fields.items() if name != "kind")
    assert section.number in range(1, 15)
    assert section.statement.endswith(".")


def test_the_table_has_a_row_for_each_claim_and_nothing_overlaps(world):
    kinds = [kind for kind in CLAIMS if kind != "depth_helps"]
    claims = {kind: CLAIMS[kind](kind=kind, experiment="main", figure="f") for kind in kinds}
    table = Claims(claims=claims)
    assert Claims(**table.model_dump(mode="json")) == table  # as it travels to its job
    run = world.run({"dataset": "committee"}, batch_size="full")
    drawing = table.draw([run])
    assert [c["number"] for c in drawing.numbers["claims"]] == sorted(CLAIMS[kind].number for kind in kinds)
    assert drawing.numbers["claims"] == findings(claims, [run])
    renderer = FigureCanvasAgg(drawing.figure).get_renderer()
    boxes = [text.get_window_extent(renderer) for text in drawing.figure.axes[0].texts if text.get_text()]
    page = drawing.figure.bbox
    assert all(page.x0 <= box.x0 and box.x1 <= page.x1 for box in boxes)
    for i, a in enumerate(boxes):
        for b in boxes[i + 1 :]:
            assert min(a.x1, b.x1) - max(a.x0, b.x0) < 1 or min(a.y1, b.y1) - max(a.y0, b.y0) < 1.5
