"""What users do with the workflow besides running it twice: stop it, import it, mistype in its config."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from PIL import Image

from .conftest import EVERYTHING, SMALL, jobs


def contents(folder):
    """Content digests of all artifacts, by id."""
    manifests = folder.glob("results/*/*/manifest.json")
    return {m["id"]: m["content"] for m in (json.loads(path.read_text()) for path in manifests)}


def test_kill_9_in_training_leaves_nothing_half_written_and_the_same_digests(finished, project):
    shutil.rmtree(project.folder / "results")
    command = [str(Path(sys.executable).with_name("snakemake")), "--cores", "2"]
    environment = {**os.environ, "PYTHONPATH": str(project.folder / "src")}
    running = subprocess.Popen(
        command, cwd=project.folder, env=environment, stderr=subprocess.DEVNULL, start_new_session=True
    )
    deadline = time.time() + 120
    while not list(project.folder.glob("results/checkpoints/*/*")) and time.time() < deadline:
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    assert list(project.folder.glob("results/checkpoints/*/*")), "the training had not begun when it was killed"
    for artifact in project.folder.glob("results/trainings/[0-9a-f]*"):
        assert (artifact / "manifest.json").is_file()
    project.make()
    assert contents(project.folder) == contents(finished.folder)
    assert not list(project.folder.glob("results/checkpoints/*/*"))
    assert not list(project.folder.glob("results/*/.*.[0-9]*"))


def test_what_a_run_left_that_was_killed_before_it_removed_a_checkpoint_goes(project):
    made = next(project.folder.glob("results/trainings/[0-9a-f]*")).name
    checkpoints = [project.folder / "results/checkpoints" / id_ for id_ in (made, "0" * 12)]
    for checkpoint in checkpoints:
        checkpoint.mkdir(parents=True)
    assert project.make() == {}
    assert [checkpoint.exists() for checkpoint in checkpoints] == [False, True]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--config", "defaults__epoch=3"], "defaults.epoch: unknown key; did you mean `epochs`?"),
        (["--config", "estimators__binned__bins=0"], "estimators.binned.bins: found 0; allowed: "),
        (["--config", "figures={x: {kind: learning_curves, experiment: mian}}"], "figures.x.experiment: found "),
        (["--config", "defaults__batch_size=99999"], "defaults.batch_size: found 99999; allowed: 1 to 1843"),
    ],
)
def test_a_wrong_config_is_one_line_before_any_job(finished, arguments, line):
    done = finished.snakemake(*arguments)
    assert done.returncode != 0
    output = done.stdout + done.stderr
    assert [text for text in output.splitlines() if line in text], output
    assert "Traceback" not in output
    assert "Job stats" not in output


def test_a_job_that_cannot_go_on_says_so_in_one_line(project):
    """The learning rate is one that only training can refuse."""
    done = project.snakemake("--config", "defaults__learning_rate=1e30", "defaults__activation=relu")
    assert done.returncode != 0
    assert re.search(
        r"^all 2 replicates diverged by epoch 1: lower learning_rate \(1e\+30\) .* \(log: .*\)$",
        done.stderr,
        re.MULTILINE,
    )
    assert "Traceback" not in done.stderr


def test_configfile_and_config_override_as_snakemake_users_expect(finished, tmp_path):
    (tmp_path / "more.yaml").write_text("defaults: {epochs: 7}")
    done = finished.snakemake("-n", "--configfile", str(tmp_path / "more.yaml"))
    assert jobs(done.stdout + done.stderr)["training"] == 4
    done = finished.snakemake("-n", "--config", "estimators={binned: {bins: 20}}")
    assert done.returncode == 0, done.stderr
    assert jobs(done.stdout + done.stderr)["measurement"] == 4


def test_run_elsewhere_with_directory(finished, tmp_path):
    elsewhere = tmp_path / "some where else"
    (elsewhere / "config").mkdir(parents=True)
    shutil.copy(finished.folder / "config/config.yaml", elsewhere / "config")
    done = finished.snakemake("-n", "--directory", str(elsewhere))
    assert jobs(done.stdout + done.stderr) == finished.first_run


def test_imported_as_a_module(finished, tmp_path):
    home = tmp_path / "my project"
    home.mkdir()
    small = {**SMALL, "experiments": {"main": {}}, "figures": {"learning_curves": {"experiment": "main"}}}
    (home / "mine.yaml").write_text(yaml.safe_dump(small))
    (home / "Snakefile").write_text(
        f"""
configfile: "mine.yaml"

module infoplane:
    snakefile: {str(finished.folder / "Snakefile")!r}
    config: config

use rule * from infoplane as infoplane_*

rule mine:
    default_target: True
    input: rules.infoplane_all.input
"""
    )
    done = finished.run("snakemake", "--cores", "2", cwd=home)
    assert done.returncode == 0, done.stderr
    assert (home / "results/figures/learning_curves.pdf").is_file()
    [made] = home.glob("results/figures/[0-9a-f]*")
    for target in ([], ["results/figures/learning_curves.pdf"], [str(made)]):
        again = finished.run("snakemake", "--cores", "2", "-n", *target, cwd=home)
        assert again.returncode == 0, again.stderr
        assert jobs(again.stdout + again.stderr) == {}


def test_jobs_are_looked_through_when_one_has_ended_and_no_more(project):
    shutil.rmtree(project.folder / "results")
    done = project.snakemake("--verbose")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("Ready jobs: ") <= sum(EVERYTHING.values()) + 1


def test_report_shows_every_figure_with_its_caption(finished, tmp_path):
    done = finished.snakemake("--report", str(tmp_path / "report.html"))
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "report.html").read_text()
    for name in SMALL["figures"]:
        assert f"/{name}.png" in page


def test_a_figure_is_legible_at_column_width(finished):
    with Image.open(finished.folder / "results/figures/information_plane.png") as image:
        assert image.size[0] / 300 <= 7.2
