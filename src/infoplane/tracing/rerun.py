"""Rerun: a config that makes a lone document again, and what stands in the way of making the same."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from infoplane import artifacts, embed, environment, loading, plan
from infoplane.tracing import audit, diff, records, recover
from infoplane.tracing.records import Chain, Record

CONFIG = Path("config/config.yaml")


@dataclass(frozen=True)
class DataFile:
    """A file of the user that a dataset was read from: `as recorded`, `changed` or `missing`."""

    path: str
    sha256: str
    state: str


@dataclass(frozen=True)
class Rerun:
    """A config that makes a document again, and how far that can be the same.

    `id` is the document's version id, `same` says whether the config asks for it today; if not, `reasons` say why.
    `environment` maps what differs to (then, now); `shown` are the document's names in the view of a run.
    """

    stage: str
    id: str
    config: Mapping[str, Any]
    same: bool
    reasons: tuple[str, ...]
    git_commit: str | None
    git_dirty: bool | None
    packages: Mapping[str, str | None]
    processor: str
    environment: Mapping[str, tuple[Any, Any]]
    data: tuple[DataFile, ...]
    shown: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def rerun(file: Path) -> Rerun:
    """What it takes to make a document again, from the manifests inside.

    Raises:
        ValueError: the file has none, or not those of a config; one line says what is wrong.
    """
    found = embed.read(file)
    try:
        chain = records.chain(found.manifest)
        for record in chain.everything().values():
            if problem := records.contradiction(record, {**chain.records, chain.own["id"]: chain.own}):
                raise ValueError(f"{record['stage']} {record['id']}: {problem}")
        config = recover.config(chain)
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from None
    data = tuple(_data(chain))
    reasons, shown = _check(chain, config)
    then = chain.own["environment"]
    return Rerun(
        stage=chain.own["stage"],
        id=chain.own["id"],
        config=config,
        same=not reasons,
        reasons=tuple(reasons),
        git_commit=then["git_commit"],
        git_dirty=then["git_dirty"],
        packages=then["packages"],
        processor=then["processor"],
        environment=_environments(chain),
        data=data,
        shown=tuple(shown),
    )


def write(made: Rerun, folder: Path, file: Path) -> Path:
    """Write the config below `folder`, and links to data files beside it where the config names them so.

    Raises:
        ValueError: there is a config already.
    """
    path = folder / CONFIG
    if path.exists():
        raise ValueError(f"{path}: exists already; choose another folder with --out")
    path.parent.mkdir(parents=True, exist_ok=True)
    artifacts.write_text(path, _head(made) + yaml.safe_dump(dict(made.config), sort_keys=False, allow_unicode=True))
    for data in made.data:
        _link(Path(data.path), folder)
    return path


def _head(made: Rerun) -> str:
    """Comments; what comes from the file is quoted as JSON, so that it stays one."""
    packages = ", ".join(f"{name} {version}" for name, version in made.packages.items() if version)
    commit = f"{made.git_commit or 'unknown'}{' with changes' if made.git_dirty else ''}"
    lines = [
        f"Makes {made.stage} {made.id} again: `infoplane run` in this folder. Written by `infoplane rerun`.",
        f"Made from commit {json.dumps(commit)} on {json.dumps(made.processor)}",
        f"with {json.dumps(packages)}",
        *(f"and the data file {json.dumps(data.path)} of sha256 {json.dumps(data.sha256)}" for data in made.data),
    ]
    return "".join(f"# {line}\n" for line in lines)


def _link(data: Path, folder: Path) -> None:
    """A data file under the name that it has in a config: a relative one is meant from the folder of the run."""
    target = folder / data
    if data.is_absolute() or ".." in data.parts or not data.is_file() or os.path.lexists(target):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.symlink_to(data.resolve())


def _data(chain: Chain) -> Iterator[DataFile]:
    for record in chain.everything().values():
        files = record["parameters"].get("files") if record["stage"] == "dataset" else None
        for path, sha256 in (files if isinstance(files, dict) else {}).items():
            there = Path(path).is_file()
            state = "missing" if not there else "as recorded" if artifacts.digest(Path(path)) == sha256 else "changed"
            yield DataFile(path, str(sha256), state)


def _environments(chain: Chain) -> dict[str, tuple[Any, Any]]:
    """What differs between today's environment and that of any link."""
    now = environment.environment()
    found: dict[str, tuple[Any, Any]] = {}
    for record in chain.everything().values():
        found = {**audit.changes(record["environment"], now), **found}
    return found


def _check(chain: Chain, config: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Why today's plan of the config does not have the document, and under which names it has it."""
    try:
        made = plan.make(loading.load(config))
    except (ValueError, OSError) as error:
        return [f"the config cannot be planned: {' '.join(str(error).split())}"], []
    own = chain.own
    planned = made.stages[own["stage"]].get(own["id"])
    if planned is not None:
        return [], [*made.shown(planned)]
    name = own["parameters"].get("name")
    ends = {"verdict": made.verdict, "page": made.page, "explorer": made.explorer}
    counterpart = {**ends, "figure": made.figures.get(str(name))}.get(own["stage"])
    if counterpart is None:
        return [f"today's code makes no {own['stage']} of it"], []
    reasons = list(dict.fromkeys(_reasons(chain, counterpart)))
    return reasons or ["the config asks for other settings"], [*made.shown(counterpart)]


def _reasons(chain: Chain, planned: plan.Artifact) -> Iterator[str]:
    for then, now in diff.pairs(chain, _chain(planned)):
        if then and now:
            if then["code"] != now["code"]:
                yield f"the code of {records.with_article(then['stage'])} has changed: {', '.join(then['roots'])}"
            for path, (old, new) in diff.settings_apart(then, now).items():
                yield _setting(then["stage"], path, old, new)
        elif record := then or now:
            side = "the file" if now is None else "the config"
            yield f"{records.with_article(record['stage'])} ({record['label']}) is only in {side}"


def _setting(stage: str, path: str, old: Any, new: Any) -> str:
    if path == "caption":
        return "the text of the caption has changed"
    if path.startswith("files."):
        return f"the data file {path.removeprefix('files.')} has changed"
    if path.startswith("environment."):
        return f"{path.removeprefix('environment.')} was {old}, is {new} (strict_environment)"
    return f"{path} of {records.with_article(stage)} was {old}, is {new}"


def _chain(planned: plan.Artifact) -> Chain:
    """The planned artifact and what it is made of, as records of what is not made yet."""
    found: dict[str, Record] = {}
    waiting = [planned]
    while waiting:
        artifact = waiting.pop()
        if artifact.id not in found:
            found[artifact.id] = {**artifact.recipe.to_json(), "label": artifact.label}
            waiting += artifact.inputs
    return Chain(found.pop(planned.id), found)
