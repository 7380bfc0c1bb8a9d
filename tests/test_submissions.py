"""A run on Slurm that is interrupted, without Slurm; tests/cluster has the real one."""

import asyncio
import logging
import os
import signal

import pytest
from snakemake.exceptions import WorkflowError

from infoplane import submissions


class Plugin:
    """As much of the executor plugin as is changed; it asks Slurm once in an hour."""

    run_uuid, next_seconds_between_status_checks, logger = "a-run", 3600.0, logging.getLogger("infoplane")

    def __init__(self):
        self.wait, self.ran = True, []

    def run_job(self, job):
        self.ran.append(job)

    def cancel(self):
        signal.raise_signal(signal.SIGINT)  # the second Ctrl-C
        self.run_job("queued")


@pytest.fixture
def executor():
    """In a process that Ctrl-C interrupts, as Snakemake's; a job's own code may have been run here before."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield submissions.interruptible(Plugin)()
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def scancel(tmp_path, monkeypatch):
    """A `scancel` that writes down what it is told, and ends with a text and a code."""

    def ends(text="", code=0):
        program = tmp_path / "scancel"
        program.write_text(f'#!/bin/sh\necho "$@" > "{tmp_path}/told"\necho "{text}" >&2\nexit {code}\n')
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
        return tmp_path / "told"

    return ends


def test_all_submissions_are_cancelled_and_those_in_the_queue_are_not_made(executor, scancel, caplog):
    caplog.set_level("INFO")
    told = scancel()
    executor.run_job("before")
    executor.cancel()
    assert executor.ran == ["before"]
    assert told.read_text() == "--name=a-run\n"
    assert caplog.messages[-1].startswith("stopped: what was submitted is cancelled; what is done is kept")
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_it_does_not_wait_for_its_next_question(executor):
    async def ends():
        sleeps = asyncio.ensure_future(executor.sleep())
        await asyncio.sleep(0.1)
        assert not sleeps.done()
        executor.wait = False
        await asyncio.wait_for(sleeps, timeout=5)

    asyncio.run(ends())


def test_a_slurm_that_does_not_cancel_is_one_line(executor, scancel):
    scancel("scancel: error: Unable to contact\nslurm controller", code=1)
    with pytest.raises(WorkflowError) as told:
        executor.cancel()
    assert "what was submitted may run on; `scancel --name=a-run` cancels it: scancel: error: Unable" in str(told.value)
    assert "\n" not in str(told.value)
