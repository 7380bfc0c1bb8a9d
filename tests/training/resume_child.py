"""Run by test_resume.py: trains, and may kill itself with SIGKILL where it is about to touch a given file.

    python resume_child.py FOLDER [PATTERN NTH]

`PATTERN` is matched with an event, "os.rename" or "os.link", and its path ("os.rename /a/b"), and with "member" and the
name of what is about to be written to a store ("member layer_1/weight/c/0/0/0"); at the NTH match the process dies.
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


def kill_at(pattern: str, nth: int) -> None:
    seen = 0

    def hook(event: str, arguments: tuple) -> None:
        nonlocal seen
        if event in ("member", "os.rename", "os.link") and re.search(pattern, f"{event} {arguments[0]}"):
            seen += 1
            if seen == nth:
                os.kill(os.getpid(), signal.SIGKILL)

    def writestr(packed: zipfile.ZipFile, member: zipfile.ZipInfo, data: bytes) -> None:
        hook("member", (member.filename,))
        write(packed, member, data)

    write, zipfile.ZipFile.writestr = zipfile.ZipFile.writestr, writestr
    sys.addaudithook(hook)


def report(message: str) -> None:
    print(message, flush=True)
    time.sleep(0.03)  # time for the parent to kill


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    if len(sys.argv) > 2:
        kill_at(sys.argv[2], int(sys.argv[3]))
    trainer.REPORT_SECONDS = 0
    place = folder / "training.zarr.zip"
    trainer.train(CONDITION, make_dataset(), range(3), place, folder / "checkpoint", report, {"label": "killed or not"})
