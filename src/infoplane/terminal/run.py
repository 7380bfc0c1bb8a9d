"""The state of a run: what is being made, how far it is, and how long the rest takes."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from infoplane.terminal import Work
from infoplane.upkeep.forecast import makespan

# The lines of training/trainer.py.
EPOCH = re.compile(r"epoch (\d+)/(\d+)(?:, (\S+) epochs/s)?(?:, (\d+) s left)?$", re.MULTILINE)
DEVICE = re.compile(r"^\S+ trains on (.+)$", re.MULTILINE)
ENDS_OF_LOG = 4096  # bytes
SLOWEST, FASTEST = 20.0, 0.05  # than expected: what is beyond is no measure of anything


@dataclass(frozen=True)
class Job:
    """A job that runs: the id of what it makes, what it is called, its log, and when it began."""

    id: str
    title: str
    log: Path | None
    began: float


@dataclass(frozen=True)
class Line:
    """What is to be said of a running job: the share that is done (None: unknown), and how it gets on, in words."""

    title: str
    done: float | None
    told: str


class Run:
    """The jobs of a run, `total` of them on so many `cores`, as they begin and end."""

    def __init__(self, total: int, cores: int, work: Work, clock: Callable[[], float] = time.monotonic) -> None:
        self.total, self.cores, self.work, self._clock = total, cores, work, clock
        self.done, self.failed = 0, 0
        self._running: dict[int, Job] = {}
        self._ended: set[str] = set()
        self._took: dict[str, list[tuple[float, float]]] = {}  # by stage: seconds, and those that were expected
        self._stages = {artifact.id: artifact.stage for artifact in work.todo}
        self.began = clock()

    def begins(self, number: int, id_: str, title: str, log: Path | None) -> None:
        """A job begins; Snakemake knows it by its number."""
        self._running[number] = Job(id_, title, log, self._clock())

    def ends(self, number: int) -> None:
        """A job is done."""
        job = self._running.pop(number, None)
        if job is not None:
            self.done += 1
            self._ended.add(job.id)
            if job.id in self._stages:
                times = (self._clock() - job.began, self.work.seconds[job.id])
                self._took.setdefault(self._stages[job.id], []).append(times)

    def fails(self, number: int) -> Job | None:
        """A job has failed: which."""
        self.failed += 1
        return self._running.pop(number, None)

    def seconds(self) -> float:
        """How long it has taken so far."""
        return self._clock() - self.began

    def device(self) -> str | None:
        """What the trainings run on, as soon as one has said so."""
        told = (DEVICE.search(_read(job.log, 0)) for job in self._running.values())
        return next((found[1] for found in told if found), None)

    def lines(self) -> list[Line]:
        """What is to be said of each running job, the oldest first."""
        return [self._line(job) for job in self._running.values()]

    def left(self) -> float | None:
        """Seconds until all is made, None if that cannot be said."""
        running = {job.id: self._seconds_left(job, _progress(job.log)) for job in self._running.values()}
        todo = [artifact for artifact in self.work.todo if artifact.id not in self._ended]
        todo.sort(key=lambda artifact: artifact.id not in running)  # they hold the cores
        seconds = {}
        for artifact in todo:
            expected = self.work.seconds[artifact.id] * self._slower(artifact.stage)
            found = running.get(artifact.id)
            seconds[artifact.id] = expected if found is None else found
        return makespan(todo, seconds, self.cores) if todo else None

    def _line(self, job: Job) -> Line:
        progress, spent = _progress(job.log), self._clock() - job.began
        if progress is not None:
            epoch, last, speed, left = progress
            told = [f"epoch {epoch}/{last}", f"{speed} epochs/s" if speed else "", f"{left} s left" if left else ""]
            return Line(job.title, int(epoch) / max(int(last), 1), ", ".join(filter(None, told)))
        seconds = self._seconds_left(job, None)
        if not seconds:  # unknown, or it takes longer than expected
            return Line(job.title, None, f"{spent:.0f} s")
        return Line(job.title, spent / (spent + seconds), f"about {seconds:.0f} s left")

    def _seconds_left(self, job: Job, progress: tuple[str, ...] | None) -> float | None:
        """By its own word, else as expected less what is spent; None where nothing is known."""
        if progress is not None and progress[3]:
            return float(progress[3])
        if job.id not in self._stages:
            return None
        expected = self.work.seconds[job.id] * self._slower(self._stages[job.id])
        return max(expected - (self._clock() - job.began), 0.0)

    def _slower(self, stage: str) -> float:
        """How many times as long as expected the jobs of a stage have taken in this run."""
        took = self._took.get(stage, [])
        ratio = sum(seconds for seconds, _ in took) / max(sum(expected for _, expected in took), 1e-9) if took else 1.0
        return min(max(ratio, FASTEST), SLOWEST)


def _progress(log: Path | None) -> tuple[str, ...] | None:
    """Epoch, last epoch, epochs/s and seconds left, as the log says last; None if it says nothing of the kind."""
    found = EPOCH.findall(_read(log, -ENDS_OF_LOG))
    return found[-1] if found else None


def _read(log: Path | None, start: int) -> str:
    """Some of a log from `start`, from its end if that is negative; nothing where it cannot be read."""
    try:
        if log is None:
            return ""
        with log.open("rb") as stream:
            stream.seek(max(0, log.stat().st_size + start) if start < 0 else start)
            return stream.read(ENDS_OF_LOG).decode(errors="replace")
    except OSError:
        return ""
