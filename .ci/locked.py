"""Exits with one line unless what is installed is environment.lock, no more and no less, and each result names it."""

import json
import sys
from importlib.metadata import distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infoplane import environment

BESIDE = {"infoplane", "pip"}  # what the lock is for, and what installs it


def differences(lock: str, installed: dict[str, str]) -> list[str]:
    """What is installed and not in the text of a lock, or the other way round."""
    lines = (line.removesuffix("\\") for line in lock.splitlines() if line[:1].isalnum())
    wanted = {}
    for requirement in map(Requirement, lines):
        if not requirement.marker or requirement.marker.evaluate():
            wanted[canonicalize_name(requirement.name)] = str(requirement.specifier).removeprefix("==")
    names = sorted((wanted.keys() | installed.keys()) - BESIDE)
    pairs = {name: (installed.get(name, "missing"), wanted.get(name, "not")) for name in names}
    return [f"{name} is {found}, locked {locked}" for name, (found, locked) in pairs.items() if found != locked]


def unnamed(results: Path, digest: str) -> list[str]:
    """The artifacts whose manifest does not name the lock."""
    manifests = sorted(results.glob("*/*/manifest.json"))
    named = [(path.parent, json.loads(path.read_text())["environment"].get("lock")) for path in manifests]
    return [f"{folder} names {lock or 'no lock'}, not {digest}" for folder, lock in named if lock != digest]


def main(lock: Path, results: Path) -> str | None:
    """What is wrong, in one line."""
    installed = {canonicalize_name(d.metadata["Name"]): d.version for d in distributions()}
    wrong = differences(lock.read_text(), installed) or unnamed(results, environment.digest(lock))
    made = len(list(results.glob("*/*/manifest.json")))
    if not wrong and not made:
        wrong = [f"{results} has no manifests"]
    if wrong:
        return f"{lock}: {wrong[0]}" + (f", and {len(wrong) - 1} more" if len(wrong) > 1 else "")
    print(f"{made} results of lock {environment.digest(lock)}")
    return None


if __name__ == "__main__":
    sys.exit(main(Path(environment.LOCK), Path("results")))
