"""A new study runs as it is, whatever the data: its config fits them, and its folder stands alone."""

import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from infoplane import cli, loading, studies


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def npz(path, samples, classes, features=4, scale=1.0):
    path.parent.mkdir(parents=True, exist_ok=True)
    x = scale * np.random.default_rng(0).normal(size=(samples, features))
    np.savez(path, x=x, y=np.arange(samples) % classes)
    return path


def loaded(folder, monkeypatch):
    """The study's config, read where it is used."""
    monkeypatch.chdir(folder)
    return loading.load(loading.read(studies.CONFIG))


def test_a_study_of_the_papers_data(here, monkeypatch):
    assert studies.create(here / "study") == []
    config = loaded(here / "study", monkeypatch)
    [(_, condition)] = config.conditions("main")
    assert (condition.dataset, condition.output, condition.batch_size) == ("spherical", "sigmoid", 64)
    assert config.figures
    assert config.claims
    assert (here / "study/.gitignore").read_text().split() == ["results/", ".snakemake/"]
    assert "infoplane run" in (here / "study/README.md").read_text()


@pytest.mark.parametrize(
    ("samples", "classes", "output", "batch_size"),
    [(20, 2, "sigmoid", 2), (150, 3, "softmax", 8), (1797, 10, "softmax", 64), (300, 128, "softmax", 16)],
)
def test_the_network_fits_the_data(here, monkeypatch, samples, classes, output, batch_size):
    studies.create(here / "study", npz(here / "mine.npz", samples, classes))
    [(_, condition)] = loaded(here / "study", monkeypatch).conditions("main")
    assert (condition.output, condition.batch_size) == (output, batch_size)
    assert 2 ** condition.hidden[-1] >= 2 * classes


def test_more_samples_are_trained_on_for_fewer_epochs():
    epochs = [studies.Data("own", "npz", None, samples, 4, 2, 1.0).epochs for samples in (100, 4096, 20_000, 10**7)]
    assert epochs == [1000, 970, 200, 50]


def test_the_data_are_copied_so_that_the_folder_stands_alone(here, monkeypatch):
    original = npz(here / "else where/my #1 'data'.npz", 50, 2)
    studies.create(here / "study", original)
    assert (here / "study/data" / original.name).read_bytes() == original.read_bytes()
    original.unlink()
    (here / "study").rename(here / "moved")
    config = loaded(here / "moved", monkeypatch)
    assert config.datasets["own"].shape() == (50, 4, 2)


def test_a_matlab_file(here, monkeypatch):
    savemat(here / "mine.MAT", {"F": np.eye(30), "y": np.arange(30)[None] % 2})
    studies.create(here / "study", here / "mine.MAT")
    assert loaded(here / "study", monkeypatch).datasets["own"].kind == "mat"


@pytest.mark.parametrize("own", [False, True])
def test_what_the_config_has_as_examples_can_be_uncommented(here, monkeypatch, own):
    studies.create(here / "study", npz(here / "mine.npz", 20, 2) if own else None)
    path = here / "study" / studies.CONFIG
    text, found = re.subn(r"^  # (\w+: {(?! kind: npz))", r"  \1", path.read_text(), flags=re.MULTILINE)
    assert found == 4
    path.write_text(text)
    config = loaded(here / "study", monkeypatch)
    assert config.experiments.keys() == {"main", "activation", "data"}
    assert config.estimators.keys() == {"binned", "kde"}
    assert "activation" in config.figures


def test_every_key_of_the_config_says_what_it_is(here):
    studies.create(here / "study", npz(here / "mine.npz", 50, 2))
    lines = (here / "study" / studies.CONFIG).read_text().splitlines()
    silent = [line for line in lines if line and " # " not in line and not line.strip().startswith("#")]
    assert silent == ["  main: {}"]


def test_notes_on_data_that_will_not_do_well(here):
    [note] = studies.create(here / "study", npz(here / "mine.npz", 50, 2, scale=255.0))
    assert "scale the features" in note
    [note] = studies.create(here / "large", npz(here / "large.npz", 30_000, 2, features=1))
    assert note.startswith("30000 samples: ")


