"""Snakemake finds this by the module's name, as `--logger infoplane`; what it shows is in `infoplane.terminal`."""

from __future__ import annotations

import os
import sys
from logging import LogRecord
from typing import TYPE_CHECKING

from snakemake_interface_logger_plugins.base import LogHandlerBase

if TYPE_CHECKING:
    from infoplane.terminal.display import Display


class LogHandler(LogHandlerBase):
    """In a terminal a line for each running job; elsewhere nothing, and Snakemake's own lines come as always."""

    has_filter = True
    has_formatter = True
    needs_rulegraph = False
    writes_to_file = False

    def __post_init__(self) -> None:
        """Decide whether somebody watches."""
        asked = self.common_settings
        for_all = {getattr(kind, "name", str(kind)).lower() for kind in asked.quiet or ()} <= {"reason"}
        otherwise = asked.dryrun or asked.verbose or asked.debug_dag or asked.printshellcmds or not for_all
        self._display: Display | None = None
        if sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb" and not otherwise:
            from infoplane.terminal.display import Display

            self._display = Display(asked.show_failed_logs)

    @property
    def writes_to_stream(self) -> bool:
        """Whether Snakemake leaves the terminal to this."""
        return self._display is not None

    def emit(self, record: LogRecord) -> None:
        """Show what Snakemake tells; a fault of the display is no reason to stop the run."""
        if self._display is not None:
            try:
                self._display.take(record)
            except Exception:
                self.handleError(record)

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._display is not None:
            self._display.close()
        super().close()
