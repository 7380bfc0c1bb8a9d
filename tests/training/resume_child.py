"""Run by test_resume.py: trains, and may kill itself with SIGKILL where it is about to touch a given file.

    python resume_child.py FOLDER [PATTERN ...]

With patterns it does so once for each, forking itself, after what a kill may have left at the end of the store.
`PATTERN` is matched with an event, "os.rename" or "os.link", and its path ("os.rename /a/b"), and with "member" and the
name of what is about to be written to a store ("member layer_1/weight/c/0/0/0"); at the first match the process dies.
"""

import os
import re
import signal
import sys
import time
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from conftest import make_condition, make_dataset

from infoplane.training import trainer

CONDITION = make_condition(hidden=(3,), epochs=40, snapshots=6, optimizer="adam", dropout=0.1, learning_rate=0.01)


def kill_at(pattern: str) -> None:
    def hook(event: str, arguments: tuple) -> None:
        if event in ("member", "os.rename", "os.link") and re.search(pattern, f"{event} {arguments[0]}"):
            os.kill(os.getpid(), signal.SIGKILL)

    def writestr(packed: zipfile.ZipFile, member: zipfile.ZipInfo, data: bytes) -> None:
        hook("member", (member.filename,))
        write(packed, member, data)

    write, zipfile.ZipFile.writestr = zipfile.ZipFile.writestr, writestr
    sys.addaudithook(hook)


def report(message: str) -> None:
    print(message, flush=True)
    time.sleep(0.03)  # time for the parent to kill


def train(folder: Path) -> None:
    trainer.REPORT_SECONDS = 0
    place = folder / "training.zarr.zip"
    trainer.train(CONDITION, make_dataset(), range(3), place, folder / "checkpoint", report, {"label": "killed or not"})


def train_until(folder: Path, pattern: str) -> int:
    """How a process ends that trains and is killed: minus the signal."""
    with open(folder / "checkpoint/training.zarr.zip", "ab") as store:
        store.write(b"half a chunk")
    if (child := os.fork()) == 0:
        kill_at(pattern)
        train(folder)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    folder, *patterns = sys.argv[1:]
    for pattern in patterns:
        report(f"ended with {train_until(Path(folder), pattern)}")
    if not patterns:
        train(Path(folder))
