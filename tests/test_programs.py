"""Compiled programs that are kept from job to job."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from infoplane import programs

CHILD = Path(__file__).parent / "training/portable_child.py"
ABOUT = {"hidden": [4, 2], "seed": 1, "tensorflow": "2"}


def left(place, about=ABOUT, name="loop.pb", data=b"machine code"):
    """A job that compiles one program, if it does not find one."""
    with programs.kept(place, "job", about) as folder:
        if folder is None:
            return None
        found = {file.name: file.read_bytes() for file in folder.iterdir()}
        if name not in found:
            (folder / name).write_bytes(data)
    assert not folder.exists()
    return found


def shelved(place):
    return list(place.glob("*/*.pb"))


def test_the_next_job_finds_what_one_has_compiled(tmp_path):
    assert left(tmp_path) == {}
    assert left(tmp_path) == {"loop.pb": b"machine code"}


def test_a_sweep_over_seeds_shares_and_nothing_else_does(tmp_path):
    left(tmp_path)
    assert left(tmp_path, ABOUT | {"seed": 2})
    assert not left(tmp_path, ABOUT | {"hidden": [4, 3]})
    assert not left(tmp_path, ABOUT | {"tensorflow": "3"})


def test_a_damaged_program_is_compiled_anew(tmp_path):
    left(tmp_path)
    (kept,) = shelved(tmp_path)
    kept.write_bytes(kept.read_bytes().replace(b"code", b"c0de"))
    assert left(tmp_path) == {}
    assert left(tmp_path) == {"loop.pb": b"machine code"}


def test_of_jobs_that_compile_the_same_at_once_one_program_is_kept(tmp_path):
    with programs.kept(tmp_path, "one", ABOUT) as one, programs.kept(tmp_path, "other", ABOUT) as other:
        (one / "loop.pb").write_bytes(b"machine code")
        (other / "loop.pb").write_bytes(b"code of a machine")
    assert len(shelved(tmp_path)) == 1
    assert left(tmp_path) == {"loop.pb": b"machine code"}


def test_another_processor_finds_none(tmp_path, monkeypatch):
    left(tmp_path)
    told = tmp_path / "cpuinfo"
    told.write_text("flags\t\t: sse\n")
    monkeypatch.setattr(programs, "CPUINFO", told)
    assert left(tmp_path) == {}


def test_what_was_used_longest_ago_is_forgotten(tmp_path, monkeypatch):
    monkeypatch.setattr(programs, "KEPT_BYTES", 2 * (programs.DIGEST + len(b"machine code")))
    for name in ("first", "second"):
        left(tmp_path, {"hidden": name})
    for file in shelved(tmp_path):
        os.utime(file, (1, 1))
    left(tmp_path, {"hidden": "first"})  # used again
    left(tmp_path, {"hidden": "third"})
    assert len(shelved(tmp_path)) == 2
    assert left(tmp_path, {"hidden": "first"})
    assert not left(tmp_path, {"hidden": "second"})


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_where_nothing_can_be_kept_jobs_compile(tmp_path):
    tmp_path.chmod(0o500)
    assert left(tmp_path / "programs") is None


def test_a_file_in_the_place_of_the_folder_is_no_error(tmp_path):
    (tmp_path / "programs").write_text("")
    assert left(tmp_path / "programs") is None


def test_what_a_killed_job_left_is_not_believed(tmp_path):
    folder = tmp_path / programs.AT_WORK / "job"
    folder.mkdir(parents=True)
    (folder / "loop.pb").write_bytes(b"half a program")
    assert left(tmp_path) == {}
    assert left(tmp_path) == {"loop.pb": b"machine code"}


def test_a_training_with_kept_programs_has_the_same_bytes(tmp_path):
    """Compiled, compiled and left in a folder, and found there."""
    found = tmp_path / "programs of others"
    digests, compiled = set(), []
    for name, folder in (("none", None), ("left", found), ("found", found)):
        (tmp_path / name).mkdir()
        found.mkdir(exist_ok=True)
        store = tmp_path / name / "training.zarr.zip"
        command = [sys.executable, str(CHILD), str(store), "true", *([str(folder)] if folder else [])]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        digests.add(hashlib.sha256(store.read_bytes()).hexdigest())
        compiled.append({file.name: file.stat().st_mtime_ns for file in found.iterdir()})
    assert len(digests) == 1
    assert not compiled[0]
    assert compiled[1]
    assert compiled[1] == compiled[2]
