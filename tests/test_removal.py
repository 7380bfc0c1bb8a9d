"""`name: null` in a later config file, or on the command line, leaves out what an earlier file has."""

import json
import subprocess
import sys

import pytest

from infoplane import cli, studies

FEWER = "figures: {learning_curves: null, replicate_spread: }\nclaims: {no_overfitting: null}\n"


@pytest.fixture(autouse=True)
def study(tmp_path, monkeypatch):
    studies.create(tmp_path)
    (tmp_path / "fewer.yaml").write_text(FEWER)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def plan(monkeypatch, capsys):
    """`infoplane plan`: its exit code, and what it says."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["infoplane", "plan", *arguments])
        with pytest.raises(SystemExit) as done:
            cli.main()
        said = capsys.readouterr()
        return done.value.code or 0, said.out or said.err

    return run


def snakemake(*arguments):
    return subprocess.run(studies.command(["-n", *arguments]), capture_output=True, text=True, check=False)


def planned(plan, *arguments):
    """The figures that `infoplane plan` lists."""
    code, said = plan("--json", *arguments)
    assert code == 0, said
    return {figure["what"] for figure in json.loads(said)["figures"]}


def would_draw(*arguments):
    """The figures that Snakemake would draw."""
    done = snakemake(*arguments)
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in (done.stdout + done.stderr).splitlines()]
    return {words[0].removeprefix("figure_") for words in lines if words and words[0].startswith("figure_")}


def test_in_a_later_file(plan):
    assert planned(plan) == {"claims", "information_plane", "learning_curves", "replicate_spread"}
    assert planned(plan, "--configfile", "fewer.yaml") == {"claims", "information_plane"}
    assert would_draw("--configfile", "fewer.yaml") == {"claims", "information_plane"}


@pytest.mark.parametrize(
    "overrides",
    [
        ["claims={no_overfitting: null}", "figures={learning_curves: null}"],
        ["claims__no_overfitting=null", "figures__learning_curves="],
        ["claims.no_overfitting=~", "figures.learning_curves=null"],
    ],
)
def test_on_the_command_line(plan, overrides):
    assert planned(plan, "--config", *overrides) == {"claims", "information_plane", "replicate_spread"}
    if "." not in overrides[0]:  # which Snakemake does not take
        assert would_draw("--config", *overrides) == {"claims", "information_plane", "replicate_spread"}


def test_a_whole_section(plan):
    left = {"information_plane", "learning_curves", "replicate_spread"}
    assert planned(plan, "--config", "claims=null") == left


@pytest.mark.parametrize(
    ("removed", "keys", "problem"),
    [
        (
            "figures={learning_curves: null}",
            {"claims.no_overfitting.figure"},
            'found "learning_curves"; unknown name; allowed: information_plane, replicate_spread',
        ),
        (
            "estimators={binned: null}",
            {
                *("figures.information_plane.estimator", "figures.replicate_spread.estimator"),
                *("claims.no_regularization.estimator", "claims.no_overfitting.estimator", "explorer.compare"),
            },
            'found "binned"; unknown name; allowed: none',
        ),
        (
            "experiments={main: null}",
            {
                *("figures.information_plane.experiment", "figures.replicate_spread.experiment"),
                *("figures.learning_curves.experiment", "claims.no_regularization.experiment"),
                *("claims.no_overfitting.experiment", "explorer.experiment"),
            },
            'found "main"; unknown name; allowed: none',
        ),
        (
            "datasets={spherical: null}",
            {"defaults.dataset"},
            'found "spherical"; unknown name; allowed: none (experiment main)',
        ),
    ],
)
def test_what_asks_for_it_is_named(plan, removed, keys, problem):
    code, said = plan("--config", removed)
    assert code == 2
    named, _, found = said.strip().partition(": ")
    assert (set(named.split(", ")), found) == (keys, problem)


def test_what_asks_for_it_is_named_by_snakemake_too():
    done = snakemake("--config", "figures={learning_curves: null}")
    assert done.returncode == 1
    assert 'claims.no_overfitting.figure: found "learning_curves"; unknown name' in done.stderr
    assert "Traceback" not in done.stderr
