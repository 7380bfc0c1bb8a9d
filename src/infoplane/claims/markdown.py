"""The verdicts as a Markdown table, with the commit and the machine that they are of."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from infoplane.verdicts import threshold, value

BEGIN, END = "<!-- verdicts -->", "<!-- /verdicts -->"


def table(findings: Sequence[Mapping[str, Any]], environment: Mapping[str, Any], version: str) -> str:
    """A row per claim: its verdict, and of each part how many of its statistics hold, and the worst for it."""
    rows = ["| | claim | verdict | parts, and the worst statistic of each |", "|---|---|---|---|"]
    for found in findings:
        parts = "<br>".join(_part(part, found["statistics"][part["worst"]]) for part in found["parts"])
        statement = f"{found['statement']} [{found['source']}]"
        rows.append(" | ".join(["", str(found["number"]), _cell(statement), found["verdict"], parts or "", ""]).strip())
    commit = (environment.get("git_commit") or "unknown")[:7] + (", edited" if environment.get("git_dirty") else "")
    machine = environment.get("processor") or environment.get("platform") or "unknown"
    return "\n".join([*rows, "", f"Verdicts {version}, commit {commit}, on {machine}."]) + "\n"


def _part(part: Mapping[str, Any], worst: Mapping[str, Any]) -> str:
    name = f"{part['name']}: " if part["name"] else ""
    return _cell(f"{name}{part['holding']} of {part['of']}, {value(worst)} {threshold(worst)}")


def _cell(text: str) -> str:
    return text.replace("|", r"\|").replace("<", "&lt;")


def insert(page: str, text: str) -> str:
    """The page with the text in place of what is between the marks `BEGIN` and `END`. ValueError where they are not."""
    marked = re.compile(f"{re.escape(BEGIN)}\n.*?{re.escape(END)}", re.DOTALL)
    if not marked.search(page):
        raise ValueError(f"found no place for the verdicts; allowed: a page with the lines {BEGIN} and {END}")
    return marked.sub(lambda _: f"{BEGIN}\n{text}{END}", page, count=1)
