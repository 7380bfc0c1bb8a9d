"""The verdict on a claim in words, signs and colours: what the claims decide, and what pages and figures show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

HOLDS, FAILS, UNDECIDED = "holds", "does not hold", "undecided"
COLORS = {HOLDS: "#0173b2", FAILS: "#de8f05", UNDECIDED: "#949494"}  # seaborn's "colorblind": blue, orange, grey
SIGNS = {"at least": "≥", "at most": "≤"}


def value(statistic: Mapping[str, Any]) -> str:
    """The estimate and its interval: `2.31 [2.05, 2.60] bits`."""
    parts = ["∞ or none" if statistic[k] is None else f"{statistic[k]:.3g}" for k in ("estimate", "low", "high")]
    if set(parts) == {"∞ or none"}:
        return parts[0]
    return f"{parts[0]} [{parts[1]}, {parts[2]}] {statistic['unit']}".strip()


def threshold(statistic: Mapping[str, Any]) -> str:
    """What the claim asks for: `≥ 1 bits`."""
    return f"{SIGNS[statistic['side']]} {statistic['threshold']:.3g} {statistic['unit']}".strip()
