"""Manifests that anyone may have written: what is read from a file, or found on disk, is checked before it is used.

A record is a manifest as plain values. Ids, stages and roots of code become paths, so that they are held to their form;
everything else is only compared and shown.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infoplane import artifacts
from infoplane.artifacts import Recipe
from infoplane.tracing import schema
from infoplane.tracing.schema import Run

Record = Mapping[str, Any]

# The roles that the inputs of each stage have, together; an analysis has any of its three, as its runs say.
READS: Mapping[str, tuple[set[str], ...]] = {
    "dataset": (set(),),
    "training": ({"dataset"},),
    "measurement": ({"dataset"}, {"dataset", "training"}),
    "verdict": ({"analysis"},),
    "figure": ({"analysis"}, {"verdict"}),
    "page": ({"verdict", "figure"},),
    "explorer": ({"analysis"}, {"analysis", "verdict"}),
}
ANALYSED = {"dataset", "training", "measurement"}


@dataclass(frozen=True)
class Chain:
    """A document's own record, and by id those of everything behind it, each with its environment."""

    own: Record
    records: Mapping[str, Record]

    def everything(self) -> dict[str, Record]:
        """All records by id, in the order in which they are shown: own first, datasets last."""
        behind = [record for id_, record in self.records.items() if id_ != self.own["id"]]
        behind.sort(key=lambda record: (-artifacts.STAGES.index(record["stage"]), record["label"], record["id"]))
        return {record["id"]: record for record in (self.own, *behind)}


def chain(manifest: Any) -> Chain:
    """The chain in the manifest of a document.

    Raises:
        ValueError: it is not a manifest; one line says why.
    """
    schema.check(schema.Document, manifest)
    environments = manifest["chain"]["environments"]
    records = {}
    for id_, record in manifest["chain"]["records"].items():
        if record["id"] != id_ or record["environment"] not in environments:
            raise ValueError(f"not a manifest of infoplane: chain.records.{id_} is not that of its id")
        records[id_] = {**record, "environment": environments[record["environment"]]}
    return Chain({key: value for key, value in manifest.items() if key != "chain"}, records)


def kept(folder: Path) -> Record:
    """The manifest of the artifact in `folder`, checked.

    Raises:
        ValueError: there is none, or it is not one; one line says why.
    """
    try:
        return parsed((folder / artifacts.MANIFEST).read_bytes())
    except OSError as error:
        raise ValueError(error.strerror or str(error)) from None


def parsed(data: bytes) -> Record:
    """The manifest that is written in `data`, checked.

    Raises:
        ValueError: it is none; one line says why.
    """
    try:
        manifest = json.loads(data)
    except (ValueError, RecursionError):
        raise ValueError("not JSON") from None
    schema.check(schema.Kept, manifest)
    return manifest


def text(record: Record) -> str:
    """A manifest as it is written beside the files."""
    return json.dumps(record, indent=1)


def chain_of(results: Path, stage: str, id_: str) -> Chain:
    """The chain of an artifact under `results`, as far as it is there.

    Raises:
        ValueError: a manifest is not one, or the artifact is not there.
    """

    def read(stage: str, id_: str) -> Record:
        folder = results / artifacts.FOLDERS[stage] / id_
        try:
            return kept(folder)
        except ValueError as error:
            raise ValueError(f"{folder / artifacts.MANIFEST}: {error}") from None

    own, behind = read(stage, id_), {}
    waiting = [own]
    while waiting:
        for role, ids in waiting.pop()["inputs"].items():
            for input_ in [ids] if isinstance(ids, str) else ids:
                if input_ not in behind and (results / artifacts.FOLDERS[role] / input_).is_dir():
                    behind[input_] = read(role, input_)
                    waiting.append(behind[input_])
    return Chain(own, behind)


def runs(record: Record) -> list[Run]:
    """The runs that an analysis read, from its parameters.

    Raises:
        ValueError: it does not say.
    """
    schema.check(schema.AnalysisParameters, record["parameters"])
    return [Run.model_validate(run) for run in record["parameters"]["runs"]]


