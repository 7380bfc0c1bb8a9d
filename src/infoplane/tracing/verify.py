"""Verify: every byte under results/ against the manifests, and the manifests against each other.

What a manifest cannot vouch for itself is vouched for elsewhere: the manifest beside a figure by the one inside it,
that of a store by the copies in all documents that came of it.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from infoplane import artifacts, embed, retention, view
from infoplane.tracing import records
from infoplane.tracing.audit import DOCUMENTS
from infoplane.upkeep import holdings
from infoplane.upkeep.holdings import Holding

Manifests = Mapping[str, records.Record | ValueError]
_SHOWN = re.compile(r"figures/[^/]+|claims\.[^/]+|explorer\.html")
_SHOWS = re.compile(r"(figures|verdicts|pages|explorers)/[0-9a-f]{12}/[^/]+")


@dataclass(frozen=True)
class Wrong:
    """A file, or a folder, that is not as it should be."""

    place: str
    problem: str


@dataclass
class Verified:
    """What is wrong, and how much was read in how long.

    `others` has the bytes of what is neither an artifact nor the view, by place: that is not judged.
    `let_go` says in a line how many trainings are there without their activations.
    """

    artifacts: int = 0
    files: int = 0
    bytes: int = 0
    seconds: float = 0.0
    wrong: list[Wrong] = field(default_factory=list)
    others: dict[str, int] = field(default_factory=dict)
    let_go: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    def add(self, path: Path, problem: str | None) -> None:
        """Take note of a file that was checked, and of what is wrong with it."""
        self.files += 1
        self.bytes += path.lstat().st_size
        if problem:
            self.wrong.append(Wrong(str(path), problem))


def verify(results: Path, only: Collection[str] = ()) -> Verified:
    """Check the artifacts with the ids `only`; all artifacts and the view if there are none.

    Raises:
        ValueError: there is no results folder, or no artifact with one of the ids.
    """
    start, total = time.monotonic(), Verified()
    held = holdings.held(results)
    if missing := set(only) - {holding.id for holding in held}:
        raise ValueError(f"{results}: nothing has the id {', '.join(sorted(missing))}")
    chosen = [holding for holding in held if not only or holding.id in only]
    manifests = {holding.id: _manifest(holding) for holding in held}
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # digesting releases the interpreter's lock
        parts = [*pool.map(lambda holding: _artifact(holding, manifests, results), chosen)]
    if not only:
        parts.append(_view(results))
        total.wrong += [Wrong(str(path), "not an artifact") for path in holdings.strays(results)]
        total.others = _others(results)
    for part in parts:
        total.files += part.files
        total.bytes += part.bytes
        total.wrong += part.wrong
    total.wrong = list(dict.fromkeys(total.wrong))
    total.let_go = [*retention.told(m for h in chosen if isinstance(m := manifests[h.id], Mapping))]
    total.artifacts, total.seconds = len(chosen), round(time.monotonic() - start, 3)
    return total


def _manifest(holding: Holding) -> records.Record | ValueError:
    try:
        return records.kept(holding.path)
    except ValueError as error:
        return error


def _artifact(holding: Holding, manifests: Manifests, results: Path) -> Verified:
    """Check the files of one artifact, its manifest, and what its documents say of the manifests behind it."""
    found, manifest = Verified(), manifests[holding.id]
    place = holding.path / artifacts.MANIFEST
    if isinstance(manifest, ValueError):
        found.wrong.append(Wrong(str(place), str(manifest)))
        return found
    found.add(place, next(_contradictions(holding, manifest, manifests), None))
    names = {path.relative_to(holding.path).as_posix(): path for path in holdings.files(holding.path)}
    for name in manifest["files"].keys() - names.keys():
        found.wrong.append(Wrong(str(holding.path / name), "missing"))
    for name, path in names.items():
        if name not in (artifacts.MANIFEST, artifacts.STAMP):
            found.add(path, _file(path, manifest["files"].get(name)))
    if holding.stage in DOCUMENTS and not found.wrong:
        for name in manifest["content"]:
            found.wrong += _document(holding.path / name, manifest, manifests, results)
    return found


def _contradictions(holding: Holding, manifest: records.Record, manifests: Manifests) -> Iterator[str]:
    """What a manifest says that its place, itself or the manifests of its inputs do not."""
    if (manifest["stage"], manifest["id"]) != (holding.stage, holding.id):
        yield f"of another artifact: {manifest['stage']} {manifest['id']}"
    if problem := records.contradiction(manifest):
        yield problem
    for id_, content in manifest["input_contents"].items():
        read = manifests.get(id_)
        if isinstance(read, Mapping) and read["content"] != content:
            yield f"it read other bytes of {id_} than those that are there"
    is_whole = holding.stage not in DOCUMENTS and not retention.is_let_go(manifest)
    if is_whole and manifest["content"] != manifest["files"]:
        yield "its files are not its content"


def _file(path: Path, recorded: str | None) -> str | None:
    """What is wrong with a file of an artifact."""
    if recorded is None:
        return "not in the manifest"
    if path.is_symlink() or not path.is_file():
        return "not a file"
    return None if artifacts.digest(path) == recorded else "changed"


def _document(path: Path, manifest: records.Record, manifests: Manifests, results: Path) -> Iterator[Wrong]:
    """Where the manifest inside a document says something else than those under results/."""
    try:
        found = embed.read(path)
        chain = records.chain(found.manifest)
    except ValueError as error:
        yield Wrong(str(path), str(error).removeprefix(f"{path}: "))
        return
    if embed.verdict(found) != "intact":
        yield Wrong(str(path), "its content is not that of the manifest inside")
    for record in chain.everything().values():
        beside = manifest if record["id"] == chain.own["id"] else manifests.get(record["id"])
        if isinstance(beside, Mapping) and (differs := records.differing(record, beside)):
            folder = results / artifacts.FOLDERS[record["stage"]] / record["id"]
            problem = f"says something else of {', '.join(differs)} than the files made of it"
            yield Wrong(str(folder / artifacts.MANIFEST), problem)


def _view(results: Path) -> Verified:
    """Compare the names that people open with the artifacts that they show."""
    found, shows = Verified(), _shows(results)
    if shows is None:
        found.wrong.append(Wrong(str(results / view.RECORD), "not the record of a view"))
        return found
    for name, file in shows.items():
        path, shown = results / name, results / file
        if not path.is_file():
            found.wrong.append(Wrong(str(path), "missing"))
        elif not shown.is_file():
            found.add(path, f"it shows {file}, which is missing")
        else:
            found.add(path, None if artifacts.digest(path) == artifacts.digest(shown) else f"it is not {file}")
    for path in _view_files(results):
        if path.relative_to(results).as_posix() not in shows and embed.is_ours(path):
            found.add(path, f"not in {view.RECORD}: of no version that was asked for last")
    return found


def _shows(results: Path) -> dict[str, str] | None:
    """Name in the view -> file of an artifact; None if the record is none."""
    try:
        shows = json.loads((results / view.RECORD).read_text())["shows"]
        valid = all(_SHOWN.fullmatch(name) and _SHOWS.fullmatch(file) for name, file in shows.items())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return shows if valid else None


def _view_files(results: Path) -> list[Path]:
    files = (
        *holdings.entries(results / artifacts.FOLDERS["figure"]),
        *results.glob("claims.*"),
        results / view.EXPLORER,
    )
    return [path for path in files if path.is_file()]


def _others(results: Path) -> dict[str, int]:
    """Bytes of what is neither an artifact nor the view: left by killed writers, checkpoints, logs, files of others."""
    known = {view.RECORD, *artifacts.FOLDERS.values()}
    shows = _shows(results) or {}
    inside = [path for path in _view_files(results) if path.relative_to(results).as_posix() not in shows]
    others = [
        *holdings.left_over(results),
        *holdings.entries(results / retention.CHECKPOINTS),
        *holdings.entries(results / holdings.WHOLES),
        *(path for path in inside if not embed.is_ours(path)),
        *(path for path in results.iterdir() if path.name not in (*known, retention.CHECKPOINTS, *shows)),
    ]
    return {str(path): holdings.size(path) for path in dict.fromkeys(others)}
