"""`infoplane new`, `run` and `reference`: from nothing to figures of one's own."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from infoplane import reference, studies
from infoplane.cli.errors import one_line

app = typer.Typer()


class AsGiven(TyperCommand):
    """A command whose arguments all belong to another program, `--` included; only `--help` is its own."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """All of them after a `--` of our own."""
        return super().parse_args(ctx, args if args == ["--help"] else ["--", *args])


@app.command()
def new(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new folder, or an empty one.")],
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Your data, copied into FOLDER/data: an npz with x (samples, features) and y (samples: 0, 1, ...), or "
            "a MATLAB file with F and y. Without it, the study has the data of Shwartz-Ziv & Tishby 2017.",
        ),
    ] = None,
) -> None:
    """Make a study: a folder with a small, commented config, which `infoplane run` turns into figures in a minute."""
    with one_line():
        notes = studies.create(folder, data)
    for note in notes:
        typer.echo(f"note: {note}", err=True)
    typer.echo(f"made {folder}; what it asks is in {folder / studies.CONFIG}. Next:")
    typer.echo(f"  cd {shlex.quote(str(folder))} && infoplane run")


@app.command(cls=AsGiven)
def run(
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="ARGUMENTS", help="Snakemake's options and targets.")
    ] = None,
) -> None:
    """Make what is missing of the study in this folder: Snakemake with infoplane's own Snakefile and all cores.

    All of Snakemake's options and targets can be given: -n says what would run, --cores 2 takes two, -h shows them all.

    Without config/config.yaml in this folder nothing runs, unless --configfile names a config.
    """
    with one_line():
        command = studies.command(arguments or [])
    sys.stdout.flush()
    os.execvp(command[0], command)  # signals and the exit code are Snakemake's


@app.command("reference")
def write_reference() -> None:
    """For developers: write config/schema.json and config/README.md of this clone from the config's models."""
    with one_line():
        written = reference.write()
    for path in written:
        typer.echo(f"wrote {path}")
