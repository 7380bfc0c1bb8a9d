"""The captions of figures by kind: Jinja templates that quote the numbers of an analysis."""

from __future__ import annotations

from pathlib import Path

from infoplane import code, plugins
from infoplane.figures import FIGURES


def known() -> dict[str, str]:
    """Those of this project's own workflow, and those that other packages bring."""
    own = {path.stem: path.read_text() for path in (code.home() / "workflow/report").glob("*.rst")}
    return {**brought(), **own}


def brought() -> dict[str, str]:
    """Those of the figures that other packages bring: `module.rst` beside the figure's module."""
    texts = {kind: text for kind in FIGURES if (text := _beside(kind))}
    return {kind: text.read_text() for kind, text in texts.items() if text.is_file()}


def place(kind: str) -> str:
    """Where the caption of a figure belongs."""
    return str(_beside(kind) or f"workflow/report/{kind}.rst")


def _beside(kind: str) -> Path | None:
    file = plugins.file(FIGURES.module(kind)) if kind in [*FIGURES] else None
    return file.with_suffix(".rst") if file else None
