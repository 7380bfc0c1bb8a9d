"""From stored measurements to figure files: opens what a figure reads, draws it, saves it with its manifest inside."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, Template

from infoplane import artifacts, embed
from infoplane.artifacts import Clock, Recipe
from infoplane.condition import Condition
from infoplane.figures.base import Figure, Run


def render(
    figure: Figure,
    runs: Sequence[Mapping[str, Any]],
    recipe: Recipe,
    inputs: Iterable[Path],
    caption: str,
    stem: Path,
) -> None:
    """Draw a figure; write `<stem>.pdf`, `.png`, of a film `.gif`, `.json` (manifest, numbers) and `.rst` (caption).

    `runs` are mappings as `PlannedRun.describe` makes them, `inputs` the folders of the artifacts that the figure
    reads, `caption` a Jinja template that can quote the drawing's numbers.
    """
    clock = Clock()
    drawing = figure.draw([_open(figure, run) for run in runs])
    files = embed.draw(drawing.figure)
    if drawing.animation is not None:
        files["gif"] = drawing.animation
    contents = {suffix: embed.content(suffix, data) for suffix, data in files.items()}
    manifest = {
        **artifacts.manifest(recipe, inputs, clock, contents),
        "numbers": json.loads(json.dumps(drawing.numbers, default=float)),
        "chain": _chain(inputs),
    }
    stem.parent.mkdir(parents=True, exist_ok=True)
    for suffix, data in files.items():
        artifacts.write_bytes(stem.with_name(f"{stem.name}.{suffix}"), embed.insert(suffix, data, manifest))
    artifacts.write_text(stem.with_name(f"{stem.name}.json"), json.dumps(manifest, indent=1))
    text = Template(caption, undefined=StrictUndefined).render(manifest["numbers"])
    artifacts.write_text(stem.with_name(f"{stem.name}.rst"), text + "\n")


def _open(figure: Figure, run: Mapping[str, Any]) -> Run:
    return Run(
        experiment=run["experiment"],
        condition=Condition(**run["condition"]),
        varied=run["varied"],
        curves=artifacts.open_parts(run["trainings"]).load() if figure.reads_curves else None,
        measurements={name: artifacts.open_parts(parts).load() for name, parts in run["measurements"].items()},
        dataset=Path(run["dataset"]),
        trainings=tuple(Path(part) for part in run["trainings"]),
    )


def _chain(inputs: Iterable[Path]) -> dict[str, Any]:
    """The manifests of the inputs and, through the ids in them, of everything behind those."""
    chain: dict[str, Any] = {}
    waiting = [Path(folder) for folder in inputs]
    while waiting:
        folder = waiting.pop()
        manifest = artifacts.read_manifest(folder)
        if manifest["id"] not in chain:
            chain[manifest["id"]] = manifest
            results = folder.parent.parent
            waiting += [results / f"{stage}s" / id_ for stage, id_ in manifest["inputs"].items()]
    return chain
