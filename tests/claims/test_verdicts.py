"""How verdicts follow from intervals and thresholds: sides, equivalence, Holm's correction, margins, parts, words."""

import json

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_1samp

from infoplane.analyses.base import result
from infoplane.claims.base import Of, Statistic, combined, holm, statistic, verdicts
from infoplane.statistics import mean_interval
from infoplane.verdicts import FAILS, HOLDS, UNDECIDED, margin, threshold, value

numbers = st.floats(-100, 100)


def made(low, high, side="at least", limit=0.0, scale="linear", error=None, **more):
    """A statistic in the middle of an interval, of many networks."""
    middle = np.sqrt(low * high) if scale == "log" else (low + high) / 2
    width = np.log(high / low) if scale == "log" else high - low
    error = width / (2 * 1.96) if error is None else error
    return Statistic("s", "", middle, low, high, error, np.inf, scale, side, limit, **more)


def of_values(values, side, limit, scale="linear"):
    found = mean_interval(xr.DataArray(values, dims="replicate"), "bits", "height", scale)
    return statistic(side, limit, found)


@given(low=numbers, width=st.floats(0.01, 10), limit=numbers)
def test_an_interval_decides_only_when_the_threshold_is_outside_it(low, width, limit):
    inside = low < limit < low + width
    above, below = (verdicts([made(low, low + width, side, limit)])[0] for side in ("at least", "at most"))
    assert ([above, below] == [UNDECIDED, UNDECIDED]) == inside
    if not inside and low + width != limit != low:
        assert {above, below} == {HOLDS, FAILS}


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(-0.2, 0.1, HOLDS), (-0.2, 0.4, UNDECIDED), (-0.9, 0.1, UNDECIDED), (0.4, 0.6, FAILS), (-0.6, -0.4, FAILS)],
)
def test_equal_is_a_test_of_equivalence(low, high, verdict):
    assert verdicts([made(low, high, "within", 0.3)]) == [verdict]
    factor = made(np.exp(low), np.exp(high), "within", np.exp(0.3), "log")
    assert verdicts([factor]) == [verdict]


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_the_p_value_is_that_of_the_t_test(scale):
    values = np.random.default_rng(0).lognormal(size=12)
    to = np.log if scale == "log" else (lambda x: x)
    for side, alternative in (("at least", "less"), ("at most", "greater")):
        expected = ttest_1samp(to(values), to(1.3), alternative=alternative).pvalue
        assert of_values(values, side, 1.3, scale).p == pytest.approx(expected)


def test_the_correction_is_holms():
    np.testing.assert_allclose(holm([0.01, np.nan, 0.04, 0.03, 0.005]), [0.03, np.nan, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(holm([0.9, 0.8]), [1, 1])


def test_of_many_statistics_one_that_fails_by_chance_does_not_fail():
    barely = made(-2.0, -0.01)  # p = 0.024
    assert verdicts([barely]) == [FAILS]
    fine = [made(1, 2)] * 4
    assert verdicts([barely, *fine])[0] == UNDECIDED
    clearly = made(-2.0, -1.0)
    assert verdicts([clearly, *fine])[0] == FAILS


def test_controls_are_no_part_of_the_correction_and_decide_nothing():
    barely, control = made(-2.0, -0.01), made(-9.0, -8.0, control=True)
    assert verdicts([barely, control, control]) == [FAILS, FAILS, FAILS]


def test_holm_rejects_as_often_as_it_says():
    """Eight statistics of ten networks, all at their thresholds: some fails in at most 2.5 % of 300 claims, or so."""
    draws = np.random.default_rng(0).normal(size=(300, 8, 10))
    failed = sum(FAILS in verdicts([of_values(values, "at least", 0.0) for values in claim]) for claim in draws)
    assert failed / 300 < 0.025 + 3 * 0.009


@pytest.mark.parametrize(
    ("parts", "whole"),
    [([HOLDS], HOLDS), ([HOLDS, UNDECIDED], UNDECIDED), ([HOLDS, UNDECIDED, FAILS], FAILS), ([], UNDECIDED)],
)
def test_a_claim_holds_if_all_its_parts_do(parts, whole):
    assert combined(parts) == whole


@given(low=st.floats(0.1, 5), width=st.floats(0.1, 5), side=st.sampled_from(["at least", "at most", "within"]))
def test_within_its_margin_a_threshold_does_not_change_the_verdict(low, width, side):
    for limit in (0.05, 0.3, 1.0, 3.0, 20.0):
        (verdict,) = verdicts([made(low, low + width, side, limit)])
        lowest, highest = made(low, low + width, side, limit).margin(verdict)
        assert lowest <= limit <= highest
        inside = np.clip([lowest + 1e-6, highest - 1e-6], 1e-3, 1e3)
        assert all(verdicts([made(low, low + width, side, other)]) == [verdict] for other in inside if other > 0)


def test_an_interval_that_cannot_be_had_is_undecided():
    nothing = Statistic("s", "bits", 1.0, np.nan, np.nan, np.nan, 0, "linear", "at least", 0)
    assert verdicts([nothing]) == [UNDECIDED]
    shown = json.loads(json.dumps(nothing.to_json(UNDECIDED)))
    assert shown["low"] is None
    assert value(shown) == "1 [no interval] bits"


def test_a_statistic_is_named_after_its_number_its_layer_and_its_condition(world):
    values = xr.DataArray([[1.0, 5.0], [3.0, 7.0]], dims=("replicate", "layer"), coords={"layer": [1, 2]})
    data = xr.Dataset({"height": mean_interval(values, "bits", "height")})
    run = world.run({"seed": 7, "batch_size": "full"})
    condition = result([run], [data.assign_attrs(replicates_used=2)])["condition_1"].to_dataset()
    kept = Of(condition, "part", also="T2").at_least(1, "height", layer=2)
    assert (kept.name, kept.unit, kept.side) == ("height, T2, main, seed 7, batch size full", "bits", "at least")
    assert (kept.estimate, kept.threshold, kept.part, kept.networks) == (6, 1, "part", 2)


SHOWN = {"estimate": 2.314, "low": 2.05, "high": 2.6, "unit": "bits", "scale": "linear", "side": "at least"}


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ({}, "2.31 [2.05, 2.6] bits"),
        ({"unit": "", "low": -2.0}, "2.31 [−2, 2.6]"),
        ({"high": None}, "2.31 [2.05, ∞] bits"),
        ({"estimate": None, "low": None, "high": None}, "none"),
    ],
)
def test_a_number_is_shown_with_its_interval_and_unit(numbers, text):
    assert value(SHOWN | numbers) == text


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ({"threshold": 1.5}, "≥ 1.5 bits"),
        ({"threshold": 1.0}, "≥ 1 bit"),
        ({"threshold": 0.3, "side": "at most", "unit": ""}, "≤ 0.3"),
        ({"threshold": 0.3, "side": "within"}, "within ±0.3 bits"),
        ({"threshold": 3.0, "side": "within", "scale": "log", "unit": ""}, "within a factor of 3"),
    ],
)
def test_a_threshold_is_shown_with_its_side(keys, text):
    assert threshold(SHOWN | keys) == text


@pytest.mark.parametrize(
    ("ends", "text"),
    [
        ([None, 2.05], "up to 2.05 bits"),
        ([2.6, None], "from 2.6 bits on"),
        ([2.05, 2.6], "from 2.05 to 2.6 bits"),
        ([None, None], "any threshold"),
    ],
)
def test_a_margin_is_shown_as_a_range(ends, text):
    assert margin(SHOWN | {"margin": ends}) == text
