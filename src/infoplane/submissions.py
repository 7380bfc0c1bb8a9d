"""A run on Slurm that is interrupted: nothing that it has submitted runs on, and it ends within seconds.

Left alone, the executor plugin of Snakemake cancels only what it is not asking Slurm about at that moment, goes on to
submit what is in its queue, and ends when its next question is due, up to three minutes later; a second Ctrl-C is a
traceback.
"""

from __future__ import annotations

import asyncio
import signal
import subprocess
import time
from typing import Any

PATIENCE = 60  # seconds that `scancel` may take
NOTICES = 0.5  # seconds until an end is noticed


def make_interruptible() -> None:
    """Have the plugin, if it is installed, end so."""
    from snakemake_interface_executor_plugins.registry import ExecutorPluginRegistry

    registry = ExecutorPluginRegistry()
    if registry.is_installed("slurm"):
        plugin = registry.get_plugin("slurm")
        if plugin.executor.__module__ != __name__:
            plugin.executor = interruptible(plugin.executor)


def interruptible(executor: type) -> type:
    """The plugin's executor, which ends so."""

    class Executor(executor):
        def run_job(self, job: Any) -> None:
            if self.wait:  # it may have been in a queue
                super().run_job(job)

        async def sleep(self) -> None:
            until = time.monotonic() + self.next_seconds_between_status_checks
            while self.wait and time.monotonic() < until:
                await asyncio.sleep(NOTICES)

        def cancel(self) -> None:
            before = signal.signal(signal.SIGINT, signal.SIG_IGN)
            self.wait = False
            try:
                super().cancel()
                cancel(self.run_uuid)  # what was asked about meanwhile, or being submitted
            finally:
                signal.signal(signal.SIGINT, before)
            self.logger.info(
                "stopped: what was submitted is cancelled; what is done is kept, and the same command goes on from here"
            )

    return Executor


def cancel(name: str) -> None:
    """Cancel all of the user's submissions of a name, which those of a run share.

    Raises:
        WorkflowError: Slurm does not do so; one line.
    """
    from snakemake.exceptions import WorkflowError

    command = ["scancel", f"--name={name}"]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=PATIENCE)
    except (OSError, subprocess.SubprocessError) as error:
        why = str(getattr(error, "stderr", None) or error).strip().replace("\n", "; ")
        raise WorkflowError(f"what was submitted may run on; `{' '.join(command)}` cancels it: {why}") from None
