"""The view: the names that people open, `results/figures/NAME.pdf`, `results/claims.html`,
`results/explorer.html`, as copies of artifacts.

Nothing in it is made here, and nothing in it decides what runs: each run brings it up to date from the artifacts of its
plan. A name whose artifact is not made yet, or that is no longer in the config, leaves it, so that what is there is
never of another version. Of two runs at once, the view is that of the one that began last.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infoplane import artifacts, embed

RECORD = "view.json"
EXPLORER = "explorer.html"
LOCK = ".locks/view"


def bring_up_to_date(results: Path, view: str, wanted: Mapping[str, str]) -> None:
    """Show what exists of `wanted` (name in the view -> file of an artifact, both below `results`), and nothing else.

    `view` identifies the plan. Only files that carry a manifest of ours, or that the record names, are removed.
    """
    with artifacts.lock(results / LOCK):
        before = _record(results)["shows"]
        there = {name: file for name, file in wanted.items() if (results / file).is_file()}
        for path in (*results.glob("figures/*.*"), *results.glob("claims.*"), results / EXPLORER):
            name = path.relative_to(results).as_posix()
            if name not in there and path.is_file() and (name in before or embed.is_ours(path)):
                path.unlink()
        for name, file in there.items():
            _copy(results / file, results / name)
        _write(results, view, there)


def show(results: Path, view: str, shown: Mapping[str, str]) -> None:
    """Add what a job has just made, if the view is still that of its run."""
    with artifacts.lock(results / LOCK):
        record = _record(results)
        if record["view"] == view:
            for name, file in shown.items():
                _copy(results / file, results / name)
            _write(results, view, {**record["shows"], **shown})


def _copy(file: Path, name: Path) -> None:
    data = file.read_bytes()
    if name.is_symlink() or not name.is_file() or name.read_bytes() != data:
        name.parent.mkdir(parents=True, exist_ok=True)
        artifacts.write_bytes(name, data)


def _record(results: Path) -> dict[str, Any]:
    try:
        record = json.loads((results / RECORD).read_text())
        return {"view": str(record["view"]), "shows": dict(record["shows"])}
    except (OSError, ValueError, TypeError, KeyError):
        return {"view": "", "shows": {}}


def _write(results: Path, view: str, shows: Mapping[str, str]) -> None:
    text = json.dumps({"view": view, "shows": dict(sorted(shows.items()))}, indent=1)
    path = results / RECORD
    if not path.is_file() or path.read_text() != text:
        artifacts.write_text(path, text)
