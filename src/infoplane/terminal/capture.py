"""What this process and the jobs that it starts write to the terminal, line by line, before it gets there."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from typing import TextIO

STDERR = 2


class Capture:
    """While it lasts, each line that comes to the error stream is handed to `take`; `terminal` still leads there."""

    def __init__(self, take: Callable[[str], None]) -> None:
        sys.stderr.flush()
        self._take, self._kept = take, os.dup(STDERR)
        self.terminal: TextIO = os.fdopen(os.dup(STDERR), "w", encoding=sys.stderr.encoding, errors="replace")
        self._read, write = os.pipe()
        os.dup2(write, STDERR)
        os.close(write)
        self._thread = threading.Thread(target=self._lines, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Give the stream back, after what has come so far. A process that was left behind may still hold the pipe."""
        sys.stderr.flush()
        os.dup2(self._kept, STDERR)
        os.close(self._kept)
        self._thread.join(timeout=1)

    def _lines(self) -> None:
        with os.fdopen(self._read, encoding="utf-8", errors="replace") as stream:
            for line in stream:
                self._take(line.rstrip("\n"))
