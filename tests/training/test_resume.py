"""A job killed with `kill -9` goes on from its last snapshot and ends with the bytes of one that was not."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

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
    assert sorted(p.name for p in (killed / "checkpoint").glob("*.npz"))

    epochs = []
    for pattern, nth in [
        (r"rename .*layer_2/activation/.*\.partial", 1),  # a chunk is written but not in place
        (r"rename .*snapshot\.partial", 1),  # the activations of a snapshot are in place, the snapshot is not
        (r"rename .*layer_2/weight/c/.*\.partial", 1),  # all is trained, the small arrays are half written
        (r"open .*layer_2/bias/c/0/0/0$", 1),  # the store is half packed
        (r"rename .*\.training\.zarr\.zip\.partial", 1),  # it is packed but not in its place
        (r"rmtree .*checkpoint/training\.zarr$", 1),  # it is in its place, the checkpoint not yet removed
    ]:
        child = start(killed, pattern, nth)
        output = child.communicate()[0]
        assert child.returncode == -9, output
        assert (killed / ".training.zarr.zip.partial").exists() == ("bias" in pattern or ".zip" in pattern)
        assert (killed / "training.zarr.zip").exists() == pattern.startswith("rmtree")
        epochs.append(int(re.search(r"goes on from epoch (\d+) of 40", output)[1]))
    assert epochs == sorted(epochs)
    assert epochs[0] >= 3  # the snapshot of epoch 6 may have been on its way
    assert epochs[-1] == 40

    # the checkpoint's store is removed, the rest not yet
    assert start(killed, r"rmtree .*checkpoint$", 1).wait() == -9
    assert [p.name for p in (killed / "checkpoint").glob("training.zarr")] == []

    child = start(killed)
    assert child.communicate()[0] == ""
    assert child.returncode == 0
    assert digest(killed / "training.zarr.zip") == digest(whole / "training.zarr.zip")
    assert [p.name for p in killed.iterdir()] == ["training.zarr.zip"]
