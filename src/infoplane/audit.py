"""Audit: from a figure file back to the bytes and the code it came from.

The manifest inside the figure holds the manifests of everything behind it. Each is a link of the chain; a link is
broken when the bytes are not the recorded ones, or the record does not agree with itself. A link whose code, config or
environment is no longer today's is intact: it says how the figure was made, and that today's would differ.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from infoplane import artifacts, code, embed
from infoplane.artifacts import Recipe


@dataclass(frozen=True)
class Link:
    """One artifact of the chain: its record, and what was found when checking it.

    `bytes` is `intact`, `changed` or `missing`; `record` is `consistent` or says what contradicts what; `code` is
    `same`, `changed` or `gone`; `planned` says whether today's config and code ask for this id (None: no config);
    `environment` maps what differs to (then, now).
    """

    stage: str
    id: str
    place: str
    parameters: Mapping[str, Any]
    started: str
    git_commit: str | None
    git_dirty: bool | None
    bytes: str
    record: str
    code: str
    planned: bool | None
    environment: Mapping[str, tuple[Any, Any]]

    @property
    def broken(self) -> bool:
        """Whether the figure can no longer be traced through this link."""
        return self.bytes != "intact" or self.record != "consistent"

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "broken": self.broken}


def audit(figure: Path, results: Path, planned: Collection[str] | None) -> list[Link]:
    """The chain of a figure file, the figure first, the dataset last.

    `results` is the results folder to look for the stores in; `planned` the ids that today's config and code ask for.

    Raises:
        ValueError: the file is not a figure with a manifest.
    """
    manifest, found = embed.read(figure)
    drawn = "intact" if found in manifest["content"].values() else "changed"
    links = [_link(manifest, str(figure), drawn, manifest, planned)]
    order = ("measurement", "training", "dataset")
    for record in sorted(manifest["chain"].values(), key=lambda record: (order.index(record["stage"]), record["id"])):
        folder = results / f"{record['stage']}s" / record["id"]
        links.append(_link(record, str(folder), _bytes(folder, record), manifest, planned))
    return links


def _bytes(folder: Path, record: Mapping[str, Any]) -> str:
    if not folder.is_dir():
        return "missing"
    return "intact" if artifacts.digest(folder) == record["content"] else "changed"


def _link(
    record: Mapping[str, Any],
    place: str,
    found: str,
    figure: Mapping[str, Any],
    planned: Collection[str] | None,
) -> Link:
    then, now = record["environment"], artifacts.environment()
    return Link(
        stage=record["stage"],
        id=record["id"],
        place=place,
        parameters=record["parameters"],
        started=record["started"],
        git_commit=then["git_commit"],
        git_dirty=then["git_dirty"],
        bytes=found,
        record=_record(record, figure["chain"]),
        code=_code(record),
        planned=None if planned is None else record["id"] in planned,
        environment={
            key: (old, new)
            for key, old, new in (
                *((package, v, now["packages"].get(package)) for package, v in then["packages"].items()),
                *((key, then[key], now[key]) for key in ("python", "platform")),
            )
            if old != new
        },
    )


def _record(record: Mapping[str, Any], chain: Mapping[str, Any]) -> str:
    """Whether the id follows from the record, and whether what was read is what its maker wrote."""
    if Recipe.from_json(record).id != record["id"]:
        return "its id does not follow from its parameters, inputs and code"
    named = [i for ids in record["inputs"].values() for i in (ids if isinstance(ids, list) else [ids])]
    for id_ in named:
        if id_ not in chain:
            return f"its input {id_} is not in the chain"
        if record["input_contents"].get(id_) != chain[id_]["content"]:
            return f"it read other bytes of {id_} than the chain records"
    return "consistent"


def _code(record: Mapping[str, Any]) -> str:
    try:
        return "same" if code.digest(*record["modules"]) == record["code"] else "changed"
    except ModuleNotFoundError:
        return "gone"
