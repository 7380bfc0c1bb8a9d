"""The statistics as LaTeX macros, so that a paper quotes them by name, with the version they are of."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from infoplane.verdicts import value


def macros(findings: Sequence[Mapping[str, Any]], version: str) -> str:
    r"""`\infoplane{NAME}{KEY}` for every claim: `verdict`, and `1`, `2`, ... for its statistics in their order.

    The version id of the verdicts is `\infoplaneVersion`; an unknown name is an error of LaTeX's, not an empty place.
    """
    lines = [
        "% Made by infoplane: \\input{claims}, then \\infoplane{two_phases}{verdict}, \\infoplane{two_phases}{1}.",
        rf"\newcommand{{\infoplaneVersion}}{{{version}}}",
        r"\makeatletter",
        r"\newcommand{\infoplane}[2]{\@ifundefined{infoplane@#1@#2}%",
        r"  {\PackageError{infoplane}{no statistic #2 of the claim #1}{}}{\@nameuse{infoplane@#1@#2}}}",
    ]
    for found in findings:
        lines.append(f"% {found['number']}. {_text(found['statement'])}")
        lines.append(_define(found["name"], "verdict", found["verdict"]))
        for number, statistic in enumerate(found["statistics"], 1):
            lines.append(_define(found["name"], str(number), value(statistic)) + f" % {_text(statistic['name'])}")
    return "\n".join([*lines, r"\makeatother"]) + "\n"


def _define(claim: str, key: str, text: str) -> str:
    return rf"\@namedef{{infoplane@{claim}@{key}}}{{{_text(text)}}}"


def _text(text: str) -> str:
    """Text as LaTeX prints it, on one line."""
    escaped = re.sub(r"([#$%&_{}])", r"\\\1", text.replace("\\", "/")).replace("~", r"\textasciitilde{}")
    for sign, command in (
        ("−", "$-$"),
        ("∞", r"$\infty$"),
        ("≤", r"$\le$"),
        ("≥", r"$\ge$"),
        ("^", r"\^{}"),
        ("β", r"$\beta$"),
    ):
        escaped = escaped.replace(sign, command)
    return " ".join(escaped.split())
