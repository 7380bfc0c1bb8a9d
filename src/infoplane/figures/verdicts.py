"""The verdict on every claim, as a figure: what is said, the part that is worst for it, whether it holds."""

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
WRAP, WRAP_PART = 40, 27  # letters of a statement, and of a part
# where columns begin or end
NUMBER, STATEMENT, PART, COUNT, VALUE, LIMIT, VERDICT = 0.02, 0.025, 0.31, 0.545, 0.765, 0.78, 0.905


class Verdicts(Picture):
    """A row per claim, a line for each of its parts."""

    reads: ClassVar[str] = "verdict"
    group: ClassVar[str] = "Claims"

    kind: Literal["claims"] = "claims"

    def draw(self, findings: Sequence[Mapping[str, Any]]) -> Drawing:
        """The table of the findings, each as plain values."""
        texts = [textwrap.wrap(f"{f['statement']} [{f['source']}]", WRAP) for f in findings]
        parts = [[textwrap.wrap(part["name"], WRAP_PART) or [""] for part in f["parts"]] for f in findings]
        heights = [max(len(t), sum(map(len, p))) + GAP for t, p in zip(texts, parts, strict=True)]
        tops = np.cumsum([1.2, *heights])
        with panels(height=LINE * (tops[-1] + 0.5), width=DOUBLE) as (figure, (axes,)):
            axes.set(xlim=(0, 1), ylim=(tops[-1], -0.5))
            axes.axis("off")
            _head(axes)
            for top, finding, text, names in zip(tops, findings, texts, parts, strict=False):
                _claim(axes, top, finding, text, names)
        return Drawing(figure)


def _head(axes: Axes) -> None:
    for x, text, side in (
        (STATEMENT, "claim", "left"),
        (PART, "part", "left"),
        (COUNT, "hold", "right"),
        (VALUE, "worst, 95 % interval", "right"),
        (LIMIT, "asked for", "left"),
        (VERDICT, "verdict", "left"),
    ):
        axes.text(x, 0, text, ha=side, va="center", size=6.5, weight="bold")


def _claim(
    axes: Axes, top: float, finding: Mapping[str, Any], text: Sequence[str], names: Sequence[Sequence[str]]
) -> None:
    axes.axhline(top - 0.5 - GAP / 2, color="0.85", linewidth=0.5)
    axes.text(NUMBER, top, finding["number"], ha="right", va="center", size=6, weight="bold")
    for extra, words in enumerate(text):
        axes.text(STATEMENT, top + extra, words, va="center", size=6)
    line = top
    for part, name in zip(finding["parts"], names, strict=True):
        worst = finding["statistics"][part["worst"]]
        for extra, words in enumerate(name):
            axes.text(PART, line + extra, words, va="center", size=6)
        axes.text(COUNT, line, f"{part['holding']} of {part['of']}", ha="right", va="center", size=6)
        axes.text(VALUE, line, value(worst), ha="right", va="center", size=6)
        axes.text(LIMIT, line, threshold(worst).replace("within a factor of", "factor ≤"), va="center", size=6)
        axes.plot(LIMIT - 0.008, line, "o", color=COLORS[part["verdict"]], markersize=2.5)
        line += len(name)
    axes.plot(VERDICT + 0.005, top, "s", color=COLORS[finding["verdict"]], markersize=5)
    axes.text(VERDICT + 0.02, top, finding["verdict"], va="center", size=6, weight="bold")
