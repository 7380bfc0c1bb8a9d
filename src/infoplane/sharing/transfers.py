"""Push and pull: artifacts by version id between results/ and a remote, those behind them included.

What goes to a side that has a part of it already has to fit what is there: a store goes if it read the bytes that are
there; a document (a figure, the verdicts, their page), which holds the manifests of everything behind it, if these are
the manifests that are there. What does not fit is held back, with the reason: it can be made on that side.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from infoplane import artifacts, retention
from infoplane.artifacts import STAGES, Recipe
from infoplane.plan import Plan
from infoplane.sharing import signing
from infoplane.sharing.remote import Remote
from infoplane.tracing import records, verify
from infoplane.tracing.audit import DOCUMENTS
from infoplane.upkeep import forecast, holdings

Key = tuple[str, str]  # stage, id
Records = dict[Key, records.Record]
WORKERS = 8  # transfers at once: they wait for the network more than they work

Item = TypeVar("Item")
Result = TypeVar("Result")


class Place(Protocol):
    """What artifacts are read from."""

    def manifest(self, stage: str, id_: str) -> records.Record | None:
        """The manifest of an artifact; None if it is not there."""


@dataclass(frozen=True)
class Results:
    """A results folder; a damaged manifest is none, since its artifact is made again."""

    folder: Path

    def manifest(self, stage: str, id_: str) -> records.Record | None:
        """As `Place` says."""
        try:
            return records.kept(self.folder / artifacts.FOLDERS[stage] / id_)
        except ValueError:
            return None


@dataclass(frozen=True)
class Moved:
    """What went: ids, files, bytes; how many artifacts were there before, and were not to be had (`absent`).

    `held_back` are the places of those that do not fit what is there, and why; `let_go` says in a line
    how many trainings went without their activations.
    """

    ids: tuple[str, ...]
    there: int
    absent: int
    files: int
    bytes: int
    seconds: float
    held_back: Mapping[str, str]
    let_go: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def everything_behind(place: Place, name: str, id_: str) -> list[Key]:
    """An artifact and all behind it that are at a place called `name`, inputs before what reads them.

    Raises:
        ValueError: nothing there has the id.
    """
    stage = next((stage for stage in STAGES if place.manifest(stage, id_)), None)
    if stage is None:
        raise ValueError(f"{name}: nothing has the id {id_}")
    found: dict[Key, None] = {}
    seen: set[Key] = set()

    def visit(key: Key) -> None:
        if key not in seen and (record := place.manifest(*key)):
            seen.add(key)
            for input_ in records.inputs(record):
                visit(input_)
            found[key] = None

    visit((stage, id_))
    return [*found]


def push(results: Path, remote: Remote, wanted: Sequence[Key]) -> Moved:
    """Send what of `wanted`, inputs first, is under `results` and not on the remote.

    Raises:
        ValueError: an artifact is not as it was made, or the remote cannot be written to.
    """

    def send(record: records.Record) -> tuple[int, int]:
        folder = results / artifacts.FOLDERS[record["stage"]] / record["id"]
        manifest = artifacts.checked(folder)
        sizes = [remote.send(folder / name, digest) for name, digest in manifest["files"].items()]
        remote.publish(manifest)
        return len(sizes), sum(sizes)

    moved = _move(Results(results), remote, wanted, send)
    folder, there = results / signing.FOLDER, remote.listed(signing.FOLDER)
    for path in sorted(folder.glob("*.json")):
        if path.name not in there and path.with_name(f"{path.name}.sig").is_file():
            for part in (f"{path.name}.sig", path.name):
                remote.write(f"{signing.FOLDER}/{part}", (folder / part).read_bytes())
    return moved


def pull(remote: Remote, results: Path, wanted: Sequence[Key]) -> Moved:
    """Fetch what of `wanted`, inputs first, is on the remote and not under `results`.

    Raises:
        ValueError: what is there is refused, or cannot be had; what came whole before that stays.
    """
    artifacts.check_writable(results)
    moved = _move(remote, Results(results), wanted, lambda record: _fetch(remote, results, record))
    _fetch_signatures(remote, results / signing.FOLDER)
    stages = {id_: stage for stage, id_ in wanted}
    if documents := [id_ for id_ in moved.ids if stages[id_] in DOCUMENTS]:
        _check_documents(remote, results, {id_: stages[id_] for id_ in documents})
    return moved


def take(url: str, results: Path, plan: Plan) -> Moved:
    """Fetch what a plan asks for and the remote at `url` has; if all is there the remote is not asked."""
    wanted = forecast.behind(plan.ends())
    if all(artifacts.is_there(results, artifact.recipe) for artifact in wanted):
        return Moved((), len(wanted), 0, 0, 0, 0.0, {})
    return pull(Remote(url), results, [(artifact.stage, artifact.id) for artifact in wanted])


def _fetch(remote: Remote, results: Path, record: records.Record) -> tuple[int, int]:
    """Fetch an artifact: beside its place, in a folder that a killed pull goes on with."""
    recipe, beside = Recipe.from_json(record), results / holdings.PULLED / record["id"]
    place = results / recipe.place
    with artifacts.held(results, recipe):
        if artifacts.is_there(results, recipe):
            return 0, 0
        beside.mkdir(parents=True, exist_ok=True)
        for stray in {path.name for path in beside.iterdir()} - record["files"].keys():
            (beside / stray).unlink()
        sizes = [remote.fetch(digest, beside / name) for name, digest in record["files"].items()]
        (beside / artifacts.MANIFEST).write_text(records.text(record))
        artifacts.remove(place)  # a damaged one
        place.parent.mkdir(parents=True, exist_ok=True)
        beside.rename(place)
    return len(sizes), sum(sizes)


def _fetch_signatures(remote: Remote, folder: Path) -> None:
    """Fetch the signatures that are not here; whether they hold is for `infoplane audit` to say."""
    for name in remote.listed(signing.FOLDER):
        if not signing.NAME.fullmatch(name) or (folder / name).exists():
            continue
        parts = {part: remote.read(f"{signing.FOLDER}/{part}") for part in (f"{name}.sig", name)}
        folder.mkdir(parents=True, exist_ok=True)
        for part, data in parts.items():
            if data is not None:
                artifacts.write_bytes(folder / part, data)


def _check_documents(remote: Remote, results: Path, documents: Mapping[str, str]) -> None:
    """What a document says of the manifests behind it must be what they say: else it goes again."""
    wrong = verify.verify(results, documents).wrong
    if wrong:
        for id_, stage in documents.items():
            artifacts.remove(results / artifacts.FOLDERS[stage] / id_)
        raise ValueError(f"{remote.url}: {wrong[0].place}: {wrong[0].problem}; it is refused")


def _move(
    source: Place, target: Place, wanted: Sequence[Key], move: Callable[[records.Record], tuple[int, int]]
) -> Moved:
    start = time.monotonic()
    offered, there = _manifests(source, wanted), _manifests(target, wanted)
    chosen, held_back = choose(offered, there)
    sizes = [*_parallel(move, [offered[key] for key in chosen])]
    return Moved(
        ids=tuple(id_ for _, id_ in chosen),
        there=len(there),
        absent=len(wanted) - len(there | offered),
        files=sum(files for files, _ in sizes),
        bytes=sum(size for _, size in sizes),
        seconds=round(time.monotonic() - start, 3),
        held_back={f"{artifacts.FOLDERS[stage]}/{id_}": reason for (stage, id_), reason in held_back.items()},
        let_go=tuple(retention.told(offered[key] for key in chosen)),
    )


def _manifests(place: Place, wanted: Sequence[Key]) -> Records:
    found = zip(wanted, _parallel(lambda key: place.manifest(*key), wanted), strict=True)
    return {key: record for key, record in found if record is not None}


def choose(offered: Records, there: Records) -> tuple[list[Key], dict[Key, str]]:
    """What of `offered`, inputs first, goes to a side that has `there`; what does not fit there, with the reason."""
    known, chosen, held_back = dict(there), [], {}
    for key, record in offered.items():
        if key in there:
            if there[key]["content"] != record["content"]:
                held_back[key] = "another run made other bytes of it, which are there"
            continue
        if reason := next(_misfits(record, offered, known), None):
            held_back[key] = reason
        else:
            known[key] = record
            chosen.append(key)
    return chosen, held_back


def _misfits(record: records.Record, offered: Records, known: Records) -> Iterator[str]:
    for key in records.inputs(record):
        if key not in known:
            yield f"it is made of {key[0]} {key[1]}, which is not there"
        elif known[key]["content"] != record["input_contents"][key[1]]:
            yield f"it is made of other bytes of {key[0]} {key[1]} than are there"
    if record["stage"] in DOCUMENTS:
        for key in _behind(record, offered):
            if key not in offered or key not in known or records.differing(offered[key], known[key]):
                yield f"it says how {key[0]} {key[1]} was made, and another run made the one that is there"


def _behind(record: records.Record, among: Records) -> Iterator[Key]:
    seen: set[Key] = set()
    waiting = records.inputs(record)
    while waiting:
        key = waiting.pop()
        if key not in seen:
            seen.add(key)
            yield key
            waiting += records.inputs(among[key]) if key in among else []


def _parallel(function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
    """The results for some items in their order, several at once; after an error no further ones begin."""
    with ThreadPoolExecutor(max(WORKERS, os.cpu_count() or 1)) as pool:
        try:
            yield from pool.map(function, items)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
