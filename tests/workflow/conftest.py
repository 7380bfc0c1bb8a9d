"""The real workflow, run on a copy of the project in a folder with a space in its name, on a config of seconds."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
SMALL = {
    "defaults": {
        "replicates": 4,
        "replicates_per_job": 2,
        "hidden": [4, 3],
        "batch_size": 512,
        "epochs": 6,
        "snapshots": 4,
    },
    "experiments": {"main": {}, "fraction": {"vary": {"train_fraction": [0.45, 0.85]}}},
    "datasets": {"spherical": {}},
    "estimators": {"binned": {"bins": 30}},
    "figures": {
        "information_plane": {"experiment": "main", "estimator": "binned"},
        "fractions": {"kind": "information_plane", "experiment": "fraction", "estimator": "binned"},
        "gradient_snr": {"experiment": "main"},
        "learning_curves": {"experiment": "main"},
    },
}


FIGURES = {f"figure_{name}" for name in SMALL["figures"]}
BINNED = {"figure_information_plane", "figure_fractions"}  # what shows the estimator
EVERYTHING = {"dataset": 1, "training": 4, "measurement": 6, "analysis": 4, **dict.fromkeys(FIGURES, 1)}


class Project:
    """A copy of the project to change and run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for part in ("Snakefile", "environment.yml", "profiles", "src", "workflow"):
            source, target = ROOT / part, folder / part
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target)
        (folder / "config").mkdir()
        self.configure(SMALL)

    def copy(self, folder: Path) -> "Project":
        """The same, results included, in another folder: a project of one's own to change."""
        shutil.copytree(self.folder, folder, symlinks=True)
        twin = object.__new__(Project)
        twin.folder = folder
        return twin

    def configure(self, config: dict) -> None:
        (self.folder / "config/config.yaml").write_text(yaml.safe_dump(config))

    def set(self, **overrides) -> None:
        """Change keys of the small config, `a__b=value`; without arguments, change everything back."""
        config = yaml.safe_load(yaml.safe_dump(SMALL))
        for path, value in overrides.items():
            *parents, last = path.split("__")
            section = config
            for part in parents:
                section = section.setdefault(part, {})
            section[last] = value
        self.configure(config)

    def edit(self, path: str, old: str, new: str) -> None:
        file = self.folder / path
        text = file.read_text()
        assert old in text, f"{path} no longer holds {old!r}"
        file.write_text(text.replace(old, new, 1))

    def run(self, program: str, *arguments: str, cwd: Path | None = None, **options) -> subprocess.CompletedProcess:
        environment = {**os.environ, "PYTHONPATH": str(self.folder / "src"), "NO_COLOR": "1"}
        command = [str(Path(sys.executable).with_name(program)), *arguments]
        return subprocess.run(
            command, cwd=cwd or self.folder, env=environment, capture_output=True, text=True, check=False, **options
        )

    def snakemake(self, *arguments: str, **options) -> subprocess.CompletedProcess:
        return self.run("snakemake", "--cores", "2", *arguments, **options)

    def make(self, *arguments: str, **options) -> dict[str, int]:
        """Run it for real; how many jobs of each rule ran."""
        done = self.snakemake(*arguments, **options)
        assert done.returncode == 0, done.stderr
        return jobs(done.stderr)

    def would_run(self, *targets: str) -> dict[str, int]:
        done = self.snakemake("-n", *targets)
        assert done.returncode == 0, done.stderr
        return jobs(done.stdout + done.stderr)


def jobs(output: str) -> dict[str, int]:
    """Jobs by rule, from Snakemake's table of them; empty where nothing has to run."""
    table = output.partition("Job stats:")[2].partition("total")[0]
    rows = re.findall(r"^(\w+) +(\d+)$", table, re.MULTILINE)
    return {rule: int(count) for rule, count in rows if rule not in ("all", "asked")}


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Project:
    """A project that has been run once; tests copy it or look at it, and do not change it."""
    project = Project(tmp_path_factory.mktemp("finished") / "a project")
    project.first_run = project.make()
    return project


@pytest.fixture
def project(finished, tmp_path) -> Project:
    """A finished project of one's own."""
    return finished.copy(tmp_path / "a project")
