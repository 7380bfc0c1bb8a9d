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

    epochs = []
    for pattern, is_in_place in [
        (r"member layer_2/activation/", False),  # the activations of a snapshot are half written
        (r"rename .*snapshot\.partial", False),  # they are written, the snapshot is not in place
        (r"member layer_2/weight/", False),  # all is trained, the small arrays are half written
        (r"member zarr\.json", False),  # the store has no directory yet
        (r"rename .*training\.zarr\.zip", False),  # it is complete but not in its place
        (r"rmtree .*checkpoint$", True),  # it is in its place, the checkpoint not yet removed
    ]:
        with open(killed / "checkpoint/training.zarr.zip", "ab") as store:
            store.write(b"half a chunk")
        child = start(killed, pattern, 1)
        output = child.communicate()[0]
        assert child.returncode == -9, output
        assert (killed / "training.zarr.zip").exists() == is_in_place
        assert (killed / "checkpoint/training.zarr.zip").exists() != is_in_place
        epochs.append(int(re.search(r"goes on from epoch (\d+) of 40", output)[1]))
    assert epochs == sorted(epochs)
    assert epochs[0] >= 3  # the snapshot of epoch 6 may have been on its way
    assert epochs[-1] == 40

    child = start(killed)
    assert child.communicate()[0] == ""
    assert child.returncode == 0
    assert digest(killed / "training.zarr.zip") == digest(whole / "training.zarr.zip")
    assert [p.name for p in killed.iterdir()] == ["training.zarr.zip"]


def test_a_checkpoint_whose_store_lost_bytes_is_begun_anew(tmp_path):
    """As after a power loss; one that is whole goes on, also after bytes that no snapshot counts."""
    for change, expected in ((0, 1), (5, 1), (-1, 0)):
        with Checkpoint(tmp_path / "checkpoint") as saved:
            assert saved.begin(f"job {change}") == 0
            zarr.create_array(saved.store, name="activation", data=np.ones(9))
            saved.save(0, {"weight": np.ones((2, 3), np.float32)})
        os.truncate(saved.file, saved.file.stat().st_size + change)
        with Checkpoint(tmp_path / "checkpoint") as again:
            assert again.begin(f"job {change}") == expected
            assert expected == 0 or (again.load(0, "weight") == 1).all()
