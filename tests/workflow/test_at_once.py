"""Runs at once in one folder: each makes all of its own, waits for what others make, and takes nothing from them."""

import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import psutil
import pytest

from infoplane import artifacts, embed
from infoplane.tracing.verify import verify

PATIENCE = 300  # seconds
SNAKEMAKE = (str(Path(sys.executable).with_name("snakemake")),)
SHARED = {"kind": "learning_curves", "experiment": "fraction"}  # an analysis that no figure of the config has


def begun(project, *options, cores=1, errors=subprocess.PIPE, program=SNAKEMAKE) -> subprocess.Popen:
    """A run in a group of processes of its own, which Ctrl-C reaches also where the tests themselves ignore it."""
    environment = {**os.environ, "PYTHONPATH": str(project.folder / "src")}
    command = [*program, "--cores", str(cores), *options]
    interruptible = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    folder, apart = project.folder, {"start_new_session": True, "preexec_fn": interruptible}
    return subprocess.Popen(command, cwd=folder, env=environment, stderr=errors, text=True, **apart)


def at_once(project, *options, between=0.0) -> None:
    """Runs of the project that begin one after the other, with an option each."""
    running = []
    for option in options:
        running.append(begun(project, *option))
        time.sleep(between)
    for run in running:
        _, errors = run.communicate(timeout=PATIENCE)
        assert run.returncode == 0, errors
        assert "Traceback" not in errors


def figures(**named) -> list[str]:
    """Figures beside those of the config, as an option."""
    return ["--config", *(f"figures__{name}={json.dumps(settings)}" for name, settings in named.items())]


def test_three_runs_with_the_same_config(project):
    project.edit("src/infoplane/analyses/learning_curves.py", "def analyse", "x: ClassVar = 1\n\n    def analyse")
    before = {path.name for path in project.folder.glob("results/figures/[0-9a-f]*")}
    at_once(project, [], [], [])
    (new,) = {path.name for path in project.folder.glob("results/figures/[0-9a-f]*")} - before
    assert embed.read(project.folder / "results/figures/learning_curves.pdf").manifest["id"] == new
    assert verify(project.folder / "results").wrong == []


def test_three_runs_with_different_configs(project):
    """All make all of theirs, an analysis that they share once; the view is that of the run that began last."""
    before = len(list(project.folder.glob("results/analyses/[0-9a-f]*")))
    configs = [figures(a=SHARED), figures(b=SHARED), figures(b=SHARED, c=SHARED)]
    at_once(project, *configs, between=5)
    assert len(list(project.folder.glob("results/analyses/[0-9a-f]*"))) == before + 1
    assert {path.stem for path in project.folder.glob("results/figures/?.pdf")} == {"b", "c"}
    assert project.snakemake("-n", *configs[0]).stdout.count("Nothing to be done") == 1


@pytest.mark.parametrize("ours", ["goes on", "is killed"])
def test_what_another_run_makes_meanwhile_stays(project, ours):
    """A job of ours waits for another run, which makes the same and the figure that we have planned to draw of it."""
    results, aside = project.folder / "results", project.folder / "aside"
    shown = json.loads((results / "view.json").read_text())["shows"]["figures/learning_curves.pdf"]
    figure = (results / shown).parent
    analysis = results / "analyses" / artifacts.read_manifest(figure)["inputs"]["analysis"]
    log = results / f"logs/analyses/{analysis.name}.log"
    aside.mkdir()
    for place in (analysis, figure):
        place.rename(aside / place.name)
    log.unlink()
    backup = project.folder / ".snakemake/backups" / figure.relative_to(project.folder)
    backup.mkdir(parents=True)  # as a run leaves it that is killed while Snakemake copies
    with artifacts.lock(results / ".locks" / analysis.name):
        run, deadline = begun(project), time.monotonic() + PATIENCE
        while not log.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        for place in (analysis, figure):
            (aside / place.name).rename(place)
        if ours == "is killed":
            psutil.Process(run.pid).children(recursive=True)[-1].kill()
            assert run.wait(PATIENCE) != 0
    _, errors = run.communicate(timeout=PATIENCE)
    assert "Traceback" not in errors
    assert "Removing" not in errors
    assert ours == "is killed" or (run.returncode == 0 and "(100%) done" in errors), errors
    assert verify(results).wrong == []
    assert figure.is_dir()
