"""Jobs that are forked from a warm process: the same bytes as cold ones, and nothing is left of it."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from .test_run import contents

PATIENCE = 120
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="jobs start warm on Linux")


def servers(of: psutil.Process) -> list[psutil.Process]:
    """The process, if there is one, that a run forks its jobs from."""
    return [child for child in of.children() if "multiprocessing.forkserver" in " ".join(child.cmdline())]


def begun(project) -> psutil.Process:
    command = [str(Path(sys.executable).with_name("snakemake")), "--cores", "2"]
    environment = {**os.environ, "PYTHONPATH": str(project.folder / "src")}
    return psutil.Popen(
        command, cwd=project.folder, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )


def until(what) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not (found := what()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return bool(found)


def test_cold_jobs_make_the_same_bytes(finished, project):
    """Another program than `snakemake` forks nothing: what it is, the forked jobs would have to find out by running it."""
    shutil.rmtree(project.folder / "results")
    cold = "from snakemake.cli import main; main(['--cores', '2'])"
    done = project.run("python", "-c", cold)
    assert done.returncode == 0, done.stderr
    assert contents(project.folder) == contents(finished.folder)


def test_the_warm_process_ends_with_its_run_also_after_kill_9(project):
    shutil.rmtree(project.folder / "results")
    run = begun(project)
    assert until(lambda: servers(run))
    server = servers(run)[0]
    assert until(lambda: list(project.folder.glob("results/checkpoints/*/*")))
    assert server.children(), "the training is a child of it"
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    assert until(lambda: not server.is_running() or server.status() == psutil.STATUS_ZOMBIE)


def test_where_all_is_made_nothing_is_warmed_up(project):
    run = begun(project)
    seen = []
    while run.poll() is None:
        seen += servers(run)
        time.sleep(0.02)
    assert run.returncode == 0
    assert seen == []


def test_a_job_that_is_killed_is_said(project):
    shutil.rmtree(project.folder / "results")
    run = begun(project)
    assert until(lambda: list(project.folder.glob("results/checkpoints/*/*")))
    for job in servers(run)[0].children():
        job.kill()
    assert run.wait(PATIENCE) != 0
    assert not list(project.folder.glob("results/trainings/[0-9a-f]*"))
