"""The workflow in a terminal (a pseudo one): a line per job, no noise, and Ctrl-C."""

import os
import pty
import re
import select
import signal
import sys
import time
from pathlib import Path

EPOCHS = r"epoch (\d+)/1000000, \S+ epochs/s, \d+ s left"


class Terminal:
    """A program that runs in a terminal of its own."""

    def __init__(self, folder: Path, *command: str, interrupt: signal.Handlers = signal.SIG_DFL) -> None:
        self.shown, self.began = b"", time.monotonic()
        self.pid, self.stream = pty.fork()
        if self.pid == 0:
            signal.signal(signal.SIGINT, interrupt)  # as a shell does, whatever this process was started with
            os.chdir(folder)
            environment = {**os.environ, "PYTHONPATH": str(folder / "src"), "TERM": "xterm", "COLUMNS": "120"}
            os.execve(command[0], command, environment)

    def wait_for(self, seen, seconds: float = 120) -> None:
        """Until `seen` of what is shown (None: until it ends); at most so long."""
        until = time.monotonic() + seconds
        while not (seen and seen(self.text())):
            assert time.monotonic() < until, self.text()[-2000:]
            if not select.select([self.stream], [], [], 0.2)[0]:
                continue
            try:
                self.shown += os.read(self.stream, 65536)
            except OSError:  # it has ended
                return

    def text(self) -> str:
        """What is shown, without colours and movements."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.shown.decode(errors="replace")).replace("\r", "\n")

    def key(self, key: bytes) -> None:
        os.write(self.stream, key)

    def code(self) -> int:
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def snakemake() -> str:
    return str(Path(sys.executable).with_name("snakemake"))


def test_a_run_and_control_c(project):
    project.set(defaults__epochs=1_000_000)
    terminal = Terminal(project.folder, snakemake(), "--cores", "1")
    terminal.wait_for(lambda text: re.search(EPOCHS, text))
    terminal.key(b"\x03")
    pressed = time.monotonic()
    terminal.wait_for(None, seconds=60)
    assert terminal.code() == 1
    assert time.monotonic() - pressed < 10
    text = terminal.text()
    assert "Train spherical -> 4-3 tanh, 1000000 epochs, replicates" in text
    assert "0 of 18 jobs" in text
    assert "trains on the processor, as all small networks\n" in text
    assert not re.search(r"[IWE]0000|cuda_|oneDNN|absl|Traceback|Building DAG|Select jobs", text)
    stopped = "stopped: 0 of 18 jobs are done and kept, and a training goes on from its last snapshot; "
    assert text.rstrip().endswith(f"{stopped}the same command goes on from here")
    assert list((project.folder / "results/checkpoints").iterdir())


def test_what_ignores_control_c_goes_on_with_its_jobs(project):
    """As what a script runs in the background does."""
    project.set(defaults__epochs=1_000_000)
    terminal = Terminal(project.folder, snakemake(), "--cores", "1", interrupt=signal.SIG_IGN)
    terminal.wait_for(lambda text: re.search(EPOCHS, text))
    terminal.key(b"\x03")
    before = {*re.findall(EPOCHS, terminal.text())}
    terminal.wait_for(lambda text: len({*re.findall(EPOCHS, text)} - before) > 1)
    assert "failed" not in terminal.text()
    os.kill(terminal.pid, signal.SIGKILL)
    assert terminal.code() == -signal.SIGKILL


def test_a_job_that_fails_says_why(project):
    project.set(defaults__learning_rate=1e30)
    terminal = Terminal(project.folder, snakemake(), "--cores", "1")
    terminal.wait_for(None)
    assert terminal.code() == 1
    text = terminal.text()
    line = r"^all 2 replicates diverged by epoch 1: lower learning_rate \(1e\+30\).* \(log: results/logs/trainings/\w+.log\)$"
    assert re.search(line, text, re.MULTILINE)
    assert re.search(r"^failed: Train .*: log in results/logs/trainings/\w+.log$", text, re.MULTILINE)
    assert "0 of 18 jobs are done and kept; once the rest is mended" in text
    assert "RuleException" not in text
