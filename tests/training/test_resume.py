"""A job killed with `kill -9` goes on from its last snapshot and ends with the bytes of one that was not."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import zarr

from infoplane.training.checkpoint import Checkpoint

CHILD = Path(__file__).parent / "resume_child.py"


def start(folder, *arguments):
    folder.mkdir(exist_ok=True)
    command = [sys.executable, str(CHILD), str(folder), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def test_resume_after_kill(tmp_path, digest):
    """One job, killed by another process in the middle of training and then wherever a kill could leave a trace."""
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert start(whole).wait() == 0

    child = start(killed)
    for line in child.stdout:
        if re.match(r"epoch (1[2-9]|2\d)/", line):
            break
    with pytest.raises(ValueError, match=f"already running \\(process {child.pid} on "):
        Checkpoint(killed / "checkpoint").__enter__()  # a second run of the same job
    child.kill()
    assert child.wait() == -9
    assert sorted(p.name for p in (killed / "checkpoint").glob("*.arrays"))

    patterns = [
        r"member layer_2/activation/",  # the activations of a snapshot are half written
        r"rename .*snapshot\.partial",  # they are written, the snapshot is not in place
        r"member layer_2/weight/",  # all is trained, the small arrays are half written
        r"member zarr\.json",  # the store has no directory yet
        r"link .*training\.zarr\.zip",  # it is complete but not in its place
    ]
    output = start(killed, *patterns).communicate()[0]
    assert re.findall(r"ended with (.*)", output) == ["-9"] * len(patterns), output
    assert not (killed / "training.zarr.zip").exists()
    epochs = [int(epoch) for epoch in re.findall(r"goes on from epoch (\d+) of 40", output)]
    assert len(epochs) == len(patterns)
    assert epochs == sorted(epochs)
    assert epochs[0] >= 3  # the snapshot of epoch 6 may have been on its way
    assert epochs[-1] == 40

    store, elsewhere = killed / "training.zarr.zip", killed / "elsewhere"
    assert start(killed).wait() == 0
    store.rename(elsewhere)
    assert start(killed).wait() == 0, "it is made again from the checkpoint, of which both were a second name"
    assert digest(store) == digest(elsewhere) == digest(whole / "training.zarr.zip")


def test_a_snapshot_counts_when_its_activations_are_on_disk(tmp_path, monkeypatch):
    synced, fsync, replace = [], os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda file: (synced.append(os.fstat(file).st_size), fsync(file)))
    monkeypatch.setattr(os, "replace", lambda *paths: (synced.append("in place"), replace(*paths)))
    with Checkpoint(tmp_path / "checkpoint") as saved:
        saved.begin("job")
        zarr.create_array(saved.store, name="activation", data=np.ones(9))
        saved.save(0, {})
        assert synced == [saved.file.stat().st_size, saved._file(0).stat().st_size, "in place"]


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (lambda data: data, 1),
        (lambda data: data + b"begun", 1),  # which no snapshot counts
        (lambda data: data[:-1], 0),
        *((lambda data, at=at: data[:at] + bytes(8) + data[at + 8 :], 0) for at in (0, 18, 30, -20)),
    ],
    ids=["whole", "longer", "shorter", "signature", "size", "name", "chunk"],
)
def test_a_checkpoint_whose_store_lost_bytes_is_begun_anew(tmp_path, damage, expected):
    """As after a power loss, which may leave zeros where bytes were; one that is whole goes on."""
    with Checkpoint(tmp_path / "checkpoint") as saved:
        assert saved.begin("job") == 0
        zarr.create_array(saved.store, name="activation", data=np.ones(9))
        saved.save(0, {"weight": np.ones((2, 3), np.float32)})
    saved.file.write_bytes(damage(saved.file.read_bytes()))
    with Checkpoint(tmp_path / "checkpoint") as again:
        assert again.begin("job") == expected
        assert expected == 0 or (again.load(0, "weight") == 1).all()
