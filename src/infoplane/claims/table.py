"""The verdict on every claim, as a figure: what is said, what was measured, whether it holds."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from pydantic import BeforeValidator, Field, SerializeAsAny

from infoplane.claims import CLAIMS
from infoplane.claims.base import FAILS, HOLDS, UNDECIDED, Claim, findings
from infoplane.figures.base import Drawing, Figure, Run
from infoplane.figures.style import DOUBLE, panels

_BLUE, _ORANGE = sns.color_palette("colorblind").as_hex()[:2]
COLORS = {HOLDS: _BLUE, FAILS: _ORANGE, UNDECIDED: "#949494"}
SIGNS = {"at least": "≥", "at most": "≤"}
LINE = 0.13  # inches
GAP = 0.7  # of a line, between claims
WRAP = 47  # letters of a statement
# where columns begin or end
NUMBER, STATEMENT, STATISTIC, VALUE, LIMIT, VERDICT = 0.02, 0.025, 0.335, 0.765, 0.8, 0.885


def _of_kinds(claims: Mapping[str, Any]) -> dict[str, Any]:
    return {n: c if isinstance(c, Claim) else CLAIMS[c["kind"]](**c) for n, c in claims.items()}


class Claims(Figure):
    """A row per claim; `claims` are those of the config."""

    group: ClassVar[str] = "Claims"
    reads_curves: ClassVar[bool] = True
    keeps_shared: ClassVar[bool] = True

    kind: Literal["claims"] = "claims"
    experiment: Literal[""] = Field("", description="None: each claim names its own.")
    claims: Annotated[dict[str, SerializeAsAny[Claim]], BeforeValidator(_of_kinds)] = Field(description="The claims.")

    def reads(self) -> Mapping[str, tuple[str, ...]]:
        """What the claims need, by experiment."""
        names: dict[str, dict[str, None]] = {}
        for claim in self.claims.values():
            for experiment in claim.experiments():
                needed = names.setdefault(experiment, {})
                needed |= dict.fromkeys((*claim.estimators(), *claim.measures))
        return {experiment: tuple(needed) for experiment, needed in names.items()}

    def modules(self) -> tuple[str, ...]:
        """Its own and those of its claims."""
        return (*super().modules(), *sorted({type(claim).__module__ for claim in self.claims.values()}))

    def draw(self, runs: Sequence[Run]) -> Drawing:
        """The table."""
        found = findings(self.claims, runs)
        texts = [textwrap.wrap(f"{f['statement']} [{f['source']}]", WRAP) for f in found]
        heights = [max(len(t), len(f["statistics"])) + GAP for t, f in zip(texts, found, strict=True)]
        tops = np.cumsum([1.2, *heights])
        with panels(height=LINE * (tops[-1] + 0.5), width=DOUBLE) as (figure, (axes,)):
            axes.set(xlim=(0, 1), ylim=(tops[-1], -0.5))
            axes.axis("off")
            _head(axes)
            for top, finding, text in zip(tops, found, texts, strict=False):
                _claim(axes, top, finding, text)
        return Drawing(figure, {"claims": found, "conditions": []})


def _head(axes: Axes) -> None:
    for x, text, side in (
        (STATEMENT, "claim", "left"),
        (STATISTIC, "statistic", "left"),
        (VALUE, "mean and 95 % interval", "right"),
        (LIMIT, "threshold", "left"),
        (VERDICT, "verdict", "left"),
    ):
        axes.text(x, 0, text, ha=side, va="center", size=7, weight="bold")


def _claim(axes: Axes, top: float, finding: Mapping[str, Any], text: Sequence[str]) -> None:
    axes.axhline(top - 0.5 - GAP / 2, color="0.85", linewidth=0.5)
    axes.text(NUMBER, top, finding["number"], ha="right", va="center", size=6, weight="bold")
    for line, part in enumerate(text):
        axes.text(STATEMENT, top + line, part, va="center", size=6)
    for line, statistic in enumerate(finding["statistics"]):
        axes.text(STATISTIC, top + line, statistic["name"], va="center", size=6)
        axes.text(VALUE, top + line, value(statistic), ha="right", va="center", size=6)
        axes.text(LIMIT, top + line, threshold(statistic), va="center", size=6)
        axes.plot(LIMIT - 0.02, top + line, "o", color=COLORS[statistic["verdict"]], markersize=2.5)
    axes.plot(VERDICT + 0.005, top, "s", color=COLORS[finding["verdict"]], markersize=5)
    axes.text(VERDICT + 0.02, top, finding["verdict"], va="center", size=6, weight="bold")


def value(statistic: Mapping[str, Any]) -> str:
    """The estimate and its interval: `2.31 [2.05, 2.60] bits`."""
    parts = ["∞ or none" if statistic[k] is None else f"{statistic[k]:.3g}" for k in ("estimate", "low", "high")]
    if set(parts) == {"∞ or none"}:
        return parts[0]
    return f"{parts[0]} [{parts[1]}, {parts[2]}] {statistic['unit']}".strip()


def threshold(statistic: Mapping[str, Any]) -> str:
    """What the claim asks for: `≥ 1 bits`."""
    return f"{SIGNS[statistic['side']]} {statistic['threshold']:.3g} {statistic['unit']}".strip()
