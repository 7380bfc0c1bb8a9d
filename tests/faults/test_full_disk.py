"""A disk that is full: one line, nothing half-written, and with more space the next run goes on to the same digests.

The short form grows a small file system until every stage of made-up jobs has found it full; the long form, with
`--campaign 1`, lets the real workflow run into eight sizes. Both need the right to mount; `test_kills.py` has a full
disk for everybody.
"""

import errno
import os
import subprocess

import pytest
import tests.cli.conftest as cli
import yaml
from tests.workflow.test_run import contents

from infoplane import jobs, logs
from infoplane.tracing.verify import verify

from .test_kills import assert_made, assert_whole, made

STEP = 24 * 1024  # bytes: less than the artifacts of any stage but datasets take
LINE = "the disk is full: free some space and run again"


def mount(*options) -> bool:
    return subprocess.run(["mount", *map(str, options)], check=False, capture_output=True).returncode == 0


@pytest.fixture
def disk(tmp_path):
    """A folder on a file system of its own, and how to give that a size."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0 or not mount("-t", "tmpfs", "-o", "size=4k", "none", folder):
        pytest.skip("needs the right to mount")
    yield folder, lambda size: mount("-o", f"remount,size={size}", folder)
    subprocess.run(["umount", "--lazy", folder], check=True)


def refused(folder) -> OSError | None:
    """Why not everything could be made."""
    try:
        cli.make(folder)
    except OSError as error:
        return error
    return None


def test_every_stage_finds_it_full_and_goes_on_with_more_space(tmp_path, disk, monkeypatch):
    monkeypatch.setattr(jobs, "check_code", lambda recipe: None)
    folder, whole = tmp_path / "a project", tmp_path / "whole"
    for place in (folder, whole):
        (place / "config").mkdir(parents=True)
        (place / "config/config.yaml").write_text(yaml.safe_dump(cli.CONFIG))
    cli.make(whole)
    place, resize = disk
    (folder / "results").symlink_to(place)
    size, stages = 4096, set()
    while error := refused(folder):
        assert error.errno == errno.ENOSPC
        assert logs.one_line(error).startswith(LINE)
        stages |= {path.parent.name for path in (folder / "results").glob("*/????????????")}
        made(folder)
        assert not list(folder.glob("results/*/.*"))
        size += STEP
        assert resize(size)
    print(f"found full {(size - 4096) // STEP} times, with {len(stages)} stages begun")
    assert made(folder) == made(whole)
    assert verify(folder / "results").wrong == []
    assert len(stages) > 5


@pytest.mark.campaign
def test_the_real_workflow_at_eight_sizes(finished, project, disk):
    place, resize = disk
    total = sum(path.stat().st_size for path in (finished.folder / "results").rglob("*"))
    (project.folder / "results").rename(project.folder / "aside")
    (project.folder / "results").symlink_to(place)
    for share in range(1, 9):
        assert resize(total * share // 9)
        done = project.snakemake()
        there = sum(1 for _ in place.glob("*/*/manifest.json"))
        print(f"{total * share // 9} bytes: exit {done.returncode}, {there} artifacts in place", flush=True)
        if done.returncode:
            assert [line for line in done.stderr.splitlines() if "No space left" in line or LINE in line], done.stderr
        assert "Traceback" not in done.stderr
        assert_whole(project)
    assert resize(4 * total)
    assert_made(project, finished)
    assert contents(project.folder) == contents(finished.folder)
