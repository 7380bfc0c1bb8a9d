"""What lies under results/: artifacts, checkpoints, and what killed writers left.

The folders of stages and artifacts may be links to another disk; within an artifact no link is followed.
"""

from __future__ import annotations

import fcntl
import os
import platform
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from infoplane import artifacts, retention, seen

ID = re.compile(r"[0-9a-f]{12}")
STAGED = re.compile(r"\..+\.\d+")  # of `artifacts.staged` and `artifacts.write_bytes`: .NAME.HOST.PROCESS
WHOLES = f"{artifacts.FOLDERS['training']}/{retention.FOLDER}"  # trainings whose activations go when all is measured
PULLED = "pulled"  # what is on its way from a remote, by id
LOCKS = ".locks"
ELSEWHERE_SECONDS = 24 * 3600  # after which a writer on another host, that changes nothing, counts as gone


@dataclass(frozen=True)
class Holding:
    """The folder of an artifact."""

    stage: str
    id: str
    path: Path

    @property
    def is_linked(self) -> bool:
        """Whether it is elsewhere than under results/."""
        return self.path.is_symlink() or self.path.parent.is_symlink()


def held(results: Path) -> list[Holding]:
    """The folders of artifacts, by stage and id.

    Raises:
        ValueError: there is no results folder.
    """
    if not results.is_dir():
        raise ValueError(f"{results}: there is no such folder")
    found = []
    for stage in artifacts.STAGES:
        for path in entries(results / artifacts.FOLDERS[stage]):
            if ID.fullmatch(path.name) and path.is_dir():
                found.append(Holding(stage, path.name, path))
    return found


def strays(results: Path) -> list[Path]:
    """What is in the folders of artifacts and is none, nor being written; files in figures/ are the view's."""
    left = {*left_over(results), results / WHOLES}
    return [
        path
        for stage in artifacts.STAGES
        for path in entries(results / artifacts.FOLDERS[stage])
        if path not in left
        and path.name != seen.NOTES
        and not (ID.fullmatch(path.name) and path.is_dir())
        and not STAGED.fullmatch(path.name)
        and not (stage == "figure" and path.is_file())
    ]


def left_over(results: Path) -> list[Path]:
    """What killed writers left beside the places that they wrote to."""
    folders = (results, results / WHOLES, *(results / folder for folder in artifacts.FOLDERS.values()))
    return [path for folder in folders for path in entries(folder) if _is_left(path)]


def _is_left(path: Path) -> bool:
    if not STAGED.fullmatch(path.name) or path.is_symlink():
        return False
    name, _, process = path.name.rpartition(".")
    if name.endswith(f".{platform.node()}"):
        return not psutil.pid_exists(int(process))
    return time.time() - _last_change(path) > ELSEWHERE_SECONDS


def _last_change(path: Path) -> float:
    """The latest time (s) at which anything in a folder was written."""
    return max(found.lstat().st_mtime for found in (path, *path.rglob("*")))


def wholes(results: Path) -> list[Holding]:
    """The trainings whose activations are there until all is measured."""
    paths = entries(results / WHOLES)
    return [Holding("training", path.name, path) for path in paths if ID.fullmatch(path.name) and path.is_dir()]


def checkpoints(results: Path) -> list[Holding]:
    """The checkpoints of trainings, by the training's id."""
    return [
        Holding("training", path.name, path)
        for path in entries(results / retention.CHECKPOINTS)
        if ID.fullmatch(path.name) and path.is_dir()
    ]


def is_held(lock: Path) -> bool:
    """Whether a process holds a lock file."""
    try:
        opened = os.open(lock, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(opened)
    return False


def entries(folder: Path) -> list[Path]:
    """What is in a folder, sorted; nothing if it is none."""
    return sorted(folder.iterdir()) if folder.is_dir() else []


def files(folder: Path) -> Iterator[Path]:
    """All files in a folder, and all links."""
    for place, folders, names in os.walk(folder):
        links = [name for name in folders if Path(place, name).is_symlink()]
        yield from (Path(place, name) for name in (*names, *links))


def size(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    if path.is_dir():
        return sum(file.lstat().st_size for file in files(path))
    return path.lstat().st_size
