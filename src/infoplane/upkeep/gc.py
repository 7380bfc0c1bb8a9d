"""What may go from results/: what no config asks for, and what killed runs left.

An artifact is made again if a config asks for it, so nothing is lost but time. What a running job is making stays; what
it reads does not, so configs that are run meanwhile should be named.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from infoplane import artifacts, retention
from infoplane.upkeep import holdings

SHOWN = {artifacts.FOLDERS[stage] for stage in ("figure", "verdict", "page", "explorer")}


@dataclass(frozen=True)
class Waste:
    """A folder or file that is not needed, why, and its size in bytes."""

    path: Path
    why: str
    bytes: int

    @property
    def was_shown(self) -> bool:
        """Whether names in the view may show it."""
        return self.path.parent.name in SHOWN

    def to_json(self) -> dict[str, str | int]:
        """Plain values."""
        return {"place": str(self.path), "why": self.why, "bytes": self.bytes}


def waste(results: Path, needed: Collection[str]) -> list[Waste]:
    """What under `results` is not an artifact with an id of `needed`, and not needed to make one.

    Logs, the view and files of others are no waste. Links, also of a whole stage's folder, are not followed.

    Raises:
        ValueError: there is no results folder.
    """
    locks = results / holdings.LOCKS
    held = [h for h in holdings.held(results) if not h.is_linked and not holdings.is_held(locks / h.id)]
    found = [(holding.path, f"{holding.stage} that no config asks for") for holding in held if holding.id not in needed]
    found += [(path, "left by a killed job") for path in holdings.left_over(results) if not path.parent.is_symlink()]
    is_elsewhere = (results / artifacts.FOLDERS["training"]).is_symlink()
    for whole in [] if is_elsewhere else holdings.wholes(results):
        if not whole.is_linked and whole.id not in needed and not holdings.is_held(locks / whole.id):
            found.append((whole.path, "activations of a training that no config asks for"))
    pulled = holdings.entries(results / holdings.PULLED)
    found += [(path, "left by a pull") for path in pulled if not holdings.is_held(locks / path.name)]
    for checkpoint in holdings.checkpoints(results):
        if checkpoint.is_linked or holdings.is_held(checkpoint.path / "lock"):
            continue
        if retention.is_whole(results / artifacts.FOLDERS["training"] / checkpoint.id):
            found.append((checkpoint.path, "checkpoint of a training that is made"))
        elif checkpoint.id not in needed:
            found.append((checkpoint.path, "checkpoint of a training that no config asks for"))
    return [Waste(path, why, holdings.size(path)) for path, why in found]


def remove(results: Path, found: Collection[Waste]) -> None:
    """Remove what `waste` found: each moves aside first, so that a kill leaves nothing in place in part.

    Raises:
        OSError: something cannot be removed.
    """
    for item in found:
        with artifacts.lock(results / holdings.LOCKS / item.path.name):
            if item.path.is_dir():
                artifacts.remove(item.path)
            else:
                item.path.unlink(missing_ok=True)
