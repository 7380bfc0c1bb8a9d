"""The page of the claims: every verdict with the picture that shows it, in one file that needs no other."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, NamedTuple

from jinja2 import Environment, StrictUndefined

from infoplane.verdicts import COLORS, margin, networks, threshold, value


class FigureFile(NamedTuple):
    """A figure as it is shown: its version id and its PNG."""

    id: str
    png: bytes


def page(findings: Sequence[Mapping[str, Any]], figures: Mapping[str, tuple[str, bytes]]) -> str:
    """HTML of the findings (`claims.base.finding`), with the `FigureFile` of each figure that they name.

    The pictures are part of the page, so that none can be of another version than the id beside it. A finding may
    name the version id of the `analysis` that it was decided by.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(files("infoplane.claims").joinpath("page.html").read_text())
    shown = {name: {"id": id_, "png": b64encode(png).decode()} for name, (id_, png) in figures.items()}
    words = {"value": value, "threshold": threshold, "margin": margin, "networks": networks}
    return template.render(claims=findings, figures=shown, colors=COLORS, **words) + "\n"
