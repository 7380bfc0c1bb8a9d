"""What results/ holds: each artifact by what sets it apart from the others of its kind."""

from __future__ import annotations

import calendar
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from infoplane import artifacts, retention
from infoplane.tracing import records
from infoplane.upkeep import holdings
from infoplane.upkeep.holdings import Holding

# Long, or in the label.
UNTOLD = ("runs", "claims", "files", "figures", "caption", "name", "environment", "replicates")
TOLD_BY_LABEL = {"training": ("hidden", "activation", "epochs")}


@dataclass(frozen=True)
class Entry:
    """An artifact: its size in bytes, its age and the duration of its job in seconds.

    `settings` are the parameters in which it, or the training that it measures, differs from others of its stage and
    kind. `wanted` says whether today's
    config asks for it (None: no config); `problem` why its manifest cannot be read, empty if it can;
    `let_go` whether it is a training without its activations.
    """

    stage: str
    id: str
    label: str
    settings: Mapping[str, Any]
    bytes: int
    age: float | None
    seconds: float | None
    wanted: bool | None
    problem: str
    let_go: bool = False

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def stage_named(name: str) -> str:
    """The stage that a word names, `training` or `trainings`.

    Raises:
        ValueError: it names none.
    """
    names = {**dict.fromkeys(artifacts.STAGES), **{folder: None for folder in artifacts.FOLDERS.values()}}
    for stage, folder in artifacts.FOLDERS.items():
        if name in (stage, folder):
            return stage
    raise ValueError(f"{name}: not a stage; allowed: {', '.join(names)}")


def inventory(results: Path, planned: Collection[str] | None, stage: str | None = None) -> list[Entry]:
    """The artifacts of a stage, or of all stages in their order.

    Raises:
        ValueError: there is no results folder.
    """
    held = holdings.held(results)
    manifests: dict[Path, records.Record | None] = {}
    problems: dict[Path, str] = {}
    for holding in held:
        try:
            manifests[holding.path] = records.kept(holding.path)
        except ValueError as error:
            manifests[holding.path], problems[holding.path] = None, f"{artifacts.MANIFEST}: {error}"
    apart = settings_apart([manifest for manifest in manifests.values() if manifest is not None])
    chosen = [holding for holding in held if stage in (None, holding.stage)]
    entries = [_entry(h, manifests[h.path], problems.get(h.path, ""), apart, planned) for h in chosen]
    return sorted(entries, key=lambda entry: (artifacts.STAGES.index(entry.stage), entry.label, str(entry.settings)))


def settings_apart(manifests: Sequence[records.Record]) -> dict[str, dict[str, Any]]:
    """By id, the settings in which an artifact, or what it measures, differs from another one of its stage and kind."""
    groups: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for manifest in manifests:
        parameters, stage = manifest["parameters"], manifest["stage"]
        untold = (*UNTOLD, *TOLD_BY_LABEL.get(stage, ()))
        settings = {key: value for key, value in records.flat(parameters).items() if key.split(".")[0] not in untold}
        groups.setdefault((stage, str(parameters.get("kind"))), {})[manifest["id"]] = settings
    apart: dict[str, dict[str, Any]] = {}
    for group in groups.values():
        keys = dict.fromkeys(key for settings in group.values() for key in settings)
        varied = [key for key in keys if len({artifacts.canonical(s.get(key)) for s in group.values()}) > 1]
        apart |= {id_: {key: settings.get(key) for key in varied} for id_, settings in group.items()}
    for manifest in manifests:
        training = manifest["inputs"].get("training") if manifest["stage"] == "measurement" else None
        if isinstance(training, str):
            apart[manifest["id"]] = {**apart.get(training, {}), **apart[manifest["id"]]}
    return apart


def _entry(
    holding: Holding,
    manifest: records.Record | None,
    problem: str,
    apart: Mapping[str, Mapping[str, Any]],
    planned: Collection[str] | None,
) -> Entry:
    return Entry(
        stage=holding.stage,
        id=holding.id,
        label=manifest["label"] if manifest else "",
        settings=apart.get(holding.id, {}) if manifest else {},
        bytes=holdings.size(holding.path),
        age=age(manifest["started"]) if manifest else None,
        seconds=manifest["seconds"] if manifest else None,
        wanted=None if planned is None else holding.id in planned,
        problem=problem,
        let_go=manifest is not None and retention.is_let_go(manifest),
    )


def age(started: str) -> float | None:
    """Seconds since a manifest's `started`; None if that is no time."""
    try:
        return time.time() - calendar.timegm(time.strptime(started, "%Y-%m-%dT%H:%M:%SZ"))
    except (ValueError, OverflowError):
        return None
