"""`infoplane verdicts`: the verdicts of a run as a Markdown table, for a README or a reply to a referee."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from infoplane import artifacts, embed
from infoplane.claims.markdown import insert, table
from infoplane.cli.errors import one_line

app = typer.Typer()


@app.command()
def verdicts(
    file: Annotated[Path, typer.Argument(help="A claims.json, here or from anywhere.")] = Path("results/claims.json"),
    into: Annotated[
        Path | None, typer.Option(help="A Markdown page whose part between the marks is replaced.", show_default=False)
    ] = None,
) -> None:
    """Print the verdicts as a Markdown table, with the commit and the machine, or put it into a page."""
    with one_line():
        manifest = embed.read(file).manifest
        try:
            findings = json.loads(file.read_text())["claims"]
        except (KeyError, TypeError):
            raise ValueError(f"{file}: no verdicts; allowed: a claims.json of a run") from None
        text = table(findings, manifest["environment"], manifest["id"])
        if into is None:
            typer.echo(text, nl=False)
        else:
            artifacts.write_text(into, insert(into.read_text(), text))
