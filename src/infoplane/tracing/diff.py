"""Diff: what makes one artifact another than a second one, link by link along their chains.

The links of two chains are paired, stage by stage from the datasets on: equal ids first, then those that read paired
inputs and differ in the fewest settings. What remains is only in one of the chains.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from infoplane import artifacts, code
from infoplane.tracing import numbers, records
from infoplane.tracing.audit import changes, code_today
from infoplane.tracing.numbers import Number
from infoplane.tracing.records import Chain, Record

OTHER_KIND = 1e6  # the cost of pairing what is not of the same kind: never done
OTHER_INPUT = 100.0  # the cost of an input that is not paired
OTHER_LABEL = 10.0
MANY = 4_000_000  # pairs to choose from: more are not paired
COMMIT = re.compile(r"[0-9a-f]{40}")

Pair = tuple[Any, Any]  # in A, in B


@dataclass(frozen=True)
class Difference:
    """How a link of A differs from its counterpart in B; where there is none, its id (`a` or `b`) is None.

    `parameters` and `environment` map what differs to (in A, in B); `inputs` counts by stage those that are other
    versions; `code` says in lines what is known of the difference; `bytes` says that the content differs although the
    id is the same.
    """

    stage: str
    label: str
    a: str | None
    b: str | None
    parameters: Mapping[str, Pair] = field(default_factory=dict)
    inputs: Mapping[str, int] = field(default_factory=dict)
    code: Sequence[str] = ()
    environment: Mapping[str, Pair] = field(default_factory=dict)
    bytes: bool = False
    numbers: Sequence[Number] = ()
    not_compared: str = ""

    @property
    def matters(self) -> bool:
        """Whether there is a difference at all."""
        return self.a != self.b or bool(self.environment) or self.bytes

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def diff(a: Chain, b: Chain, results: Path, files: Mapping[str, Path] | None = None) -> list[Difference]:
    """What differs, from the artifacts themselves to their datasets; an empty list if nothing does.

    Numbers are compared where both artifacts are under `results`; `files` has the claims.json of verdicts that are
    given as files, by "a" and "b".
    """
    found = []
    for one, other in pairs(a, b):
        if one and other:
            found.append(_difference(one, other, results, files or {}, (a.own["id"], b.own["id"])))
        elif record := one or other:
            a_id, b_id = (r["id"] if r else None for r in (one, other))
            found.append(Difference(record["stage"], record["label"], a_id, b_id))
    return [difference for difference in found if difference.matters]


def pairs(a: Chain, b: Chain) -> list[tuple[Record | None, Record | None]]:
    """The links of two chains, paired; those of the last stages first."""
    mapped: dict[str, str] = {}
    found: list[tuple[Record | None, Record | None]] = []
    for stage in artifacts.STAGES:
        ones, others = ([r for r in chain.everything().values() if r["stage"] == stage] for chain in (a, b))
        for one, other in _paired(ones, others, mapped):
            found.append((one, other))
            if one and other:
                mapped[one["id"]] = other["id"]
    return found[::-1]


def _paired(
    ones: Sequence[Record], others: Sequence[Record], mapped: Mapping[str, str]
) -> Iterator[tuple[Record | None, Record | None]]:
    """The records of one stage; `mapped` pairs the ids of the stages before."""
    by_id = {record["id"]: record for record in others}
    same = [record for record in ones if record["id"] in by_id]
    ones = [record for record in ones if record["id"] not in by_id]
    others = [record for record in others if record["id"] not in {r["id"] for r in same}]
    chosen = _matched(ones, others, mapped)
    yield from ((record, None) for n, record in enumerate(ones) if n not in {row for row, _ in chosen})
    yield from ((None, record) for n, record in enumerate(others) if n not in {column for _, column in chosen})
    yield from ((ones[row], others[column]) for row, column in chosen)
    yield from ((record, by_id[record["id"]]) for record in same)


def _matched(ones: Sequence[Record], others: Sequence[Record], mapped: Mapping[str, str]) -> list[tuple[int, int]]:
    """The places of those that go together, at the least cost in all."""
    if not ones or not others or len(ones) * len(others) > MANY:
        return []
    from scipy.optimize import linear_sum_assignment  # a long import that no other command should wait for

    costs = np.array([[_cost(one, other, mapped) for other in others] for one in ones])
    found = zip(*linear_sum_assignment(costs), strict=True)
    return [(int(row), int(column)) for row, column in found if costs[row, column] < OTHER_KIND]


def _cost(one: Record, other: Record, mapped: Mapping[str, str]) -> float:
    """How unlike two records are."""
    if one["parameters"].get("kind") != other["parameters"].get("kind"):
        return OTHER_KIND
    read = set(records.input_ids(other))
    apart = sum(mapped.get(id_) not in read for id_ in records.input_ids(one))
    share = apart / max(len(read), 1)
    unlike = len(settings_apart(one, other))
    return OTHER_INPUT * share + OTHER_LABEL * (one["label"] != other["label"]) + unlike


def _difference(
    one: Record, other: Record, results: Path, files: Mapping[str, Path], own: tuple[str, str]
) -> Difference:
    same = one["id"] == other["id"]
    bytes_differ = one["content"] != other["content"]
    compared, not_compared = [], ""
    if bytes_differ and one["stage"] in ("analysis", "verdict"):
        places = [
            files[side] if side in files and record["id"] == own_id else _place(record, results)
            for side, record, own_id in zip("ab", (one, other), own, strict=True)
        ]
        try:
            compared = (numbers.of_analyses if one["stage"] == "analysis" else numbers.of_verdicts)(*places)
        except ValueError as error:
            not_compared = str(error)
        if same and not not_compared:
            not_compared = "both are the one under results/" if places[0] == places[1] else ""
    return Difference(
        stage=one["stage"],
        label=other["label"],
        a=one["id"],
        b=other["id"],
        parameters=settings_apart(one, other),
        inputs=_other_inputs(one, other),
        code=[] if one["code"] == other["code"] else _code(one, other),
        environment=_environment(one, other),
        bytes=same and bytes_differ,
        numbers=compared,
        not_compared=not_compared,
    )


def _place(record: Record, results: Path) -> Path:
    folder = results / artifacts.FOLDERS[record["stage"]] / record["id"]
    return folder / "claims.json" if record["stage"] == "verdict" else folder


def _settings(record: Record) -> dict[str, Any]:
    """Parameters by path, without ids: of an analysis, what its runs are; of a verdict, the settings of each claim."""
    parameters = dict(record["parameters"])
    settings: dict[str, Any] = {}
    try:
        if record["stage"] == "analysis":
            parameters.pop("runs", None)
            for run in records.runs(record):
                described = {"experiment": run.experiment, "condition": run.condition, "varied": run.varied}
                for path, value in records.flat({**described, "measurements": sorted(run.measurements)}).items():
                    values = settings.setdefault(f"runs.{path}", [])
                    values += [] if value in values else [value]
        elif record["stage"] == "verdict":
            parameters.pop("claims", None)
            for name, claim, _ in records.claims(record):
                settings |= records.flat({name: claim})
    except ValueError:
        return records.flat(record["parameters"])
    return {**records.flat(parameters), **settings}


def settings_apart(one: Record, other: Record) -> dict[str, Pair]:
    """The settings in which two records differ, by path."""
    return _apart(_settings(one), _settings(other))


def _apart(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Pair]:
    keys = dict.fromkeys((*one, *other))
    canonical = artifacts.canonical
    return {k: (one.get(k), other.get(k)) for k in keys if canonical(one.get(k)) != canonical(other.get(k))}


def _other_inputs(one: Record, other: Record) -> dict[str, int]:
    counts = {}
    for role in dict.fromkeys((*one["inputs"], *other["inputs"])):
        a, b = (_ids(record["inputs"].get(role, [])) for record in (one, other))
        counts[role] = max(len(a - b), len(b - a))
    return {role: count for role, count in counts.items() if count}


def _ids(ids: str | Sequence[str]) -> set[str]:
    return {ids} if isinstance(ids, str) else set(ids)


def _environment(one: Record, other: Record) -> dict[str, Pair]:
    a, b = one["environment"], other["environment"]
    apart = changes(a, b)
    if one["code"] != other["code"] and a["git_commit"] != b["git_commit"]:
        apart["git_commit"] = (a["git_commit"], b["git_commit"])
    return apart


def _code(one: Record, other: Record) -> list[str]:
    """What is known of the difference between the codes of two records."""
    a, b = set(one["roots"]), set(other["roots"])
    lines = [f"starts at {root} only in A" for root in sorted(a - b)]
    lines += [f"starts at {root} only in B" for root in sorted(b - a)]
    then, now = (record["environment"]["git_commit"] or "" for record in (one, other))
    if files := changed_files(then, now, sorted(a | b)):
        lines.append(f"between the commits differ {', '.join(files)}")
    if not lines:
        lines.append(f"differs somewhere behind {', '.join(sorted(a))}")
    today = [side for side, record in (("A", one), ("B", other)) if code_today(record["roots"]) == record["code"]]
    return [*lines, *(f"today's is that of {side}" for side in today)]


def changed_files(one: str, other: str, roots: Sequence[str]) -> list[str]:
    """Files of the project that the roots run today and that differ between two commits, as far as git can tell."""
    if not (COMMIT.fullmatch(one) and COMMIT.fullmatch(other)) or one == other:
        return []
    command = ["git", "-C", str(code.home()), "diff", "--name-only", one, other, "--"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
        modules = code.closure(*roots)
    except (OSError, subprocess.SubprocessError, ImportError, ValueError):
        return []
    paths = {f"src/{module.replace('.', '/')}" for module in modules} | set(modules)
    return [f for f in done.stdout.splitlines() if {f, f.removesuffix(".py"), f.removesuffix("/__init__.py")} & paths]
