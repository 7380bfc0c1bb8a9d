"""What a deposit says of itself: title, authors, licence, what it is based on; for a crate, and for Zenodo."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from infoplane import code

CITATION, LICENCE = "CITATION.cff", "LICENSE"
ORCID = "https://orcid.org/"
PLACE = re.compile(r"([^<>]+?)(?: *<(https?://[^<>\s]+)>)?")


@dataclass(frozen=True)
class Author:
    """Who ran the workflow, and where they work; all but the name may be empty. `orcid` is a URL too."""

    name: str
    orcid: str = ""
    affiliation: str = ""
    affiliation_url: str = ""


def author(name: str | None, orcid: str | None, affiliation: str | None) -> Author:
    """The author of a deposit: as given, else as git knows the user.

    Raises:
        ValueError: nobody is named, or the ORCID is none.
    """
    name = name or git_setting("user.name")
    if not name:
        raise ValueError("nobody is named as author; --author NAME, or `git config user.name NAME`")
    digits = (orcid or "").removeprefix(ORCID)
    if digits and not _is_orcid(digits):
        raise ValueError(f"--orcid {orcid}: not an ORCID, e.g. 0000-0002-1825-0097")
    place = PLACE.fullmatch(affiliation or "")
    if affiliation and not place:
        raise ValueError(f"--affiliation {affiliation}: a name is needed, or NAME <https://...>")
    return Author(name, f"{ORCID}{digits}" if digits else "", *(place.groups("") if place else ()))


def _is_orcid(text: str) -> bool:
    """Four groups of four digits, the last of which is a check (ISO 7064, mod 11-2) and may be X."""
    digits = text.replace("-", "")
    if [len(part) for part in text.split("-")] != [4] * 4 or not digits[:-1].isascii() or not digits[:-1].isdigit():
        return False
    total = 0
    for digit in digits[:-1]:
        total = (total + int(digit)) * 2
    return digits[-1] == "0123456789X"[(12 - total % 11) % 11]


def git_setting(key: str) -> str:
    """What git's config says; empty if nothing."""
    try:
        done = subprocess.run(["git", "config", key], capture_output=True, text=True, check=False, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


@cache
def citation() -> dict[str, Any]:
    """CITATION.cff of the project."""
    return yaml.safe_load((code.home() / CITATION).read_text())


def references() -> list[tuple[str, str]]:
    """Title and URL of the papers that CITATION.cff names; the URL is empty where it gives no identifier."""
    found = []
    for reference in citation()["references"]:
        identifier = str(reference.get("notes", ""))
        url = f"https://arxiv.org/abs/{identifier.removeprefix('arXiv ')}" if identifier.startswith("arXiv ") else ""
        found.append((reference["title"], url))
    return found


def zenodo(title: str, description: str, by: Author, licence: str) -> dict[str, Mapping[str, Any]]:
    """The metadata that Zenodo's API takes for a deposit (`POST /api/deposit/depositions`)."""
    told = {"name": by.name, "orcid": by.orcid.removeprefix(ORCID), "affiliation": by.affiliation}
    based_on = [{"identifier": url, "relation": "isSupplementTo"} for _, url in references() if url]
    return {
        "metadata": {
            "title": title,
            "upload_type": "dataset",
            "description": description,
            "creators": [{key: value for key, value in told.items() if value}],
            "access_right": "open",
            "license": licence.lower(),
            "keywords": citation()["keywords"],
            "related_identifiers": based_on,
            "references": [title for title, _ in references()],
        }
    }
