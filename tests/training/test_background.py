"""What runs beside the training: in order, and nothing after a failure."""

import threading
from concurrent.futures import wait

import pytest

from infoplane.training.background import Background


def test_calls_run_in_order_and_beside():
    done, open_door = [], threading.Event()
    with Background() as later:
        later(open_door.wait, 10)
        for number in range(3):
            later(done.append, number)
        assert not done
        open_door.set()
        later.wait()
        assert done == [0, 1, 2]
        later(done.append, 3)
    assert done == [0, 1, 2, 3]


def test_a_failure_is_told_as_soon_as_it_is_looked_for():
    """Not only at the next snapshot, which may be hours away."""
    with Background() as later:
        later(divmod, 1, 1)
        later.check()
        later.wait()
        later(divmod, 1, 0)
        failed = later._calls[-1]
        wait([failed])
        with pytest.raises(ZeroDivisionError):
            later.check()


def fail_and_go_on(done, error=None):
    with Background() as later:
        later(divmod, 1, 0)
        later(done.append, "complete")
        if error:
            raise error


def test_nothing_runs_after_a_failure():
    """A snapshot whose activations could not be written must not be saved as complete."""
    done = []
    with pytest.raises(ZeroDivisionError):
        fail_and_go_on(done)
    with pytest.raises(KeyError):  # the caller's own failure is the one that is told
        fail_and_go_on(done, KeyError())
    assert not done
