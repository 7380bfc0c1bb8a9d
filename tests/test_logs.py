"""A job's log holds what would come to the terminal."""

import os
import subprocess
import sys

import pytest

from infoplane.logs import logged, report


def test_what_c_and_children_write_goes_to_the_log(tmp_path, capfd):
    log = tmp_path / "logs/job.log"
    with logged(log):
        report("begins")
        os.write(2, b"E0000 cuda_platform.cc: failed call to cuInit\n")
        os.write(1, b"to the output\n")
        subprocess.run([sys.executable, "-c", "print('by a child')"], check=True)
    print("after it")
    out, err = capfd.readouterr()
    assert (out, err) == ("after it\n", "")
    told = log.read_text()
    assert all(line in told for line in ("begins\n", "failed call to cuInit\n", "to the output\n", "by a child\n"))


def test_the_one_line_of_an_error_goes_to_the_terminal(tmp_path):
    code = "from infoplane.logs import logged\nwith logged('job.log'):\n    print('noise')\n    raise ValueError('seed: 3')"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=os.environ, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "seed: 3 (log: job.log)\n")
    assert "noise" in (tmp_path / "job.log").read_text()


@pytest.mark.parametrize("number", [1, 2])
def test_the_streams_are_given_back(tmp_path, number):
    before = os.fstat(number)
    with pytest.raises(SystemExit), logged(tmp_path / "job.log"):
        raise OSError("none")
    assert os.fstat(number) == before
