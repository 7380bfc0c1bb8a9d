"""Activations that are let go: nearly all bytes of a training, and of no use once all that is asked of it is measured.

With `keep_activations: false` a training is made whole in `trainings/activations/<id>`; its place `trainings/<id>` has
the same store without the activations, and a manifest whose `files` are those that are there and whose `content` is
still that of the whole. When the last of its measurements is made, the whole goes. A measurement that is missing later
has it made again, and only the recorded bytes are taken, under the recorded manifest: nothing else that was made of it
can tell.
"""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from infoplane import artifacts
from infoplane.artifacts import MANIFEST, Recipe

if TYPE_CHECKING:
    from infoplane.plan import Artifact

FOLDER = "activations"  # beside the trainings, so on their disk
CHECKPOINTS = "checkpoints"  # a folder for each training that is not made yet
STORE = "training.zarr.zip"
ACTIVATION = re.compile(r"layer_\d+/activation/.*")


class Release(NamedTuple):
    """What is to become of a training's activations: `readers` are the ids of the measurements that need them."""

    training: str
    readers: Sequence[str]
    keep: bool


def is_let_go(manifest: Mapping[str, Any]) -> bool:
    """Whether a manifest is that of a training without its activations."""
    files, content = manifest["files"], manifest["content"]
    return manifest["stage"] == "training" and files != content and files.keys() == content.keys()


def has_let_go(place: Path) -> bool:
    """Whether a training is there without its activations."""
    try:
        return is_let_go(artifacts.read_manifest(place))
    except ValueError:
        return False


def spare(place: Path) -> Path:
    """Where the whole of a training is while it is needed."""
    return place.parent / FOLDER / place.name


def whole(place: Path) -> Path:
    """Where a training that is to be measured lies.

    Raises:
        ValueError: its activations are not there.
    """
    if (spare(place) / MANIFEST).is_file():
        return spare(place)
    if has_let_go(place):
        raise ValueError(
            f"{place}: its activations were let go (keep_activations); a run makes them again for what is measured new"
        )
    return place


def again(planned: Iterable[Artifact], results: Path) -> set[str]:
    """The ids of the trainings without activations that a measurement of `planned` which is missing reads."""
    missing = [a for a in planned if a.stage == "measurement" and not artifacts.is_there(results, a.recipe)]
    read = {part.id: results / part.place for one in missing for part in one.inputs if part.stage == "training"}
    return {id_ for id_, place in read.items() if has_let_go(place) and not (spare(place) / MANIFEST).is_file()}


def readers(planned: Iterable[Artifact]) -> dict[str, list[str]]:
    """The ids of the measurements that read a training, by its id."""
    found: dict[str, list[str]] = {}
    for artifact in planned:
        for part in artifact.inputs:
            if artifact.stage == "measurement" and part.stage == "training":
                found.setdefault(part.id, []).append(artifact.id)
    return found


def target(results: Path, recipe: Recipe, keep: bool) -> Path | None:
    """Where an artifact is to be made, by who holds its lock; None if it is there, with its activations."""
    place = results / recipe.place
    if recipe.stage != "training":
        return None if artifacts.is_there(results, recipe) else place
    complete(place)
    if is_whole(place):
        return None
    return spare(place) if artifacts.is_there(results, recipe) or not keep else place


def is_whole(place: Path) -> bool:
    """Whether a training is there with its activations."""
    return (spare(place) / MANIFEST).is_file() or ((place / MANIFEST).is_file() and not has_let_go(place))


def drop_checkpoint(results: Path, id_: str) -> None:
    """Remove the checkpoint of a training that is there whole."""
    if is_whole(results / artifacts.FOLDERS["training"] / id_):
        shutil.rmtree(results / CHECKPOINTS / id_, ignore_errors=True)


def told(manifests: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """A line on the trainings of `manifests` without their activations, where there are some."""
    if number := sum(map(is_let_go, manifests)):
        are = "1 training is" if number == 1 else f"{number} trainings are"
        yield f"{are} there without activations: these were let go (keep_activations) and are re-derivable"


def agree(made: Path, place: Path) -> None:
    """Give a training that was made again, in `made`, the manifest that it had.

    Raises:
        ValueError: it has other bytes than were let go.
    """
    if not (place / MANIFEST).is_file():
        return
    before, now = artifacts.read_manifest(place), artifacts.read_manifest(made)
    if now["content"] != before["content"]:
        raise ValueError(
            f"{place}: made again, it has other bytes than were let go and measured: other packages, or another "
            f"processor (`infoplane audit` says which); remove {place} and the measurements of it to have all of now"
        )
    _write(made, {**before, "files": now["files"]})


def complete(place: Path) -> None:
    """Fill a training's place from the whole, where there is only that (after a kill, too)."""
    if (spare(place) / MANIFEST).is_file() and not (place / MANIFEST).is_file():
        artifacts.remove(place)
        with artifacts.staged(place) as folder:
            _without_activations(spare(place), folder)


def release(results: Path, training: str, needing: Sequence[str], keep: bool) -> bool:
    """Let the activations of a training go once all that needs them is there, or keep them in its place.

    Whether anything of that was to do; nothing is if the training, or a measurement of it, is not made yet.
    """
    place = results / artifacts.FOLDERS["training"] / training
    if not _is_due(place, keep) or not all(_is_measured(results, id_) for id_ in needing):
        return False
    with artifacts.lock(results / ".locks" / training):
        if not _is_due(place, keep):
            return False
        complete(place)
        if has_let_go(place) and keep:
            artifacts.remove(place)
            spare(place).rename(place)
        elif not keep and not has_let_go(place):
            spare(place).parent.mkdir(exist_ok=True)
            with artifacts.staged(place) as folder:
                _without_activations(place, folder)
                artifacts.remove(spare(place))
                place.rename(spare(place))  # a kill from here on leaves the whole, which fills the place again
        artifacts.remove(spare(place))
    return True


def _is_due(place: Path, keep: bool) -> bool:
    if (spare(place) / MANIFEST).is_file():
        return True
    return not keep and (place / MANIFEST).is_file() and not has_let_go(place)


def _is_measured(results: Path, id_: str) -> bool:
    return (results / artifacts.FOLDERS["measurement"] / id_ / MANIFEST).is_file()


def _without_activations(whole: Path, folder: Path) -> None:
    """Write into `folder` what stays of a training: all but its activations, byte for byte."""
    from infoplane import stores  # Zarr, which a plan does without

    try:
        with zipfile.ZipFile(whole / STORE) as found, zipfile.ZipFile(folder / STORE, "w") as kept:
            for name in found.namelist():
                if not ACTIVATION.fullmatch(name):
                    kept.writestr(stores.member(name), found.read(name))
    except stores.DAMAGE as error:
        raise ValueError(f"{whole / STORE}: damaged ({error}); remove {whole} and run again") from error
    manifest = artifacts.read_manifest(whole)
    _write(folder, {**manifest, "files": artifacts.files(folder)})


def _write(folder: Path, manifest: Mapping[str, Any]) -> None:
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1))
