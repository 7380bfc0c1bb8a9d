"""A thread that writes while the training goes on."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any


class Background:
    """Runs calls in order, one at a time, beside its caller; `with Background() as later: later(write, values)`.

    What a call raises, every later call raises in its stead, `check` and `wait` too: nothing runs after a failure.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1)
        self._calls: deque[Future[None]] = deque()

    def __enter__(self) -> Background:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._pool.shutdown()
        if kind is None:
            self.wait()

    def __call__(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Run `function(*arguments)` after the calls before it."""
        before = self._calls[-1] if self._calls else None
        self._calls.append(self._pool.submit(_after, before, function, arguments))

    def check(self) -> None:
        """Raise what a call has raised, if one has."""
        while self._calls and self._calls[0].done():
            self._calls.popleft().result()

    def wait(self) -> None:
        """Return when all calls are done; raises what the first to fail raised."""
        while self._calls:
            self._calls.popleft().result()


def _after(before: Future[None] | None, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    if before:
        before.result()
    function(*arguments)
