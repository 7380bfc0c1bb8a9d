"""Jobs that start warm: forked from a process that has imported what they need.

Snakemake starts a Python for each script. Importing xarray and TensorFlow there takes longer than what most jobs are
for, so a run on this machine has one process import them, and forks it for each job: a process of its own as before,
with the same bytes as its result. That process (multiprocessing's forkserver) computes nothing, which is what makes it
safe to fork, and ends with the run, however that ends. Jobs of other machines, or in environments of their own, start
as Snakemake has it.
"""

from __future__ import annotations

import functools
import importlib
import multiprocessing
import os
import runpy
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing import connection, reduction
from pathlib import Path
from types import ModuleType
from typing import Any

# What the jobs of a stage import, or most of them.
MODULES = {
    "dataset": ("infoplane.datasets.replicates",),
    "training": ("infoplane.training.trainer",),
    "measurement": ("infoplane.measures",),
    "analysis": ("infoplane.analyses", "scipy.stats"),
    "verdict": ("infoplane.claims",),
    "figure": ("infoplane.rendering",),
    "page": ("infoplane.claims.page",),
    "explorer": ("infoplane.explorer.page",),
}
COMMON = ("snakemake.cli", "infoplane.jobs", "infoplane.stores")
STDOUT, STDERR = 1, 2
STAGES = "INFOPLANE_WARM"  # tells the process which stages to prepare for,
PATH = "INFOPLANE_PATH"  # and where to look for modules
# Who starts a process asks after all others. Of two threads that read the end of one at once, one finds nothing there,
# which multiprocessing takes for a process that has failed.
ACCOUNTED = threading.Lock()
# Snakemake gives these to each job, with its number of threads.
THREADS = [f"{library}_NUM_THREADS" for library in ("OMP", "GOTO", "OPENBLAS", "MKL", "NUMEXPR")]


def up(stages: Iterable[str]) -> None:
    """Start the process that jobs of some stages are to be forked from, unless there is one, or cannot be one."""
    if sys.platform != "linux" or not _is_snakemake(sys.modules["__main__"]):
        return
    from multiprocessing import forkserver, resource_tracker

    from snakemake.script import PythonScript

    if hasattr(PythonScript.execute_script, "__wrapped__"):
        return
    os.environ |= {STAGES: ",".join(stages), PATH: _path()} | dict.fromkeys(THREADS, "1")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([f"{__package__}.warmed"])
    with _apart():
        with silent():  # it would tell of each semaphore of a job that is interrupted
            resource_tracker.ensure_running()
        forkserver.ensure_running()
    PythonScript.execute_script = _forked(PythonScript.execute_script, context)


def _is_snakemake(program: ModuleType) -> bool:
    """Whether the program is `snakemake` or `python -m snakemake` (as of `infoplane run`).

    A forked process imports the program that asked for it, and another may do more then than these two.
    """
    module = getattr(program.__spec__, "name", None)
    return module == "snakemake.__main__" or Path(getattr(program, "__file__", "")).name == "snakemake"


def _path() -> str:
    """Where a script that Snakemake starts looks for modules first."""
    program = "import os, sys; print(os.pathsep.join(sys.path))"
    return subprocess.check_output([sys.executable, "-P", "-c", program], text=True).strip()


@contextmanager
def _apart() -> Iterator[None]:
    """A Python that starts meanwhile takes no file of the working directory for a module (`random.py`, say)."""
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONSAFEPATH"]
        else:
            os.environ["PYTHONSAFEPATH"] = before


@contextmanager
def silent() -> Iterator[None]:
    """What comes to the error stream meanwhile, also from C++ or a new process, goes nowhere."""
    kept, nowhere = os.dup(STDERR), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, STDERR)
    os.close(nowhere)
    try:
        yield
    finally:
        os.dup2(kept, STDERR)
        os.close(kept)


def imported(stages: Iterable[str]) -> None:
    """Import what the jobs of some stages need; what cannot be imported is the job's to tell."""
    for name in (*COMMON, *(name for stage in stages for name in MODULES[stage])):
        with suppress(Exception):
            importlib.import_module(name)


def _forked(cold: Callable[..., None], context: Any) -> Callable[..., None]:
    """Snakemake's way to run a script in a process of its own, warm where that comes to the same."""

    @functools.wraps(cold)
    def execute_script(script: Any, fname: str, edit: bool = False) -> None:
        elsewhere = script.conda_env or script.container_img or script.env_modules or script.shadow_dir
        if elsewhere or script.bench_record or script.threads != 1:
            return cold(script, fname, edit=edit)
        folder = script.resources.get("tmpdir")
        variables = {"TMPDIR": str(folder)} if folder else {}
        process = context.Process(target=_run, args=(fname, variables, _Here(STDOUT), _Here(STDERR)))
        with ACCOUNTED, _apart():
            process.start()
        connection.wait([process.sentinel])
        with ACCOUNTED:
            process.join()
        if process.exitcode:
            raise subprocess.CalledProcessError(process.exitcode, [sys.executable, fname])

    return execute_script


class _Here:
    """A stream of this process as it is when a forked process is handed it, which gets its number in return."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __reduce__(self) -> tuple[Callable[[Any], int], tuple[Any]]:
        return _received, (reduction.DupFd(self.number),)


def _received(stream: Any) -> int:
    return stream.detach()


def _run(script: str, variables: Mapping[str, str], *streams: int) -> None:
    """Be the process of a script, with the output and error streams of who asked for it."""
    for stream, number in zip(streams, (STDOUT, STDERR), strict=True):
        os.dup2(stream, number)
        os.close(stream)
    os.environ |= variables
    sys.path[:] = os.environ[PATH].split(os.pathsep)  # not the main process's: it has the folders of Snakefiles first
    sys.argv = [script]
    runpy.run_path(script, run_name="__main__")
