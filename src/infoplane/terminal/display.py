"""A run in a terminal: a line with a bar for each running job, one for the whole, and what goes wrong."""

from __future__ import annotations

import logging
import threading
from logging import LogRecord
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from infoplane.cli.printing import duration
from infoplane.terminal import Work, expected
from infoplane.terminal.capture import Capture
from infoplane.terminal.run import Line, Run

BAR_WIDTH = 24
# What Snakemake says before each run, and what a failed job is followed by: of no use to who reads the line before.
CHATTER = (
    *("Assuming unrestricted", "Building DAG", "Conda environments: ignored", "Config file", "Provided", "Using shell"),
    *("Rules claiming", "host:", "None"),
)
ECHOES = ("RuleException:\nCalledProcessError", "WorkflowError:\nAt least one job did not complete")


class Display:
    """Takes Snakemake's records as they come; `close` leaves the terminal as it was, with a line on what came of it."""

    def __init__(self, show_failed_logs: bool = False) -> None:
        self._show_failed_logs = show_failed_logs
        self._console = Console(stderr=True, highlight=False)
        self._run: Run | None = None
        self._live: Live | None = None
        self._capture: Capture | None = None
        self._cores, self._interrupted, self._device = 1, False, ""
        self._lock = threading.RLock()  # records, refreshes and captured lines come from a thread each

    def take(self, record: LogRecord) -> None:
        """Show what a record says."""
        told = vars(record)
        with self._lock:
            match str(told.get("event") or ""):
                case "resources_info":
                    self._cores = told.get("cores") or told.get("nodes") or self._cores
                case "run_info":
                    self._begin(told["stats"])
                case "job_info":
                    self._job(told)
                case "job_finished" if self._run:
                    self._run.ends(told["job_id"])
                case "job_error" if self._run:
                    self._failed(told)
                case "error" | "":
                    self._say(record)

    def close(self) -> None:
        """Leave the terminal as it was, and say what is kept."""
        if self._live is None or self._capture is None or self._run is None:
            return
        self._capture.close()
        with self._lock:
            live, self._live = self._live, None
        live.stop()
        self._console.print(outcome(self._run, self._interrupted), soft_wrap=True)

    def _begin(self, stats: dict[str, Any]) -> None:
        total = stats.get("total", 0) - stats.get("all", 0)
        if self._run or not total:
            return
        self._run = Run(total, self._cores, _work())
        self._capture = Capture(self._line)
        self._console = Console(file=self._capture.terminal, force_terminal=True, highlight=False)
        self._live = Live(console=self._console, get_renderable=self._shown, refresh_per_second=2, transient=True)
        self._live.start()

    def _job(self, told: dict[str, Any]) -> None:
        if self._run and told["rule_name"] != "all":
            title = (told["rule_msg"] or told["rule_name"]).rpartition(": ")
            output, log = (next(iter(told[key]), None) for key in ("output", "log"))
            id_ = Path(output.partition(" (")[0]).name if output else ""
            self._run.begins(told["jobid"], id_, title[0] or title[2], Path(log) if log else None)

    def _failed(self, told: dict[str, Any]) -> None:
        if self._run and not self._interrupted:
            job = self._run.fails(told["jobid"])
            if job:
                self._console.print(Text(f"failed: {job.title}: log in {job.log}", "red"), soft_wrap=True)
            if self._show_failed_logs and job and job.log and job.log.exists():
                self._console.print(Text(job.log.read_text(errors="replace")), soft_wrap=True)

    def _say(self, record: LogRecord) -> None:
        """A message of Snakemake: all of them where nothing runs, else warnings and errors."""
        message = record.getMessage()
        if self._live and message.startswith("Terminating processes"):
            self._interrupted = True
            self._console.print("stopping: the jobs are being ended", soft_wrap=True)
        wanted = record.levelno >= logging.WARNING if self._run else not message.startswith(CHATTER)
        if wanted and message and not message.startswith(ECHOES):
            style = "red" if record.levelno >= logging.ERROR else ""
            self._console.print(Text(message, style), soft_wrap=True)

    def _line(self, line: str) -> None:
        """A line that a job has written; those of jobs that are being ended are no news."""
        with self._lock:
            if line and not self._interrupted:
                self._console.print(Text(line), soft_wrap=True)

    def _shown(self) -> Table:
        """What stands at the bottom of the terminal."""
        with self._lock:
            run = self._run
            if run is None:
                return Table.grid()
            if not self._device and (device := run.device()):
                self._device = device
                self._console.print(Text(f"trains on {device}"), soft_wrap=True)
            left = run.left()
            whole = Line(
                f"{run.done} of {run.total} jobs",
                run.done / run.total,
                f"about {duration(left)} left" if left is not None else "",
            )
            most = max(self._console.height - 2, 1)  # of the hundreds that a cluster may run
            return table([*run.lines()[:most], whole])


def table(lines: list[Line]) -> Table:
    """A row for each line: what it is, a bar, how it gets on."""
    rows = Table.grid(padding=(0, 1), expand=True)
    rows.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    rows.add_column(width=BAR_WIDTH)
    rows.add_column(no_wrap=True, justify="right", min_width=16)
    for line in lines:
        bar = ProgressBar(total=1.0, completed=line.done or 0.0, width=BAR_WIDTH, pulse=line.done is None)
        rows.add_row(Text(line.title), bar, Text(line.told))
    return rows


def outcome(run: Run, interrupted: bool) -> str:
    """What came of a run, and what is kept, in one line."""
    jobs = f"{run.done} of {run.total} jobs"
    if interrupted:
        return (
            f"stopped: {jobs} are done and kept, and a training goes on from its last snapshot; "
            "the same command goes on from here"
        )
    if run.done < run.total:
        return f"not all is made: {jobs} are done and kept; once the rest is mended, the same command goes on from here"
    return f"{jobs} in {duration(run.seconds())}: figures and verdicts are in results/"


def _work() -> Work:
    """What the run makes; without it there is no time left to be said, and all else is as ever."""
    try:
        return expected()
    except (ValueError, OSError):
        return Work()
