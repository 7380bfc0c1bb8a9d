"""The verdicts as files: results/claims.json for programs, results/claims.html for people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from infoplane import artifacts
from infoplane.claims.table import COLORS, threshold, value


def write(table: Path, ids: Mapping[str, str], folder: Path) -> None:
    """Write claims.json and claims.html to `folder` from the table's manifest.

    `ids` maps the figures' names to their version ids; the figures are expected in `folder / "figures"`.
    """
    manifest = json.loads(Path(table).read_text())
    claims = [
        {**claim, "figure_id": ids[claim["figure"]], "figure_file": f"figures/{claim['figure']}.pdf"}
        for claim in manifest["numbers"]["claims"]
    ]
    content = {"id": manifest["id"], "claims": claims}
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(files("infoplane.claims").joinpath("page.html").read_text())
    page = template.render(**content, colors=COLORS, value=value, threshold=threshold)
    artifacts.write_text(folder / "claims.json", json.dumps(content, indent=1) + "\n")
    artifacts.write_text(folder / "claims.html", page + "\n")
