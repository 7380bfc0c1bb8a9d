"""What every job does around its stage's own work: lock, check, write whole, keep the manifest.

A stage is a function of a `Job`. It writes a store into the job's folder, or returns documents (name -> bytes), which
get their manifest inside.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infoplane import artifacts, code, contracts, embed, provenance, retention, seen, view
from infoplane.artifacts import Recipe
from infoplane.environment import environment
from infoplane.logs import logged


@dataclass(frozen=True)
class Job:
    """What a stage is handed: its parameters, the folders of its inputs by role, the folder to write into.

    `attributes` are those of the root of a store that it writes: stage, id, label and settings.
    """

    parameters: Mapping[str, Any]
    inputs: Mapping[str, Sequence[Path]]
    folder: Path
    attributes: Mapping[str, Any]

    def settings(self, *others: str) -> dict[str, Any]:
        """The parameters without some others that are not settings of the stage's section."""
        return {key: value for key, value in self.parameters.items() if key not in others}


Write = Callable[[Job], Mapping[str, bytes] | None]


def run(snakemake: Any, write: Write) -> None:
    """The job of a rule's script: what Snakemake says, made with `write`; errors are one line."""
    # Ctrl-C ends it at once, also within compiled code: there is nothing half-written to clear away. It goes on where
    # Snakemake does too, in the background of a script say.
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    with logged(snakemake.log[0]):
        params = snakemake.params
        output, release = Path(snakemake.output[0]), params.get("release")
        results = output.parents[2 if output.parent.name == retention.FOLDER else 1]
        recipe, label = params.order
        make(recipe, label, results, checked(write), keep=release is None or release.keep)
        if release:
            retention.release(results, *release)
        if shown := params.get("shown"):
            view.show(results, params.view, shown)


def checked(write: Write) -> Write:
    """A stage whose store is not kept if it is not what its readers need (`contracts.py`)."""

    def checking(job: Job) -> Mapping[str, bytes] | None:
        documents = write(job)
        try:
            contracts.check(job.attributes["stage"], job.parameters.get("kind"), job.folder, job.inputs)
        except ValueError as error:
            raise ValueError(f"{job.attributes['label']}: {error}") from None
        return documents

    return checking


def make(recipe: Recipe, label: str, results: Path, write: Write, keep: bool = True) -> None:
    """Make an artifact, unless it is there; another run that is making it is waited for.

    Without `keep` a training is made where its activations can be let go (`retention.py`).

    Raises:
        ValueError: the code or an input is not what the plan's id says.
    """
    place, inputs = results / recipe.place, folders(recipe, results)
    for folder in _by_id(inputs).values():
        artifacts.of_today(folder)
    with artifacts.held(results, recipe):
        target = retention.target(results, recipe, keep)
        if target is not None:
            artifacts.remove(target)
            made = _make(recipe, label, results, inputs, write, target)
        if recipe.stage == "training":
            retention.drop_checkpoint(results, recipe.id)
        if target is not None:
            seen.note(target, made)  # not before: a file that loses its second name is another to `seen`
            if target != place:
                retention.complete(place)


def _make(
    recipe: Recipe, label: str, results: Path, inputs: Mapping[str, Sequence[Path]], write: Write, target: Path
) -> Mapping[str, str]:
    """Make an artifact whose lock is held, in `target`; the digests of its files, by name."""
    clock = artifacts.Clock()
    check_code(recipe)
    read = {id_: artifacts.checked(folder, seen.known(folder)) for id_, folder in _by_id(inputs).items()}
    with artifacts.staged(target) as folder:
        parameters = {key: value for key, value in recipe.parameters.items() if key != "environment"}
        about = {"stage": recipe.stage, "id": recipe.id, "label": label, "settings": parameters}
        documents = write(Job(parameters, inputs, folder, about))
        check_code(recipe)
        manifest = {
            **recipe.to_json(),
            "label": label,
            "input_contents": {id_: manifest["content"] for id_, manifest in read.items()},
            "environment": environment(),
            **clock.read(),
        }
        _seal(folder, manifest, documents, read, results)
        if target != results / recipe.place:
            retention.agree(folder, results / recipe.place)
    return manifest["files"]


def _seal(
    folder: Path,
    manifest: dict[str, Any],
    documents: Mapping[str, bytes] | None,
    read: Mapping[str, Any],
    results: Path,
) -> None:
    """Write the documents, their manifest inside, and the artifact's manifest."""
    if documents is None:
        manifest["content"] = manifest["files"] = artifacts.files(folder)
    else:
        carrying = {name: data for name, data in documents.items() if embed.carries(name)}
        manifest |= embed.describe(carrying)
        inside = {**manifest, "chain": provenance.chain(read, results)}
        for name, data in documents.items():
            whole = embed.insert(embed.suffix(name), data, inside) if name in carrying else data
            (folder / name).write_bytes(whole)
        manifest["files"] = artifacts.files(folder)
    (folder / artifacts.MANIFEST).write_text(json.dumps(manifest, indent=1))


def folders(recipe: Recipe, results: Path) -> dict[str, list[Path]]:
    """The folders of a recipe's inputs, by role, which is the stage that made them; what is measured is there whole."""
    found = {
        role: [results / artifacts.FOLDERS[role] / i for i in ([ids] if isinstance(ids, str) else ids)]
        for role, ids in recipe.inputs.items()
    }
    if recipe.stage == "measurement" and "training" in found:
        found["training"] = [retention.whole(folder) for folder in found["training"]]
    return found


def _by_id(inputs: Mapping[str, Sequence[Path]]) -> dict[str, Path]:
    return {folder.name: folder for parts in inputs.values() for folder in parts}


def check_code(recipe: Recipe) -> None:
    """The id must be true when the job runs: ValueError if the code on disk is not the planned one."""
    code.forget()
    if code.digest(*recipe.roots) != recipe.code:
        raise ValueError(
            f"the code of {recipe.place} was edited since this run was planned, so nothing is kept under that id; "
            "run again"
        )
