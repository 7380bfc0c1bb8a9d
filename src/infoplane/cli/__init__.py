"""infoplane: what would run, what is there, and where a figure came from."""

from __future__ import annotations

import os
import sys

import typer

from infoplane import unexpected
from infoplane.cli import crates, planning, sharing, studies, tracing, verdicts
from infoplane.cli.errors import told

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, help=__doc__)
for part in (studies, planning, tracing, verdicts, sharing, crates):
    app.add_typer(part.app)


def main() -> None:
    """The `infoplane` program: exit 0 if all is well, 1 if what was asked is not so, 2 on bad input, 3 on a fault."""
    try:
        code = app(sys.argv[1:] or ["--help"], standalone_mode=False)
    except (typer.Abort, KeyboardInterrupt):
        code = 130
    except BrokenPipeError:  # who reads has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except Exception as error:
        known = hasattr(error, "format_message")  # one of the command line's own
        typer.echo(told(error) if known else unexpected.report(error), err=True)
        code = 2 if known else 3
    sys.exit(code)
