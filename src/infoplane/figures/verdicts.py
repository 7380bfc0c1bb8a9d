"""The verdict on every claim, as a figure: what is said, what was measured, whether it holds."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

import numpy as np
from matplotlib.axes import Axes

from infoplane.figures.base import Drawing, Picture
from infoplane.figures.style import DOUBLE, panels
from infoplane.verdicts import COLORS, threshold, value

LINE = 0.13  # inches
GAP = 0.7  # of a line, between claims
WRAP = 47  # letters of a statement
# where columns begin or end
NUMBER, STATEMENT, STATISTIC, VALUE, LIMIT, VERDICT = 0.02, 0.025, 0.335, 0.765, 0.8, 0.885


class Verdicts(Picture):
    """A row per claim."""

    reads: ClassVar[str] = "verdict"
    group: ClassVar[str] = "Claims"

    kind: Literal["claims"] = "claims"

    def draw(self, findings: Sequence[Mapping[str, Any]]) -> Drawing:
        """The table of the findings, each as plain values."""
        texts = [textwrap.wrap(f"{f['statement']} [{f['source']}]", WRAP) for f in findings]
        heights = [max(len(t), len(f["statistics"])) + GAP for t, f in zip(texts, findings, strict=True)]
        tops = np.cumsum([1.2, *heights])
        with panels(height=LINE * (tops[-1] + 0.5), width=DOUBLE) as (figure, (axes,)):
            axes.set(xlim=(0, 1), ylim=(tops[-1], -0.5))
            axes.axis("off")
            _head(axes)
            for top, finding, text in zip(tops, findings, texts, strict=False):
                _claim(axes, top, finding, text)
        return Drawing(figure)


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
