"""The real workflow on a real Slurm; skipped where none answers. `.ci/cluster` starts one of one node for them."""

import importlib.util
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.workflow.conftest import SMALL, Project
from tests.workflow.test_at_once import begun

PATIENCE = 240  # seconds
OPTIONS = ("--profile", "profiles/slurm", "--slurm-init-seconds-before-status-checks", "3")
TWO_CONDITIONS = {
    **SMALL,
    "defaults": {**SMALL["defaults"], "replicates": 2, "epochs": 10_000},  # some seconds, to be ended in
    "experiments": {"main": {"vary": {"train_fraction": [0.45, 0.85]}}},
    "figures": {"information_plane": {"experiment": "main", "estimator": "binned"}},
    "claims": {"data_processing": {"figure": "information_plane", "bits": 12}},
}


def nothing_answers() -> str | None:
    """Why nothing can be tried here; None where it can."""
    if shutil.which("sinfo") is None:
        return "Slurm is not installed; .ci/cluster tries it"
    if importlib.util.find_spec("snakemake_executor_plugin_slurm") is None:
        return "snakemake-executor-plugin-slurm is not installed: pip install -e '.[cluster]'"
    try:
        subprocess.run(["sinfo"], capture_output=True, check=True, timeout=10)
    except subprocess.SubprocessError:
        return "no Slurm answers; .ci/cluster starts one"
    return None


def pytest_collection_modifyitems(items):
    ours = [item for item in items if Path(__file__).parent in item.path.parents]
    if ours and (reason := nothing_answers()):
        for item in ours:
            item.add_marker(pytest.mark.skip(reason=reason))


class Cluster:
    """The Slurm that answers here."""

    def __init__(self) -> None:
        self.folder = Path(os.environ.get("SLURM_CONF", "/")).parent
        self.is_ours = (self.folder / "slurmd.pid").is_file()

    def node(self, does: str) -> None:
        """What happens to the one node of ours: `lose`, `return`."""
        subprocess.run([Path(__file__).with_name("one-node-slurm"), does, self.folder], check=True)

    def cancel(self) -> None:
        """End all that has not ended."""
        subprocess.run(["scancel", *squeue("--format=%i")], check=True)

    def sees_that_its_node_is_gone(self) -> None:
        """Returns once it does."""
        deadline = time.monotonic() + PATIENCE
        while not set(squeue("--format=%T")) <= {"PENDING"}:
            assert time.monotonic() < deadline
            time.sleep(0.5)

    def told(self, *jobs: str, shown: str) -> list[str]:
        """What it was told of jobs, or says of them, also if they have ended."""
        return [word for job in jobs for word in squeue("--states=all", f"--jobs={job}", f"--format={shown}")]


def squeue(*options: str) -> list[str]:
    """The words that `squeue` says."""
    done = subprocess.run(["squeue", "--noheader", *options], capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture(scope="session")
def here(tmp_path_factory) -> Project:
    """A project that has been run on this machine, without Slurm."""
    project = Project(tmp_path_factory.mktemp("here") / "a project")
    project.configure(TWO_CONDITIONS)
    project.make()
    return project


@pytest.fixture
def untrained(here, tmp_path) -> Project:
    """The same without its trainings and what is measured of them."""
    project = here.copy(tmp_path / "a project")
    for stage in ("trainings", "measurements"):
        shutil.rmtree(project.folder / "results" / stage)
    return project


def measured(project: Project) -> list[str]:
    """Targets: what is measured."""
    return [str(path.relative_to(project.folder)) for path in project.folder.glob("results/measurements/*")]


def submitted(output: str) -> list[str]:
    """The numbers of Slurm's jobs, from what Snakemake says."""
    return re.findall(r"submitted with SLURM jobid (\d+)", output)


class Run:
    """A run of a project that goes on."""

    def __init__(self, project: Project, process: subprocess.Popen) -> None:
        self.results, self.process = project.folder / "results", process

    def trains(self, after: int) -> None:
        """Returns within the training after so many, when its first snapshot is there."""
        deadline = time.monotonic() + PATIENCE

        def is_so() -> bool:
            made = len(list(self.results.glob("trainings/[0-9a-f]*/manifest.json")))
            return made == after and any(self.results.glob("checkpoints/*/*"))

        while not is_so():
            assert self.process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def ends(self) -> str:
        """What it has told in the end, if all is made."""
        told = self.stops()
        assert self.process.returncode == 0, told
        return told

    def stops(self) -> str:
        """What it has told in the end."""
        return self.process.communicate(timeout=PATIENCE)[1]


@contextmanager
def running(project: Project, *options: str) -> Iterator[Run]:
    """A run that has begun; it does not outlast the test."""
    process = begun(project, *options)
    try:
        yield Run(project, process)
    finally:
        process.kill()
