"""The captions of figures by kind: Jinja templates that quote the numbers of an analysis."""

from __future__ import annotations

from infoplane import code, plugins
from infoplane.figures import FIGURES


def known() -> dict[str, str]:
    """Those of this project's own workflow, and those that other packages bring."""
    own = {path.stem: path.read_text() for path in (code.home() / "workflow/report").glob("*.rst")}
    return {**brought(), **own}


def brought() -> dict[str, str]:
    """Those of the figures that other packages bring: `module.rst` beside the figure's module."""
    files = {kind: plugins.file(FIGURES.module(kind)) for kind in FIGURES}
    texts = {kind: file.with_suffix(".rst") for kind, file in files.items() if file}
    return {kind: text.read_text() for kind, text in texts.items() if text.is_file()}
