"""Jobs that are forked from a warm process: the same bytes as cold ones, and nothing is left of it."""

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from .test_at_once import begun
from .test_run import contents

PATIENCE = 120
FIGURE = "results/figures/information_plane.pdf"  # which takes jobs of each stage
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="jobs start warm on Linux")


# Where Snakemake runs, a Snakefile's folder comes first among those that modules are looked for in.
MANY = """
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from types import SimpleNamespace

from infoplane import warm

if __name__ == "__main__":
    job = dict.fromkeys(("conda_env", "container_img", "env_modules", "shadow_dir", "bench_record"))
    context = get_context("forkserver")
    context.set_forkserver_preload(["infoplane.warm"])
    os.environ[warm.PATH] = warm._path()
    sys.path.insert(0, os.getcwd())
    run = warm._forked(None, context)
    with ThreadPoolExecutor(4) as cores:
        for _ in cores.map(lambda _: run(SimpleNamespace(threads=1, resources={}, **job), sys.argv[1]), range(int(sys.argv[2]))):
            pass
"""


def many(folder: Path, script: str, times: int) -> str:
    """What goes wrong where a script is run many times, in a folder, by four threads."""
    programs = folder / "programs"
    programs.mkdir()
    (programs / "job.py").write_text(script)
    (programs / "many.py").write_text(MANY)
    command = [sys.executable, programs / "many.py", programs / "job.py", str(times)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    return done.stderr if done.returncode else ""


def servers(run: subprocess.Popen) -> list[psutil.Process]:
    """The process, if there is one, that a run forks its jobs from."""
    found = []
    for child in psutil.Process(run.pid).children():
        with suppress(psutil.NoSuchProcess):
            found += [child] if "multiprocessing.forkserver" in " ".join(child.cmdline()) else []
    return found


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


def test_jobs_that_end_and_begin_at_once_are_told_apart(tmp_path):
    """Of 600 in four threads 71 were taken for failed ones: multiprocessing's account is not made for threads."""
    assert many(tmp_path, "", 300) == ""


def test_a_job_that_is_the_first_to_import_a_module_takes_no_file_of_the_folder_for_it(tmp_path):
    (tmp_path / "colorsys.py").write_text("raise SystemExit(f'{__file__} is no module')")
    assert many(tmp_path, "import colorsys", 1) == ""


def test_files_of_the_folder_are_no_modules_of_the_jobs(finished, project):
    for name in ("random", "statistics", "tempfile", "runpy", "zipfile", "numpy"):
        (project.folder / f"{name}.py").write_text("raise SystemExit(f'{__file__} is no module')")
    shutil.rmtree(project.folder / "results")
    project.make(FIGURE)
    assert len(contents(project.folder)) == 7
    assert contents(project.folder).items() <= contents(finished.folder).items()


def test_the_warm_process_ends_with_its_run_also_after_kill_9(project):
    shutil.rmtree(project.folder / "results")
    run = begun(project, errors=subprocess.DEVNULL)
    assert until(lambda: servers(run))
    server = servers(run)[0]
    assert until(lambda: list(project.folder.glob("results/checkpoints/*/*")))
    assert server.children(), "the training is a child of it"
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    assert until(lambda: not server.is_running() or server.status() == psutil.STATUS_ZOMBIE)


def test_where_all_is_made_nothing_is_warmed_up(project):
    run = begun(project, errors=subprocess.DEVNULL)
    seen = []
    while run.poll() is None:
        seen += servers(run)
        time.sleep(0.02)
    assert run.returncode == 0
    assert seen == []


def test_a_job_that_is_killed_is_said(project):
    """Also to who runs Snakemake as `infoplane run` does."""
    shutil.rmtree(project.folder / "results")
    run = begun(project, program=(sys.executable, "-P", "-m", "snakemake"))
    assert until(lambda: list(project.folder.glob("results/checkpoints/*/*")))
    for job in servers(run)[0].children():
        job.kill()
    _, errors = run.communicate(timeout=PATIENCE)
    assert run.returncode != 0
    assert "Error in rule training" in errors
    assert not list(project.folder.glob("results/trainings/[0-9a-f]*"))


def test_jobs_of_a_kind_share_what_is_compiled(project):
    """Two conditions of two jobs each, at once or one by one, which have an epoch and a forward pass to compile.

    With dropout: small networks without it are not trained by TensorFlow.
    """
    project.set(defaults__dropout=0.1)
    assert project.make("--until", "training")["training"] == 4
    shelves = (project.folder / ".snakemake/infoplane/programs").glob("*[0-9a-f]")
    assert [len(list(shelf.iterdir())) for shelf in shelves] == [2, 2]
