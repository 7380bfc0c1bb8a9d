"""`name: null` in a later config file, or on the command line, leaves out what an earlier file has."""

import json
import subprocess
import sys

import pytest

from infoplane import cli, studies

FEWER = "figures: {replicate_spread: null, learning_curves: }\nclaims: {similar_paths: null}\n"


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
        ["claims={similar_paths: null}", "figures={replicate_spread: null}"],
        ["claims__similar_paths=null", "figures__replicate_spread="],
        ["claims.similar_paths=~", "figures.replicate_spread=null"],
    ],
)
def test_on_the_command_line(plan, overrides):
    assert planned(plan, "--config", *overrides) == {"claims", "information_plane", "learning_curves"}
    if "." not in overrides[0]:  # which Snakemake does not take
        assert would_draw("--config", *overrides) == {"claims", "information_plane", "learning_curves"}


def test_a_whole_section(plan):
    left = {"information_plane", "learning_curves", "replicate_spread"}
    assert planned(plan, "--config", "claims=null") == left


@pytest.mark.parametrize(
    ("removed", "lines"),
    [
        (
            "figures={replicate_spread: null}",
            ['claims.similar_paths.figure: found "replicate_spread"; unknown name; allowed: information_plane, learning_curves'],
        ),
        (
            "estimators={binned: null}",
            [
                f'{reader}.estimator: found "binned"; unknown name; allowed: none'
                for reader in ("figures.information_plane", "figures.replicate_spread", "claims.no_regularization", "claims.similar_paths")
            ],
        ),
        (
            "experiments={main: null}",
            [
                f'{reader}.experiment: found "main"; unknown name; allowed: none'
                for reader in ("figures.information_plane", "figures.replicate_spread", "figures.learning_curves", "claims.no_regularization", "claims.similar_paths")
            ],
        ),
        ("datasets={spherical: null}", ['defaults.dataset: found "spherical"; unknown name; allowed: none (experiment main)']),
    ],
)  # fmt: skip
def test_what_asks_for_it_is_named(plan, removed, lines):
    code, said = plan("--config", removed)
    assert code == 2
    assert sorted(said.splitlines()) == sorted(lines)


def test_what_asks_for_it_is_named_by_snakemake_too():
    done = snakemake("--config", "figures={replicate_spread: null}")
    assert done.returncode == 1
    assert 'claims.similar_paths.figure: found "replicate_spread"; unknown name' in done.stderr
    assert "Traceback" not in done.stderr