def claims(record: Record) -> list[tuple[str, dict[str, Any], str]]:
    """Name, settings and analysis of each claim of a verdict, from its parameters.

    Raises:
        ValueError: it does not say.
    """
    schema.check(schema.VerdictParameters, record["parameters"])
    found = []
    for claim in record["parameters"]["claims"]:
        match claim:
            case [str(name), dict(settings), str(analysis)]:
                found.append((name, settings, analysis))
            case _:
                raise ValueError("its claims are not lists of a name, settings and an analysis")
    return found


def input_ids(record: Record) -> list[str]:
    """The ids of all inputs of a record."""
    return Recipe.from_json(record).input_ids()


def inputs(record: Record) -> list[tuple[str, str]]:
    """Stage and id of all inputs of a record."""
    return [(role, i) for role, ids in record["inputs"].items() for i in ([ids] if isinstance(ids, str) else ids)]


def contradiction(record: Record, records: Mapping[str, Record] | None = None) -> str | None:
    """What in a record contradicts itself or, if given, the records behind it; None if nothing does."""
    return next(_contradictions(record, records), None)


def _contradictions(record: Record, records: Mapping[str, Record] | None) -> Iterator[str]:
    if Recipe.from_json(record).id != record["id"]:
        yield "its id does not follow from its parameters, inputs and code"
    roles = {role for role, ids in record["inputs"].items() if ids}
    if roles not in READS[record["stage"]] if record["stage"] != "analysis" else roles - ANALYSED:
        yield f"{with_article(record['stage'])} is not made of {', '.join(sorted(roles)) or 'nothing'}"
    named = _named(record)
    if named is None or named - set(input_ids(record)):
        yield "its parameters name other inputs than it read"
    if set(record["input_contents"]) != set(input_ids(record)):
        yield "the bytes that it read are not recorded for each input"
    if records is None:
        return
    for role, ids in record["inputs"].items():
        for id_ in [ids] if isinstance(ids, str) else ids:
            if id_ not in records:
                yield f"its input {id_} is not in the chain"
            elif records[id_]["stage"] != role:
                yield f"its input {id_} is not {with_article(role)}"
            elif record["input_contents"].get(id_) != records[id_]["content"]:
                yield f"it read other bytes of {id_} than the chain records"


def _named(record: Record) -> set[str] | None:
    """The ids that parameters name; None where they do not say what they should."""
    try:
        if record["stage"] == "analysis":
            return set().union(*(run.ids() for run in runs(record)))
        if record["stage"] == "verdict":
            return {analysis for _, _, analysis in claims(record)}
    except ValueError:
        return None
    return set()


def unread(chain_: Chain) -> set[str]:
    """The ids of records that nothing in the chain leads to."""
    reached, waiting = set(), [chain_.own["id"]]
    everything = {**chain_.records, chain_.own["id"]: chain_.own}
    while waiting:
        id_ = waiting.pop()
        if id_ not in reached and id_ in everything:
            reached.add(id_)
            waiting += input_ids(everything[id_])
    return set(everything) - reached


def differing(record: Record, manifest: Record) -> list[str]:
    """The keys in which a record and the manifest beside the files differ; each has keys that the other has not."""
    apart = ("files", "chain")
    keys = [key for key in dict.fromkeys((*record, *manifest)) if key not in apart]
    missing = object()
    return [key for key in keys if not _equal(record.get(key, missing), manifest.get(key, missing))]


def _equal(one: Any, other: Any) -> bool:
    """Whether two values are the same JSON: unlike ==, 1 is not 1.0 or true."""
    try:
        return artifacts.canonical(one) == artifacts.canonical(other)
    except TypeError:  # one of them is missing
        return False


def fingerprint(environment: Mapping[str, Any]) -> str:
    """What tells an environment from others (12 hex digits)."""
    return hashlib.sha256(artifacts.canonical(environment).encode()).hexdigest()[:12]


def with_article(stage: str) -> str:
    """A stage with its article."""
    return f"{'an' if stage[0] in 'aeiou' else 'a'} {stage}"


def flat(values: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Nested mappings as one, with paths `a.b` for keys."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        path = f"{above}{key}"
        if isinstance(value, Mapping) and value:
            found |= flat(value, f"{path}.")
        else:
            found[path] = value
    return found
