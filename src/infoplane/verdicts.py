"""The verdict on a claim in words, signs and colours: what the claims decide, and what pages and figures show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

HOLDS, FAILS, UNDECIDED = "holds", "does not hold", "undecided"
COLORS = {HOLDS: "#0173b2", FAILS: "#de8f05", UNDECIDED: "#949494"}  # seaborn's "colorblind": blue, orange, grey
SIGNS = {"at least": "≥", "at most": "≤", "within": "within ±"}
FACTOR = "within a factor of"
NONE = "none"
TINY = 1e-3  # below, one digit says enough


def value(statistic: Mapping[str, Any]) -> str:
    """The estimate and its interval: `2.31 [2.05, 2.60] bits`; an interval that nothing bounds has ∞."""
    estimate, low, high = (statistic[part] for part in ("estimate", "low", "high"))
    if estimate is None:
        return NONE
    interval = "no interval" if low is None and high is None else f"{_number(low, '−∞')}, {_number(high, '∞')}"
    return f"{_number(estimate, '∞')} [{interval}]{_unit(statistic)}"


def threshold(statistic: Mapping[str, Any]) -> str:
    """What the claim asks for: `≥ 1 bit`, `within a factor of 3`."""
    sign = FACTOR if _is_factor(statistic) else SIGNS[statistic["side"]]
    space = "" if sign.endswith("±") else " "
    number = statistic["threshold"]
    return f"{sign}{space}{_number(number, '')}{_unit(statistic, number)}"


def margin(statistic: Mapping[str, Any]) -> str:
    """Over which thresholds the verdict stays the same: `up to 2.05 bits`, `from 0.3 to 0.9`."""
    low, high = statistic["margin"]
    if low is None and high is None:
        return "any threshold"
    if low is None:
        return f"up to {_number(high, '')}{_unit(statistic, high)}"
    if high is None:
        return f"from {_number(low, '')}{_unit(statistic, low)} on"
    return f"from {_number(low, '')} to {_number(high, '')}{_unit(statistic, high)}"


def networks(statistic: Mapping[str, Any]) -> str:
    """How many networks have a say: `n = 10`; empty where it is not of networks of one condition."""
    return "" if statistic["networks"] is None else f"n = {statistic['networks']}"


def _is_factor(statistic: Mapping[str, Any]) -> bool:
    return statistic["side"] == "within" and statistic["scale"] == "log"


def _number(value: float | None, otherwise: str) -> str:
    if value is None:
        return otherwise
    digits = 1 if abs(value) < TINY else 3
    return f"{value:.{digits}g}".replace("-", "−")


def _unit(statistic: Mapping[str, Any], number: float | None = None) -> str:
    """The unit after a number: one bit, but two bits."""
    unit = statistic["unit"]
    one = number is not None and abs(number) == 1 and unit.endswith("s")
    return f" {unit.removesuffix('s') if one else unit}" if unit else ""
