"""`kill -9` at any moment, or a full disk, loses nothing: what is in its place is whole, the next run makes the same bytes.

The short form kills jobs between any two things that they do to files, in a fork, or lets them find a full disk. The
long form kills Snakemake's whole group, at moments spread over a run of the real workflow from nothing:

    pytest -n 0 -s tests/faults/test_kills.py --campaign 50
"""

import errno
import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import tests.cli.conftest as cli
import yaml
from tests.workflow.test_at_once import begun
from tests.workflow.test_run import contents

from infoplane import jobs, loading, plan
from infoplane.artifacts import FOLDERS, MANIFEST
from infoplane.environment import environment
from infoplane.tracing.verify import verify

PATIENCE = 900  # seconds
CHANGING = {"os.rename", "os.mkdir", "os.rmdir", "os.remove", "shutil.rmtree"}
FILLING = {"open", "os.mkdir"}  # what a full disk refuses
PASSES = 2  # from nothing to everything


def kill() -> None:
    """The end of this process."""
    os.kill(os.getpid(), signal.SIGKILL)


def fill() -> None:
    """A full disk."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def forked(folder: Path, moment: int, fault: Callable[[], None] = kill) -> bool:
    """Make what a folder's config asks for, with a fault before the `moment`-th change below results/ and all later.

    Whether it failed; who survives has made everything, and leaves the number of changes beside it.
    """
    child = os.fork()
    if child == 0:
        changed = itertools.count()

        def count(event, arguments):
            changes = event in CHANGING or (event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR))
            place = str(arguments[:2])
            ours = changes and str(folder / "results") in place and ".locks" not in place
            if ours and next(changed) >= moment and (fault is kill or event in FILLING):
                fault()

        sys.addaudithook(count)
        try:
            cli.make(folder)
            (folder / "changes").write_text(str(next(changed)))
            os._exit(0)
        except OSError as error:
            os._exit(error.errno)
        except BaseException:
            os._exit(1)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, -signal.SIGKILL if fault is kill else errno.ENOSPC)
    return code != 0


def made(folder: Path) -> dict[str, dict[str, str]]:
    """Content digests by id; every artifact that is there is as it was made."""
    results = folder / "results"
    ids = [path.name for path in results.glob("*/????????????") if path.is_dir()]
    assert not ids or verify(results, ids).wrong == []
    manifests = [json.loads(path.read_text()) for path in results.glob("*/*/manifest.json")]
    return {manifest["id"]: manifest["content"] for manifest in manifests}


@pytest.mark.parametrize("fault", [kill, fill])
def test_between_any_two_things_that_jobs_do_to_files(tmp_path, monkeypatch, fault):
    monkeypatch.setattr(jobs, "check_code", lambda recipe: None)
    chance, kills = random.Random(0), []
    folders = [tmp_path / f"a project {number}" for number in range(PASSES + 1)]
    for folder in folders:
        (folder / "config").mkdir(parents=True)
        (folder / "config/config.yaml").write_text(yaml.safe_dump(cli.CONFIG))
    environment(), plan.make(loading.load(cli.CONFIG))  # what takes long, once for all forks
    whole = folders.pop()
    assert not forked(whole, 10**9)
    most = int((whole / "changes").read_text()) // 3  # more than any one artifact takes
    for folder in folders:
        while forked(folder, chance.randrange(most), fault):
            kills.append(len(made(folder)))
        assert made(folder) == made(whole)
        assert verify(folder / "results").wrong == []
        assert not list(folder.glob("results/*/.*"))
        assert not list(folder.glob("results/.locks/*"))
    assert len(kills) > 4 * PASSES
    assert len(set(kills)) > len(made(whole)) / 3, "spread over the artifacts"


def killed(project, moment) -> bool:
    """Run until `moment()`, then kill the whole group; whether the run had not ended before."""
    run, deadline = begun(project, cores=2, errors=subprocess.DEVNULL), time.monotonic() + PATIENCE
    try:
        while run.poll() is None and not moment() and time.monotonic() < deadline:
            time.sleep(0.001)
    finally:
        if alive := run.poll() is None:
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


@pytest.mark.campaign
def test_between_the_rename_of_an_artifact_and_snakemakes_note_of_it(finished, project):
    """As soon as the first artifact of a stage is in its place, everything is killed: each stage once, from nothing."""
    results = project.folder / "results"
    shutil.rmtree(results)
    for folder in [name for name in FOLDERS.values() if (finished.folder / "results" / name).exists()]:
        assert killed(project, lambda folder=folder: list(results.glob(f"{folder}/*/{MANIFEST}")))
        print(f"killed with the first of {folder} in place", flush=True)
        assert_whole(project)
    assert_made(project, finished)


@pytest.mark.campaign
def test_at_any_moment(finished, project, request):
    chance, kills, times = random.Random(0), 0, 0
    wanted = request.config.getoption("campaign")
    results, lost = project.folder / "results", []
    shutil.rmtree(results)
    while kills < wanted:
        moment = time.monotonic() + chance.uniform(0, finished.seconds / 2)
        if killed(project, lambda: time.monotonic() > moment):  # noqa: B023 - it is called at once
            kills += 1
            there = sum(1 for _ in results.glob("*/*/manifest.json"))
            writing = sorted(path.parent.name for path in results.glob("*/.????????????.*"))
            print(f"kill {kills}: {there} artifacts in place, in writing {writing}", flush=True)
            if results.is_dir():
                assert_whole(project)
        else:  # it is made: from nothing again
            times += 1
            if contents(project.folder) != contents(finished.folder):
                lost.append(kills)
            shutil.rmtree(results)
    print(f"{kills} kills, {times} times made in between")
    assert lost == []
    assert_made(project, finished)
