"""What nobody expected, and what the machine refuses, is one line; a traceback is kept where the line says."""

import errno
import os
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from infoplane import artifacts, cli, jobs, loading, logs, plan
from infoplane.artifacts import Recipe

SMALL = {"experiments": {"main": {}}, "datasets": {"spherical": {}}, "estimators": {"binned": {}}, "figures": {"depth": {"experiment": "main"}}}  # fmt: skip


def test_a_fault_of_a_command_is_a_line_and_a_report(monkeypatch, capsys, tmp_path):
    def fail(*_):
        raise KeyError("half\n\x1b[2J of it")

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("infoplane.studies.create", fail)
    monkeypatch.setattr("sys.argv", ["infoplane", "new", str(tmp_path / "a study")])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    out, err = capsys.readouterr()
    assert (ended.value.code, out) == (3, "")
    assert err.removesuffix("\n").isprintable()
    assert err.startswith("unexpected KeyError: ")
    report = Path(re.search(r"\S+\.txt", err)[0]).read_text()
    assert "Traceback" in report
    assert "infoplane new" in report
    assert 'raise KeyError("half' in report


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ZeroDivisionError("division by zero"), "unexpected ZeroDivisionError: division by zero; this is a fault of"),
        (AssertionError(), "unexpected AssertionError; this is a fault of infoplane, or of code added to it"),
        (KeyError("a\n\x1b[2Jb"), "unexpected KeyError: "),
        (MemoryError(), "the memory is full: run fewer jobs at once"),
        (ValueError("hidden: too\nmany"), "hidden: too many"),
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full: free some space and run again"),
        (OSError(errno.EROFS, "Read-only file system", "results/x"), "results/x: Read-only file system"),
        (OSError("a pipe\nbroke"), "a pipe broke"),
        (KeyboardInterrupt(), "interrupted"),
    ],
)
def test_whatever_a_job_raises_is_one_line_that_names_the_log(tmp_path, monkeypatch, error, line):
    def fail(job):
        raise error

    recipe = Recipe("dataset", {"kind": "spherical"}, {}, "0" * 16, ())
    snakemake = SimpleNamespace(
        log=[str(tmp_path / "a log/job.log")],
        output=[str(tmp_path / recipe.place)],
        params=SimpleNamespace(order=(recipe, "it"), get=lambda name: None),
    )
    monkeypatch.setattr(jobs, "check_code", lambda recipe: None)
    with pytest.raises(SystemExit) as ended:
        jobs.run(snakemake, fail)
    assert ended.value.code.startswith(line)
    assert ended.value.code.isprintable()
    assert ended.value.code.endswith(f"(log: {snakemake.log[0]})")
    assert "in fail\n    raise error" in Path(snakemake.log[0]).read_text()
    assert not list(tmp_path.glob("datasets/*"))


def test_a_log_that_cannot_be_opened_is_one_line(tmp_path):
    (tmp_path / "logs").write_text("a file")
    with pytest.raises(SystemExit) as ended, logs.logged(tmp_path / "logs/trainings/x.log"):
        raise AssertionError("it must not begin")
    assert ended.value.code == f"{tmp_path}/logs/trainings: Not a directory"


def test_a_kind_without_a_caption_is_one_line():
    with pytest.raises(
        ValueError, match=r"^figures\.depth: there is no caption for depth: workflow/report/depth\.rst$"
    ):
        plan.make(loading.load(SMALL), {})


@pytest.mark.parametrize("place", ["", "datasets", "figures", "logs", "checkpoints", ".locks"])
@pytest.mark.parametrize("obstacle", ["a file", "a link to nowhere", "a link to itself", "read-only"])
def test_results_that_cannot_be_written_are_one_line(tmp_path, monkeypatch, place, obstacle):
    results = tmp_path / "results"
    path = results / place
    path.parent.mkdir(exist_ok=True)
    if obstacle == "a file":
        path.write_text("")
    elif obstacle == "read-only":  # root may write anywhere
        path.mkdir()
        allowed = os.access
        monkeypatch.setattr(os, "access", lambda file, mode: Path(file) != path and allowed(file, mode))
    else:
        path.symlink_to("nowhere" if "nowhere" in obstacle else path.name)
    with pytest.raises(ValueError, match=r"^[^\n]+$") as error:
        artifacts.check_writable(results)
    assert str(error.value).startswith(f"{path}: ")


def test_results_that_can_be_written_are_taken(tmp_path):
    artifacts.check_writable(tmp_path / "results")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "results").symlink_to("elsewhere")
    (tmp_path / "elsewhere/logs").mkdir()
    artifacts.check_writable(tmp_path / "results")