def test_what_is_there_is_kept(here):
    (here / "full").mkdir()
    (here / "full/thesis.tex").write_text("years")
    with pytest.raises(ValueError, match="full: is not empty; give a new folder"):
        studies.create(here / "full")
    with pytest.raises(ValueError, match=r"thesis\.tex: is a file; give a new folder"):
        studies.create(here / "full/thesis.tex")
    with pytest.raises(ValueError, match=r"thesis\.tex/study/.*: Not a directory"):
        studies.create(here / "full/thesis.tex/study")
    assert [path.name for path in (here / "full").iterdir()] == ["thesis.tex"]
    (here / "empty").mkdir()
    studies.create(here / "empty")
    assert (here / "empty" / studies.CONFIG).is_file()


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("none.npz", "none.npz: there is no such file"),
        ("table.csv", r"table.csv: unknown kind of file; allowed: \.npz: arrays x .*; \.mat: "),
        ("text.npz", "text.npz: not readable"),
        ("labels.npz", r"labels.npz: y: labels 1, 2; allowed: 0, 1, \.\.\."),
        ("names.npz", "names.npz: holds no x and no y; needed: the variables x and y"),
        ("few.npz", "few.npz: 19 samples; 20 or more are needed"),
    ],
)
def test_data_that_cannot_be_used_end_with_a_line_and_no_folder(here, name, line):
    (here / "table.csv").write_text("1,2\n")
    (here / "text.npz").write_text("1,2\n")
    np.savez(here / "labels.npz", x=np.eye(4), y=[1, 2, 1, 2])
    np.savez(here / "names.npz", a=np.eye(4))
    npz(here / "few.npz", 19, 2)
    with pytest.raises(ValueError, match=line) as failed:
        studies.create(here / "study", here / name)
    assert "\n" not in str(failed.value)
    assert not (here / "study").exists()


def test_snakemake_runs_the_workflow_in_this_folder(here):
    studies.create(here)
    command = studies.command(["-n", "--config", "a=b", "--", "results/figures/a.pdf"])
    assert command[command.index("--cores") + 1] == "all"
    assert command[-5:] == ["-n", "--config", "a=b", "--", "results/figures/a.pdf"]


@pytest.mark.parametrize("given", [["-j4"], ["--jobs=4"], ["--profile", "slurm"], ["--workflow-profile=slurm"]])
def test_cores_may_come_from_elsewhere(here, given):
    studies.create(here)
    assert "--cores" not in studies.command(given)


def test_our_profiles_come_along_but_a_study_may_have_its_own(here):
    studies.create(here)
    given = ["--profile", "profiles/slurm"]
    assert Path(studies.command(given)[-1]).is_absolute()
    assert (Path(studies.command(given)[-1]) / "config.yaml").is_file()
    (here / "profiles/slurm").mkdir(parents=True)
    assert studies.command(given)[-2:] == given


def test_without_a_config_there_is_nothing_to_run(here):
    with pytest.raises(ValueError, match=r"config/config.yaml: not in this folder.*`infoplane new FOLDER`"):
        studies.command(["-n"])
    assert studies.command(["-n", "--configfile", "paper.yaml"])
    assert studies.command(["--version"])
    assert studies.command(["--directory=study"])


def infoplane(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["infoplane", *arguments])
    with pytest.raises(SystemExit) as done:
        cli.main()
    return done.value.code or 0


def test_the_program_says_what_to_do_next(here, monkeypatch, capsys):
    npz(here / "mine.npz", 50, 2, scale=100.0)
    assert infoplane(monkeypatch, "new", "my study", "--data", "mine.npz") == 0
    said = capsys.readouterr()
    assert said.out.splitlines()[-1].strip() == "cd 'my study' && infoplane run"
    assert said.err.startswith("note: x reaches ")
    assert infoplane(monkeypatch, "new", "my study") == 2
    assert capsys.readouterr().err == "my study: is not empty; give a new folder\n"


def test_the_program_becomes_snakemake_with_all_that_was_given(here, monkeypatch):
    studies.create(here / "study")
    monkeypatch.chdir(here / "study")
    became = []
    monkeypatch.setattr(os, "execvp", lambda program, command: became.append((program, command)))
    given = ["-n", "--config", "defaults__epochs=5", "--", "results/figures/information_plane.pdf", "--help"]
    assert infoplane(monkeypatch, "run", *given) == 0
    [(program, command)] = became
    assert program == sys.executable
    assert command[-len(given) :] == given
