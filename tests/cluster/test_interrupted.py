"""Who ends a run, kindly or not, loses nothing that its submissions have made; a second run goes on."""

import os
import signal
import time

from infoplane.tracing.verify import verify
from tests.workflow.test_run import contents

from .conftest import OPTIONS, measured, running, squeue, submitted


def test_control_c_cancels_what_was_submitted_within_seconds(here, untrained, cluster):
    with running(untrained, *OPTIONS, *measured(here)) as run:
        run.trains(after=0)
        pressed = time.monotonic()
        for _ in range(2):  # a second one changes nothing
            os.killpg(run.process.pid, signal.SIGINT)
            time.sleep(0.1)
        told = run.stops()
    assert time.monotonic() - pressed < 10
    assert "Traceback" not in told
    assert told.count("stopped: what was submitted is cancelled; what is done is kept") == 1
    [job] = submitted(told)
    assert cluster.told(job, shown="%T")[0] in ("COMPLETING", "CANCELLED")
    assert verify(untrained.folder / "results").wrong == []
    assert not list(untrained.folder.glob("results/trainings/[0-9a-f]*"))
    untrained.make(*measured(here))  # goes on from there, here as on a cluster
    assert contents(untrained.folder) == contents(here.folder)


def test_what_a_killed_run_has_submitted_runs_on_and_is_waited_for(here, untrained, cluster):
    with running(untrained, *OPTIONS, *measured(here)) as run:
        run.trains(after=0)
    [job] = squeue("--states=running", "--format=%i")
    with running(untrained, *OPTIONS, *measured(here)) as run:
        told = run.ends()
    assert "Traceback" not in told
    assert cluster.told(job, *submitted(told), shown="%T") == ["COMPLETED"] * 2
    assert contents(untrained.folder) == contents(here.folder)
    assert not list(untrained.folder.glob("results/checkpoints/*/*"))
