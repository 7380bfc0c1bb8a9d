"""`kill -9` at any moment loses nothing: whatever is in its place is whole, and the next run makes the same bytes.

pytest -n 0 tests/faults/test_kills.py                     the moments that once went wrong
pytest -n 0 tests/faults/test_kills.py --campaign 50       50 moments, spread over a run from nothing
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest
from tests.workflow.conftest import finished, project
from tests.workflow.test_run import contents

__all__ = ["finished", "project"]

PATIENCE = 300  # seconds


def begun(project) -> subprocess.Popen:
    """A run in a group of processes of its own."""
    environment = {**os.environ, "PYTHONPATH": str(project.folder / "src")}
    command = [str(os.path.join(os.path.dirname(sys.executable), "snakemake")), "--cores", "2"]
    return subprocess.Popen(
        command, cwd=project.folder, env=environment, stderr=subprocess.DEVNULL, start_new_session=True
    )


def killed(project, moment) -> bool:
    """Run until `moment()`, then kill the whole group; whether the run had not ended before."""
    run, deadline = begun(project), time.monotonic() + PATIENCE
    while run.poll() is None and not moment() and time.monotonic() < deadline:
        time.sleep(0.001)
    alive = run.poll() is None
    if alive:
        os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    return alive


def assert_whole(project) -> None:
    """What is in place is what its manifest says."""
    done = project.run("infoplane", "verify")
    assert done.returncode == 0, done.stdout + done.stderr


def assert_made(project, finished) -> None:
    """The run that follows makes every target, with the bytes of one that was never killed."""
    project.make()
    assert contents(project.folder) == contents(finished.folder)
    for file in (finished.folder / "results/figures").glob("*.*"):
        assert (project.folder / "results/figures" / file.name).read_bytes()
    assert not list(project.folder.glob("results/checkpoints/*/*"))
    assert not list(project.folder.glob("results/*/.*.[0-9]*"))
    assert project.would_run() == {}


def test_between_the_rename_of_an_artifact_and_snakemakes_note_of_it(finished, project):
    """As soon as the last missing training, then an analysis, is in its place, everything is killed."""
    results = project.folder / "results"
    victim = min((results / "trainings").iterdir(), key=lambda path: path.name)
    for folder in (
        victim,
        *results.glob("analyses/*"),
        *results.glob("figures/?????*/"),
        *results.glob("measurements/*"),
    ):
        shutil.rmtree(folder)
    for place in (victim, results / "analyses"):
        assert killed(project, lambda place=place: list(place.parent.glob(f"{place.name}/**/manifest.json")))
    assert_made(project, finished)


@pytest.mark.campaign
def test_at_any_moment(finished, project, request):
    chance, kills, seconds = random.Random(0), 0, 0.0
    wanted = request.config.getoption("campaign")
    results, lost = project.folder / "results", []
    while kills < wanted:
        begin, patience = time.monotonic(), chance.uniform(0, seconds or 20)
        alive = killed(project, lambda: time.monotonic() > begin + patience)  # noqa: B023 - it is called at once
        kills += alive
        if alive:
            there = sum(1 for _ in results.glob("*/*/manifest.json"))
            print(f"kill {kills} after {patience:.1f} s, with {there} artifacts in place", flush=True)
        if results.is_dir():
            assert_whole(project)
        if not alive:  # it is made: from nothing again
            seconds = max(seconds, time.monotonic() - begin)
            if contents(project.folder) != contents(finished.folder):
                lost.append(kills)
            shutil.rmtree(results)
    assert lost == []
    assert_made(project, finished)
