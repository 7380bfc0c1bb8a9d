"""Claims on networks of which nothing is estimated, and how each turns."""

import numpy as np
import pytest

from infoplane.verdicts import FAILS, HOLDS


def parts(found):
    return {part["name"]: part["verdict"] for part in found["parts"]}


def students(world, end, i_xt=(2, 6, 6), **varied):
    """Linear students whose error above the noise falls to 0.1, and then rises to `end`."""
    data, time = world.gaussian(), np.log1p(world.epochs)
    data["excess_error"][:] = np.interp(time, np.log1p([0, 16, 256]), [1, 0.1, end])
    data["excess_error"] += 0.01 * np.arange(4)[:, None]
    data["I_XT"][:] = np.interp(time, np.log1p([0, 16, 256]), i_xt)[None, :, None]
    return world.run(varied, measurements={"gaussian": data})


def test_students_that_generalise_and_overtrain_without_compression(world, check):
    found = check("linear_students", [students(world, 0.1, seed=1), students(world, 2.0, seed=2)])
    assert parts(found) == {"generalises": HOLDS, "over-trains": HOLDS, "neither compresses": HOLDS}


@pytest.mark.parametrize(
    ("ends", "i_xt", "broken"),
    [
        ((0.5, 2.0), (2, 6, 6), "generalises"),
        ((0.1, 0.1), (2, 6, 6), "over-trains"),
        ((0.1, 2), (2, 6, 4), "neither compresses"),
    ],
)
def test_what_turns_each_part(world, check, ends, i_xt, broken):
    runs = [students(world, end, i_xt, seed=number) for number, end in enumerate(ends)]
    assert [part for part, verdict in parts(check("linear_students", runs)).items() if verdict == FAILS] == [broken]


def nuisance(world, i_nt, i_st):
    """Fitting ends about epoch 16; I(N;T) and I(S;T) at the epochs 0, 16 and 256."""
    data, time = world.gaussian(), np.log1p(world.epochs)
    curves = {"I_NT": (i_nt, [0, 16, 256]), "I_ST": (i_st, [0, 16, 256]), "I_TY": ([0, 1, 1], [0, 16, 256])}
    for name, (values, epochs) in curves.items():
        curve = np.interp(time, np.log1p(epochs), values) + 0.001 * np.arange(4)[:, None]
        data[name] = data["I_XT"].copy(data=np.broadcast_to(curve[..., None], data["I_XT"].shape))
    data["I_XT_given_S"] = data["I_NT"]
    data["I_XT"] = (data["I_ST"] + data["I_NT"]).assign_attrs(data["I_ST"].attrs)
    curves = world.curves()
    curves["train_error"][:, -1] = 0
    return world.run(measurements={"gaussian": data}, curves_=curves)


def test_irrelevant_inputs_that_go_while_fitting(world, check):
    found = check("irrelevant_inputs", [nuisance(world, [2, 1, 1], [1, 3, 3])], estimator="gaussian")
    assert set(parts(found).values()) == {HOLDS}


@pytest.mark.parametrize(
    ("i_nt", "i_st", "broken"),
    [
        ([2, 2, 2], [1, 3, 3], "irrelevant inputs go while fitting"),
        ([3, 2, 1], [1, 3, 3], "and not after"),
        ([2, 1, 1], [3, 1, 1], "relevant inputs come"),
    ],
)
def test_what_turns_each_part_of_the_irrelevant(world, check, i_nt, i_st, broken):
    found = check("irrelevant_inputs", [nuisance(world, i_nt, i_st)], estimator="gaussian")
    assert [part for part, verdict in parts(found).items() if verdict == FAILS] == [broken]


def test_without_a_nuisance_nothing_is_said(world, check):
    assert check("irrelevant_inputs", [world.run()], estimator="binned")["statistics"] == []


@pytest.mark.parametrize(("compression", "verdict"), [(6.0, HOLDS), (0.0, FAILS)])
def test_networks_that_are_counted(world, check, compression, verdict):
    counted, seen = world.information(compression=compression), world.information(compression=6.0 - compression)
    curves = world.curves()
    curves["train_error"][:, -1] = 0
    run = world.run(measurements={"exact": counted, "binned": seen}, curves_=curves)
    found = check("exact_networks", [run], compare=["exact", "binned"])
    assert found["verdict"] == verdict
    assert [s["control"] for s in found["statistics"]] == [False, True]  # what others see has no say
