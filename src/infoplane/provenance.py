"""The chain of manifests behind an artifact, as it travels inside a document."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from infoplane import artifacts
from infoplane.artifacts import Recipe


def chain(read: Mapping[str, Mapping[str, Any]], results: Path) -> dict[str, Any]:
    """The manifests `read` by id and, through the ids in them, those of everything behind them.

    `records` by id, each without what only matters beside its files; what is often the same, the environment, is kept
    once in `environments` under a digest.
    """
    records: dict[str, Any] = {}
    environments: dict[str, Any] = {}
    for manifest in _behind(read.values(), results):
        environment = manifest["environment"]
        key = hashlib.sha256(artifacts.canonical(environment).encode()).hexdigest()[:12]
        environments[key] = environment
        kept = {name: value for name, value in manifest.items() if name not in ("files", "chain")}
        records[manifest["id"]] = {**kept, "environment": key}
    return {"records": records, "environments": environments}


def _behind(manifests: Iterable[Mapping[str, Any]], results: Path) -> Iterator[Mapping[str, Any]]:
    """The manifests and those of all their inputs, each once."""
    seen: set[str] = set()
    waiting = list(manifests)
    while waiting:
        manifest = waiting.pop()
        if manifest["id"] not in seen:
            seen.add(manifest["id"])
            yield manifest
            waiting += [artifacts.read_manifest(folder) for folder in input_folders(manifest, results)]


def input_folders(manifest: Mapping[str, Any], results: Path) -> list[Path]:
    """The folders of the inputs that a manifest names."""
    recipe = Recipe.from_json(manifest)
    return [
        results / artifacts.FOLDERS[role] / id_
        for role, ids in recipe.inputs.items()
        for id_ in ([ids] if isinstance(ids, str) else ids)
    ]
