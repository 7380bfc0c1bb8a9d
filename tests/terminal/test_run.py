"""What is said of a run while it goes on: of each job by its log, of the rest by what earlier jobs took."""

from io import StringIO

import pytest
from rich.console import Console

from infoplane.artifacts import Recipe
from infoplane.plan import Artifact
from infoplane.terminal import Work
from infoplane.terminal.display import Display, outcome
from infoplane.terminal.run import Line, Run


def artifact(stage, name, *inputs):
    return Artifact(Recipe(stage, {"name": name}, {}, "", ()), inputs, name)


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def run(clock):
    """Two trainings of 100 s each, and a measurement of 10 s of each, on two cores."""
    trainings = [artifact("training", name) for name in "ab"]
    measurements = [artifact("measurement", f"of {each.label}", each) for each in trainings]
    seconds = {**{each.id: 100.0 for each in trainings}, **{each.id: 10.0 for each in measurements}}
    return Run(4, 2, Work((*trainings, *measurements), seconds), clock)


def test_the_time_left_is_that_of_the_longest_way(run):
    assert run.left() == 110


def test_a_job_gets_on_by_its_own_word(run, clock, tmp_path):
    log = tmp_path / "training.log"
    log.write_text("E0000 cuda noise\n12:00:00 trains on GPU: H100\n12:00:01 epoch 0/3000\n")
    run.begins(7, run.work.todo[0].id, "Train", log)
    assert run.device() == "GPU: H100"
    assert run.lines() == [Line("Train", 0.0, "epoch 0/3000")]
    with log.open("a") as stream:
        stream.write("12:00:09 epoch 750/3000, 45.2 epochs/s, 50 s left\n")
    clock.now = 20.0
    assert run.lines() == [Line("Train", 0.25, "epoch 750/3000, 45.2 epochs/s, 50 s left")]
    assert run.left() == 110, "the other training has not begun"
    run.begins(8, run.work.todo[1].id, "Train", None)
    clock.now = 90.0
    assert run.left() == 60, "the first by its own word, and what reads it"


def test_a_job_without_a_word_gets_on_as_expected(run, clock, tmp_path):
    run.begins(1, run.work.todo[2].id, "Measure", tmp_path / "none.log")
    clock.now = 4.0
    assert run.lines() == [Line("Measure", 0.4, "about 6 s left")]
    clock.now = 12.0
    assert run.lines() == [Line("Measure", None, "12 s")]


def test_what_nobody_foresaw_has_no_time_left(clock):
    run = Run(1, 2, Work(), clock)
    run.begins(1, "", "Draw", None)
    clock.now = 3.0
    assert run.lines() == [Line("Draw", None, "3 s")]
    assert run.left() is None


def test_jobs_that_took_longer_than_expected_lengthen_the_rest(run, clock):
    run.begins(1, run.work.todo[0].id, "Train", None)
    clock.now = 200.0
    run.ends(1)
    assert run.left() == 2 * 100 + 10, "twice as long, as the first did; then its measurement"


def test_the_last_line_says_what_is_kept(run, clock):
    assert outcome(run, interrupted=True).startswith("stopped: 0 of 4 jobs are done and kept, and a training goes on")
    run.begins(1, run.work.todo[0].id, "Train", None)
    run.ends(1)
    assert run.fails(2) is None
    assert outcome(run, interrupted=False).startswith("not all is made: 1 of 4 jobs are done and kept;")
    for number, each in enumerate(run.work.todo[1:]):
        run.begins(number, each.id, "", None)
        run.ends(number)
    clock.now = 70.0
    assert outcome(run, interrupted=False) == "4 of 4 jobs in 70 s: figures and verdicts are in results/"


def test_however_many_jobs_run_the_line_of_the_whole_is_seen():
    """A cluster is handed hundreds at once, and a terminal has a few lines."""
    display = Display()
    display._console = Console(file=StringIO(), width=100, height=10, force_terminal=True)
    display._run = Run(300, 100, Work())
    for number in range(200):
        display._run.begins(number, "", f"job {number}", None)
    display._console.print(display._shown())
    lines = display._console.file.getvalue().splitlines()
    assert len(lines) < 10
    assert "0 of 300 jobs" in lines[-1]
