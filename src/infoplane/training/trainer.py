"""`train`: one job, from a condition and its dataset to training.zarr.zip, resumable after any kill."""

from __future__ import annotations

import hashlib
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from infoplane.condition import Condition
from infoplane.training.backend import settle
from infoplane.training.background import Background
from infoplane.training.checkpoint import Checkpoint
from infoplane.training.engine import Engine, State
from infoplane.training.engines import engine_of
from infoplane.training.observation import Observer, layers
from infoplane.training.schedule import snapshot_epochs
from infoplane.training.store import CURVES, SQUARED, Store

REPORT_SECONDS = 5.0
CALL_SECONDS = 1.0  # of epochs in one call of the compiled loop: bounds the wait for a report or an interrupt
RECENT_CALLS = 30  # over which progress is averaged


def train(
    condition: Condition,
    dataset: xr.Dataset,
    replicates: range,
    store: Path,
    checkpoint: Path,
    report: Callable[[str], None] = print,
    attributes: Mapping[str, Any] | None = None,
    programs: Path | None = None,
) -> None:
    """Train `replicates` of a condition and write them to `store` (training.zarr.zip: the data model is in the docs).

    `dataset` has x, label (or target) and order (docs: the data model). `checkpoint` is a folder for this job alone,
    outside the artifact: a killed job finds there what it needs to go on, and the result has the same bytes as without
    the kill. The caller removes it, once the store is safe. `report` receives progress, one line at a time;
    `attributes` are written as the store's own, values as JSON has them. `programs`, a folder, is where compiled
    programs are looked for, and new ones left. Raises ValueError for what the condition or the dataset do not allow, if
    all replicates diverge or if another run holds the checkpoint, OSError if the store cannot be written; each says in
    one line what to do.
    """
    settle(condition.portable, programs)
    with _one_line(checkpoint), Checkpoint(checkpoint) as saved:
        epochs = snapshot_epochs(condition.epochs, condition.snapshots)
        if Path(store).exists():
            raise ValueError(f"{store}: exists already")
        engine = engine_of(condition, dataset, replicates)
        curves = SQUARED if engine.regression else CURVES
        done = saved.begin(_signature(condition, dataset, replicates))
        target = Store(saved.store, layers(engine), replicates, epochs, len(engine.x), condition.precision, curves)
        with Background() as later:
            _run(engine, target, saved, later, done, report)
        target.finish(len(epochs), saved.load, attributes)
        saved.release(Path(store))


def _run(
    engine: Engine,
    store: Store,
    saved: Checkpoint,
    later: Background,
    done: int,
    report: Callable[[str], None],
) -> None:
    observer, epochs = Observer(engine, store, later), [int(e) for e in store.epochs]
    store.create()
    if done:
        states = _restore(engine, saved, done - 1)
        report(f"goes on from epoch {epochs[done - 1]} of {epochs[-1]}")
    else:
        states = engine.start()
    epoch = epochs[max(done - 1, 0)]
    divergence, progress = _Divergence(engine, report), _Progress(epoch, epochs[-1], report)
    for snapshot, target in list(enumerate(epochs))[done:]:
        while epoch < target:
            later.check()
            stop = min(target, epoch + progress.epochs_per_call())
            states = engine.run(states, epoch, stop)
            divergence.check(engine.diverged(states))
            epoch = stop
            progress.at(epoch)
        arrays = observer.observe(snapshot, epoch, states)
        divergence.check(arrays["diverged_epoch"])
        diverged = [arrays["diverged_epoch"][block] for block in engine.blocks]
        states = [state._replace(diverged=now) for state, now in zip(states, diverged, strict=True)]
        slots = {f"slot_{b}_{n}": np.asarray(s) for b, state in enumerate(states) for n, s in enumerate(state.slots)}
        later(saved.save, snapshot, {**arrays, **slots})


def _restore(engine: Engine, saved: Checkpoint, snapshot: int) -> list[State]:
    """Return the blocks' states at a saved snapshot."""
    numbers = range(1, len(engine.initial) // 2 + 1)
    weights = [saved.load(snapshot, f"layer_{n}/{part}") for n in numbers for part in ("weight", "bias")]
    diverged = saved.load(snapshot, "diverged_epoch")
    states = []
    for number, (block, fresh) in enumerate(zip(engine.blocks, engine.start(), strict=True)):
        slots = [saved.load(snapshot, f"slot_{number}_{n}") for n in range(len(fresh.slots))]
        states.append(engine.resume([w[block] for w in weights], slots, diverged[block]))
    return states


class _Divergence:
    """Names the replicates that diverge, once each, and ends a job of which none is left."""

    def __init__(self, engine: Engine, report: Callable[[str], None]):
        self.engine, self.report = engine, report
        self.named: set[int] = set()

    def check(self, diverged: np.ndarray) -> None:
        """Report what is new in `diverged` (replicate,); ValueError if all replicates have diverged."""
        for replicate, epoch in zip(self.engine.replicates, diverged, strict=True):
            if epoch >= 0 and replicate not in self.named:
                self.named.add(replicate)
                self.report(f"replicate {replicate} diverged in epoch {epoch}: its weights or its loss are not finite")
        if (diverged >= 0).all():
            condition = self.engine.condition
            raise ValueError(
                f"all {len(diverged)} replicates diverged by epoch {diverged.max()}: "
                f"lower learning_rate ({condition.learning_rate}) or initializer_scale ({condition.initializer_scale})"
            )


class _Progress:
    """Progress lines, and how many epochs fit in one call of the compiled loop."""

    def __init__(self, first: int, last: int, report: Callable[[str], None]):
        self.epoch, self.last, self.report = first, last, report
        self.called = self.told = time.monotonic()
        self.ends: deque[tuple[float, int]] = deque(maxlen=RECENT_CALLS)  # (time, epoch) of the calls so far
        self.fit = 1
        report(f"epoch {first}/{last}")

    def epochs_per_call(self) -> int:
        """Epochs for the next call: about CALL_SECONDS of them."""
        self.called = time.monotonic()
        return self.fit

    def at(self, epoch: int) -> None:
        """Take note of a finished call; the rate counts from the end of the first call, which compiles."""
        now = time.monotonic()
        done, self.epoch = epoch - self.epoch, epoch
        self.fit = max(1, min(2 * self.fit, round(done * CALL_SECONDS / max(now - self.called, 1e-6))))
        self.ends.append((now, epoch))
        if now - self.told < REPORT_SECONDS and epoch < self.last:
            return
        self.told, (since, earlier) = now, self.ends[0]
        rate = (epoch - earlier) / max(now - since, 1e-6)
        speed = f", {rate:.3g} epochs/s" if rate else ""
        left = f", {(self.last - epoch) / rate:.0f} s left" if rate and epoch < self.last else ""
        self.report(f"epoch {epoch}/{self.last}{speed}{left}")


@contextmanager
def _one_line(path: Path) -> Iterator[None]:
    """Turn a failed write (a full disk, say) into one line that says what remains."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise OSError(f"cannot write {path}: {reason}; once that is mended, the job goes on from there") from error


def _signature(condition: Condition, dataset: xr.Dataset, replicates: range) -> str:
    """A digest of what the job is: a checkpoint of another job is not continued."""
    digest = hashlib.sha256(f"{condition.model_dump_json()} {list(replicates)}".encode())
    for name in ("x", "target" if "target" in dataset else "label", "order"):
        digest.update(np.ascontiguousarray(dataset[name].values).tobytes())
    return digest.hexdigest()
