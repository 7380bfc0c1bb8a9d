"""From an analysis to the files of a figure: drawn, its numbers as a table, its caption with the numbers in it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib.figure
from jinja2 import StrictUndefined, Template
from matplotlib import style

from infoplane import stores
from infoplane.analyses.table import numbers
from infoplane.figures import FIGURES
from infoplane.figures.verdicts import Verdicts

DPI = 300


def render(parameters: Mapping[str, Any], inputs: Mapping[str, Sequence[Path]], caption: str) -> dict[str, bytes]:
    """The files `<name>.pdf`, `.png`, `.csv`, `.rst` (the caption) and, of a film, `.gif`.

    `parameters` are those of the figure's recipe, `inputs` the folder of its analysis or verdict, `caption` a Jinja
    template that can quote the analysis' numbers.
    """
    settings = {key: value for key, value in parameters.items() if key not in ("name", "caption")}
    with style.context("default"):  # whatever the user's matplotlibrc says
        return _files(parameters["name"], settings, inputs, caption)


def _files(
    name: str, settings: Mapping[str, Any], inputs: Mapping[str, Sequence[Path]], caption: str
) -> dict[str, bytes]:
    if "verdict" in inputs:
        findings = json.loads((inputs["verdict"][0] / "claims.json").read_text())["claims"]
        drawing, table, quoted = Verdicts(**settings).draw(findings), _table(findings), {"claims": findings}
    else:
        folder = inputs["analysis"][0]
        analysis = stores.open_tree(folder / "analysis.zarr.zip").load()
        drawing = FIGURES[settings["kind"]].restored(settings).draw(analysis)
        table, quoted = (folder / "analysis.csv").read_bytes(), numbers(analysis)
    files = saved(drawing.figure) | ({"gif": drawing.animation} if drawing.animation is not None else {})
    text = Template(caption, undefined=StrictUndefined).render(quoted) + "\n"
    return {f"{name}.{suffix}": data for suffix, data in {**files, "csv": table, "rst": text.encode()}.items()}


def saved(figure: matplotlib.figure.Figure) -> dict[str, bytes]:
    """The figure as PDF and PNG (300 dpi), without times or versions in them: the same drawing, the same bytes."""
    files = {}
    for suffix, metadata in (("pdf", {"CreationDate": None}), ("png", {"Software": None})):
        stream = io.BytesIO()
        figure.savefig(stream, format=suffix, dpi=DPI, metadata=metadata)
        files[suffix] = stream.getvalue()
    return files


def _table(findings: Sequence[Mapping[str, Any]]) -> bytes:
    """A row per statistic of the claims."""
    rows = [
        {"claim": finding["name"], "number": finding["number"], "verdict_of_claim": finding["verdict"], **statistic}
        for finding in findings
        for statistic in finding["statistics"]
    ]
    stream = io.StringIO()
    writer = csv.DictWriter(stream, dict.fromkeys(key for row in rows for key in row), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue().encode()
