"""Claims: what each asks of networks made by formulas, part by part, and how it turns with them."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from infoplane.claims import CLAIMS
from infoplane.verdicts import FAILS, HOLDS, UNDECIDED

EPOCHS = np.unique(np.concatenate([[0], np.geomspace(1, 3000, 40).round()])).astype(int)


def parts(found):
    return {part["name"]: part["verdict"] for part in found["parts"]}


def steps(*places):
    """A curve (epoch) that goes from value to value between pairs of epoch and value, smooth in log(epoch)."""
    x, y = np.log1p([epoch for epoch, _ in places]), [height for _, height in places]
    return np.interp(np.log1p(EPOCHS), x, y)


@pytest.fixture
def ensemble(world):
    """Runs of six networks of three hidden layers on EPOCHS, a little apart, by curves (epoch) of the last hidden layer."""

    def ensemble(varied=None, i_xt=None, i_ty=None, i_st=None, error=None, loss=None, gradients=None, **condition):
        rng = np.random.default_rng(0)
        shape = (6, len(EPOCHS), 4)

        def spread(curve, scale):
            return np.broadcast_to(np.asarray(curve)[None, :, None], shape) + scale * rng.normal(size=(6, 1, 1))

        i_xt = steps((0, 4), (20, 6), (100, 6), (1000, 1), (3000, 1)) if i_xt is None else i_xt
        i_ty = steps((0, 0), (20, 1), (3000, 1)) if i_ty is None else i_ty
        i_st = np.asarray(i_xt) / 2 if i_st is None else i_st
        plane = world.layered(4, I_XT=np.zeros((6, 10, 4)))  # for its coordinates
        dims = ("replicate", "epoch", "layer")
        coords = {"replicate": np.arange(6), "epoch": EPOCHS, "layer": plane["layer"].values}
        wobble = {name: 0.03 * scale for name, scale in (("I_XT", 1), ("I_TY", 0.1), ("I_ST", 1))}
        values = {name: spread(c, wobble[name]) for name, c in (("I_XT", i_xt), ("I_TY", i_ty), ("I_ST", i_st))}
        values["I_XT_given_S"] = values["I_XT"] - values["I_ST"]
        data = {name: (dims, value, {"units": "bits", "long_name": name}) for name, value in values.items()}
        curve = {
            "train_loss": steps((0, 0.7), (20, 0.1), (3000, 0.01)),
            "test_loss": steps((0, 0.7), (20, 0.1), (3000, 0.1)) if loss is None else loss,
            "train_error": steps((0, 0.5), (20, 0.01), (3000, 0.0)),
            "test_error": steps((0, 0.5), (20, 0.02), (3000, 0.02)) if error is None else error,
        }
        history = {name: (("replicate", "epoch"), c + 1e-3 * abs(rng.normal(size=(6, 1)))) for name, c in curve.items()}
        axes = {name: coords[name] for name in ("replicate", "epoch")}
        snr = steps((0, 5), (60, 5), (300, 0.05), (3000, 0.05)) if gradients is None else gradients
        noisy = spread(snr, 0) * np.exp(0.05 * rng.normal(size=(6, 1, 1)))
        change = np.full((6, 4), 130.0) * np.exp(0.05 * rng.normal(size=(6, 1)))
        gradient = xr.Dataset({"gradient_snr": (dims, noisy), "phase_change": (("replicate", "layer"), change)}, coords)
        since = EPOCHS[[np.argmax(epoch <= EPOCHS) for epoch in (2, 900)]]
        power = np.array([2.0, 1.0]) + 0.01 * rng.normal(size=(6, 1, 1, 1))
        way = np.maximum(EPOCHS[:, None, None] - since, 0.0) ** power * np.ones((4, 1))
        weights = xr.Dataset({"displacement": ((*dims, "since"), way)}, {**coords, "since": since})
        measured = {"binned": xr.Dataset(data, coords), "gradients": gradient, "weights": weights}
        curves_ = xr.Dataset(history, axes)
        return world.run(varied, measurements=measured, curves_=curves_, **{"epochs": 3000} | condition)

    return ensemble


def test_two_phases(ensemble, check):
    found = check("two_phases", [ensemble()])
    assert found["verdict"] == HOLDS
    assert set(parts(found)) == {
        "I(X;T) falls", "fitting comes first", "compression comes after", "the error hardly changes",
    }  # fmt: skip
    layers = [s["name"] for s in found["statistics"] if s["part"] == "fitting comes first"]
    assert [name.split(", ")[1] for name in layers] == ["T1", "T2", "T3", "output"]


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("I(X;T) falls", {"i_xt": steps((0, 4), (20, 6), (3000, 6))}),
        ("fitting comes first", {"i_ty": steps((0, 0), (3000, 1))}),
        ("compression comes after", {"i_ty": steps((0, 0), (900, 1), (3000, 1))}),
        ("the error hardly changes", {"error": steps((0, 0.5), (100, 0.2), (1000, 0.02), (3000, 0.02))}),
    ],
)
def test_each_part_of_the_two_phases_can_fail(ensemble, check, part, change):
    found = check("two_phases", [ensemble(**change)])
    assert parts(found)[part] == FAILS
    assert found["verdict"] == FAILS


def test_networks_that_have_not_learned_have_no_say(ensemble, check):
    run = ensemble()
    run.curves["train_error"][:] = 0.4
    for kind in ("two_phases", "no_regularization", "forgets", "no_overfitting"):
        assert check(kind, [run])["verdict"] == UNDECIDED, kind


def test_regularised_networks_are_controls(ensemble, check):
    flat = {"i_xt": steps((0, 4), (20, 6), (3000, 6))}
    found = check("no_regularization", [ensemble(), ensemble({"l2": 0.1}, l2=0.1, **flat)])
    assert found["verdict"] == HOLDS
    assert [s["control"] for s in found["statistics"]] == [False, True]
    assert check("no_regularization", [ensemble(**flat), ensemble({"l2": 0.1}, l2=0.1)])["verdict"] == FAILS
    assert check("no_regularization", [ensemble(l2=0.1)])["statistics"] == []


def test_forgetting_is_asked_of_either_part_in_either_phase(ensemble, check):
    kept = steps((0, 2), (20, 3), (3000, 3))
    late = {"i_xt": kept + steps((0, 3), (100, 3), (1000, 0.5), (3000, 0.5)), "i_st": kept}
    assert set(parts(check("forgets", [ensemble(**late)])).values()) == {HOLDS}
    early = {"i_xt": kept + steps((0, 3), (10, 0.5), (3000, 0.5)), "i_st": kept}
    assert parts(check("forgets", [ensemble(**early)]))["and not while fitting"] == FAILS
    losing = {"i_xt": late["i_xt"] - steps((0, 0), (100, 0), (1000, 1), (3000, 1)),
              "i_st": kept - steps((0, 0), (100, 0), (1000, 1), (3000, 1))}  # fmt: skip
    assert parts(check("forgets", [ensemble(**losing)]))["the relevant class is kept"] == FAILS


def test_overfitting_is_a_rise_of_the_loss_or_of_the_error(ensemble, check):
    assert check("no_overfitting", [ensemble()])["verdict"] == HOLDS
    surer = check("no_overfitting", [ensemble(loss=steps((0, 0.7), (100, 0.1), (3000, 0.3)))])
    assert parts(surer) == {"the error does not rise": HOLDS, "nor the loss": FAILS}


def test_other_worlds_have_a_verdict_each_and_controls_none(ensemble, check):
    flat = {"i_xt": steps((0, 4), (20, 6), (3000, 6))}
    kinds = {"committee": {}, "digits": flat, "parity": flat}
    runs = [
        replace(run, condition=run.condition.model_copy(update={"dataset": name}))
        for name, run in ((name, ensemble({"dataset": name}, **curves)) for name, curves in kinds.items())
    ]
    found = check("other_worlds", runs)
    verdict = parts(found)
    assert not any("parity" in part for part in verdict)
    assert {v for part, v in verdict.items() if "committee" in part} == {HOLDS}
    assert verdict["dataset digits: compression"] == FAILS


def test_similar_paths_are_nearer_within_than_between(ensemble, check):
    apart = [ensemble({"seed": 0}), ensemble({"seed": 1}, i_xt=steps((0, 9), (20, 11), (3000, 11)))]
    assert check("similar_paths", apart)["verdict"] == HOLDS
    alike = [ensemble({"seed": 0}), ensemble({"seed": 1})]
    assert check("similar_paths", alike)["verdict"] != HOLDS
    assert check("similar_paths", apart[:1])["statistics"] == []


def test_label_information_must_be_lost_with_little_data_only(ensemble, check):
    losing = {"i_ty": steps((0, 0), (20, 0.9), (1000, 0.5), (3000, 0.5))}
    little, much = {"train_fraction": 0.05}, {"train_fraction": 0.85}
    assert check("small_data", [ensemble(little, **little, **losing), ensemble(much, **much)])["verdict"] == HOLDS
    assert check("small_data", [ensemble(little, **little), ensemble(much, **much, **losing)])["verdict"] == FAILS
    assert check("small_data", [ensemble(little, **little, **losing)])["statistics"] == []


def test_drift_must_end_where_compression_begins(ensemble, check):
    assert set(parts(check("drift_diffusion", [ensemble()])).values()) == {HOLDS}
    late = ensemble()
    late.measurements["gradients"]["phase_change"][:] *= 10
    assert parts(check("drift_diffusion", [late]))["the change is the onset"] == FAILS
    straight = ensemble()
    straight.measurements["weights"]["displacement"][:] **= 2
    assert parts(check("drift_diffusion", [straight]))["weights diffuse at the end"] == FAILS
    drifting = parts(check("drift_diffusion", [ensemble(gradients=np.full(len(EPOCHS), 5.0))]))
    assert drifting["drift first"] == HOLDS
    assert drifting["diffusion at the end"] == FAILS


def test_correlated_weights_are_not_random(world, check):
    data = world.weights()
    data["correlation_rms"] = data["correlation_rms"] * (1 + 0.01 * data["replicate"])
    found = check("random_weights", [world.run(measurements={"weights": data})])
    cosines = ("as random directions", "as the initial weights")
    assert {parts(found)[part] for part in cosines} == {FAILS}
    rms = data["correlation_rms_random"] * xr.ones_like(data["correlation_rms"]) * (1 + 0.01 * data["replicate"])
    found = check("random_weights", [world.run(measurements={"weights": data.assign(correlation_rms=rms)})])
    assert {parts(found)[part] for part in cosines} == {HOLDS}


def eight(world, units):
    measured = {"units": units, "binned": world.information(replicates=8)}
    return world.run(measurements=measured, curves_=world.curves(replicates=8))


def test_networks_differ_as_at_first_and_agree_and_a_neuron_tells_little(world, check):
    """The made-up ones are nearly alike at the end, and err on a few inputs; a neuron tells a half."""
    whole, neuron = ("networks as far apart as at first", "networks agree"), "a neuron tells little"
    units = world.units(replicates=8)
    rng = np.random.default_rng(0)
    units["signature"][:, -1] += 0.01 * rng.normal(size=(8, 7, 32))
    units["prediction"][2, :, 20] = 1
    found = parts(check("random_weights", [eight(world, units)], neuron=0.6))
    assert [found[part] for part in (*whole, neuron)] == [FAILS, HOLDS, HOLDS]
    units["signature"][:, -1] = units["signature"][:, 0].values + 0.01 * rng.normal(size=(8, 7, 32))
    units["prediction"][:] = rng.integers(2, size=(8, 1, 32))
    found = parts(check("random_weights", [eight(world, units)], neuron=0.4))
    assert [found[part] for part in whole] == [HOLDS, FAILS]
    assert found[neuron] == FAILS


def deeper(world, starts):
    """Runs by hidden layers, whose networks reach the errors at these epochs."""
    runs = []
    for layers, start in starts.items():
        curves = world.curves()
        curves["test_error"][:] = np.where(world.epochs < start, 0.5, 0.0)
        plane = world.information(layers=layers + 1, compression=20.0)
        runs.append(world.run(measurements={"binned": plane}, curves_=curves, experiment="depth"))
    return runs


def test_depth_helps_when_deeper_networks_are_faster(world, check):
    keys = {"experiment": ["depth", "other"]}
    faster = check("depth_helps", deeper(world, {1: 128.0, 2: 64.0, 3: 16.0, 4: 4.0}), **keys)
    of_error = [s["verdict"] for s in faster["statistics"] if "error" in s["name"]]
    assert set(of_error) == {HOLDS}
    same = check("depth_helps", deeper(world, {1: 16.0, 2: 16.0, 3: 64.0, 4: 128.0}), **keys)
    of_error = [s["verdict"] for s in same["statistics"] if "error" in s["name"]]
    assert set(of_error) == {FAILS}


def test_layers_that_know_more_than_they_need_are_not_near_the_bound(world, check):
    plane = world.information()
    plane["I_TY"][:, -1] = 0.9  # which needs one bit
    plane["I_XT"][:, -1] = [1.6, 1.2, 1.1, 1.0]
    plane["I_XT"][:, 0] = 9.0
    plane["I_XT"][:] += 0.01 * np.arange(4)[:, None, None]
    found = check("near_bound", [world.run(measurements={"binned": plane})])
    near = [s["verdict"] for s in found["statistics"] if s["part"] == "near the bound"]
    assert near == [FAILS, HOLDS, HOLDS, HOLDS]
    assert parts(found)["nearer than untrained"] == HOLDS


def test_the_worst_pair_decides_data_processing(world, check):
    kept = world.information()
    for name in ("I_XT", "I_TY"):
        kept[name][:] = 1 - 0.1 * np.arange(4) - 0.01 * np.arange(4)[:, None, None]
    assert check("data_processing", [world.run(measurements={"binned": kept})])["verdict"] == HOLDS
    broken = kept.copy(deep=True)
    broken["I_XT"][:, :, 3] = broken["I_XT"][:, :, 1] + 0.6
    found = check("data_processing", [world.run(measurements={"binned": broken})])
    assert parts(found) == {"I(X;T)": FAILS, "I(T;Y)": HOLDS}


def seen(ensemble, varied, bits, **condition):
    """A run that estimators see compress by these bits."""
    runs = [ensemble(varied, i_xt=steps((0, 4), (20, 6), (100, 6), (3000, 6 - b)), **condition) for b in bits.values()]
    measured = {name: run.measurements["binned"] for name, run in zip(bits, runs, strict=True)}
    runs[0].measurements.update(
        {name: world_.assign(saturated=world_["I_XT"] > 99) for name, world_ in measured.items()}
    )
    return runs[0]


def test_nonlinearity_decides_where_it_has_most_of_the_variance(ensemble, check):
    def grid(tanh, relu):
        return [
            seen(ensemble, {"activation": name}, bits, activation=name)
            for name, bits in (("tanh", tanh), ("relu", relu))
        ]

    keys = {"compare": ["binned", "exact"]}
    holding = check("nonlinearity", grid({"binned": 4, "exact": 4}, {"binned": 0, "exact": 0}), **keys)
    assert holding["verdict"] == HOLDS
    by_estimator = check("nonlinearity", grid({"binned": 4, "exact": 0}, {"binned": 4, "exact": 0}), **keys)
    assert parts(by_estimator) == {"saturating ones compress": HOLDS, "others do not": FAILS, "predominantly": FAILS}
    assert (
        check("nonlinearity", grid({"binned": 4, "exact": 4}, {"binned": 0, "exact": 0})[:1], **keys)["statistics"]
        == []
    )


def test_the_estimator_decides_where_one_sees_compression_and_another_none(ensemble, check):
    keys = {"compare": ["binned", "exact"]}
    turns = check("estimator_dependence", [seen(ensemble, {}, {"binned": 4, "exact": 0})], **keys)
    assert turns["verdict"] == HOLDS
    agree = check("estimator_dependence", [seen(ensemble, {}, {"binned": 4, "exact": 3})], **keys)
    assert agree["verdict"] == FAILS


def test_no_link_needs_both_kinds_of_networks_and_no_correlation_within(ensemble, check):
    flat = ensemble({"activation": "relu"}, i_xt=steps((0, 4), (20, 6), (3000, 6)))
    bad = ensemble({"train_fraction": 0.05}, error=steps((0, 0.5), (20, 0.2), (3000, 0.2)))
    found = check("no_link", [flat, bad])
    assert parts(found)["without compression, generalises"] == HOLDS
    assert parts(found)["compresses, does not generalise"] == HOLDS
    assert check("no_link", [flat])["statistics"] == []


def test_full_batch_compresses_as_much_as_sgd_at_the_same_loss(ensemble, check):
    def pair(**full):
        return [ensemble({"batch_size": 64}), ensemble({"batch_size": "full"}, batch_size="full", **full)]

    assert check("full_batch", pair())["verdict"] == HOLDS
    less = steps((0, 4), (20, 6), (100, 6), (1000, 4), (3000, 4))
    assert parts(check("full_batch", pair(i_xt=less)))["as SGD does"] == FAILS
    assert check("full_batch", pair()[:1])["statistics"] == []


def test_one_network_decides_nothing(world, check):
    """An interval over networks needs two of them."""
    run = world.run(measurements={"binned": world.information(replicates=1)}, batch_size="full")
    for kind in set(CLAIMS) - {"depth_helps"}:
        assert check(kind, [run])["verdict"] == UNDECIDED, kind


@pytest.mark.parametrize("kind", CLAIMS)
def test_a_threshold_is_no_key_of_the_analysis(kind):
    """So that another threshold re-runs the verdict, and nothing before it."""
    claim = CLAIMS[kind](kind=kind, figure="f")
    read = {"experiment", "estimator", "bound", "compare", "learned", "least", "errors", "compression", "kind"}
    assert set(claim.analysis().resolved()) <= read
    assert claim.analysis().experiments() == (claim.experiment,)


@pytest.mark.parametrize("kind", CLAIMS)
def test_every_claim_is_numbered_and_described(kind):
    section = CLAIMS[kind]
    assert section.model_fields["kind"].default == kind
    assert all(field.description for name, field in section.model_fields.items() if name != "kind")
    assert all(text.endswith((".", "?")) for text in (section.statement, section.test))


def test_claims_are_numbered_from_one_on():
    assert sorted(CLAIMS[kind].number for kind in CLAIMS) == list(range(1, len(CLAIMS) + 1))


def test_a_finding_is_plain_and_says_what_was_read(ensemble, check):
    found = check("two_phases", [ensemble()])
    assert json.loads(json.dumps(found)) == found
    assert (found["name"], found["number"], found["figure"]) == ("two_phases", 1, "f")
    assert (found["experiments"], found["estimators"]) == (["main"], ["binned"])
    for part in found["parts"]:
        assert found["statistics"][part["worst"]]["part"] == part["name"]


@pytest.mark.parametrize("kind", CLAIMS)
def test_every_claim_has_its_reasons_in_the_docs(kind):
    text = Path(__file__, "../../../docs/claims.md").resolve().read_text()
    assert f"## {CLAIMS[kind].number}. " in text
    assert f"(`{kind}`)" in text
