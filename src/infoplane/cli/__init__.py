"""infoplane: what would run, what is there, and where a figure came from."""

from __future__ import annotations

import sys

import typer

from infoplane.cli import planning, studies, tracing, verdicts
from infoplane.cli.errors import told

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, help=__doc__)
for part in (studies, planning, tracing, verdicts):
    app.add_typer(part.app)


def main() -> None:
    """The `infoplane` program: exit 0 if all is well, 1 if what was asked is not so, 2 on bad input."""
    try:
        code = app(sys.argv[1:] or ["--help"], standalone_mode=False)
    except (typer.Abort, KeyboardInterrupt):
        code = 130
    except Exception as error:
        if not hasattr(error, "format_message"):  # not one of the command line's own
            raise
        typer.echo(told(error), err=True)
        code = 2
    sys.exit(code)
