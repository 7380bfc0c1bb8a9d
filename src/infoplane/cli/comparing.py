"""`infoplane diff`: what differs between two files, two artifacts or two configs."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from infoplane import embed, loading
from infoplane.cli import printing
from infoplane.cli.errors import one_line
from infoplane.cli.options import CONFIG, AsJson, Results, config
from infoplane.cli.printing import GOOD, HEAD, NOTE, line
from infoplane.config import Config
from infoplane.tracing import configs, records
from infoplane.tracing.configs import ConfigDifference
from infoplane.tracing.diff import Difference
from infoplane.tracing.diff import diff as compare
from infoplane.tracing.records import Chain
from infoplane.upkeep import holdings

app = typer.Typer()


@app.command()
def diff(
    a: Annotated[str, typer.Argument(help="A file with a manifest inside, an id in results/, or a config file.")],
    b: Annotated[str, typer.Argument(help="Another one.")],
    results: Results = Path("results"),
    as_json: AsJson = False,
) -> None:
    """Say what differs between two figures, artifacts or configs, link by link; exits with 1 if anything does.

    A config file is merged over config/config.yaml, as by --configfile, unless its own name is config.yaml.
    """
    with one_line():
        if _is_config(a) != _is_config(b):
            raise ValueError(f"{a}, {b}: a config can only be compared with a config")
        if _is_config(a):
            settings = configs.compare(_config(Path(a)), _config(Path(b)))
            differs, plain, show = settings.differs, settings.to_json(), partial(_configs, settings)
        else:
            files = {side: Path(name) for side, name in (("a", a), ("b", b)) if Path(name).is_file()}
            links = compare(_chain(a, results), _chain(b, results), results, files)
            plain = {"differences": [difference.to_json() for difference in links]}
            differs, show = bool(links), partial(_links, links)
    if as_json:
        printing.as_json({"same": not differs, **plain})
    else:
        line(f"A: {a}")
        line(f"B: {b}")
        show()
        if not differs:
            line(("the same", GOOD))
    raise typer.Exit(int(differs))


def _is_config(name: str) -> bool:
    return name.endswith((".yaml", ".yml")) and Path(name).is_file()


def _config(file: Path) -> Config:
    return loading.load(loading.read(file)) if file.name == CONFIG.name else config([file])


def _chain(name: str, results: Path) -> Chain:
    """The chain inside a file, or that of an id."""
    if Path(name).exists():
        try:
            return records.chain(embed.read(name).manifest)
        except ValueError as error:
            raise ValueError(f"{name}: {str(error).removeprefix(f'{name}: ')}") from None
    if not holdings.ID.fullmatch(name):
        raise ValueError(f"{name}: there is no such file, and it is not an id (12 digits 0 to f)")
    for holding in holdings.held(results):
        if holding.id == name:
            return records.chain_of(results, holding.stage, name)
    raise ValueError(f"{results}: nothing has the id {name}")


def _configs(found: ConfigDifference) -> None:
    for key, (one, other) in found.settings.items():
        line(f"  {key}: {printing.value(one)} -> {printing.value(other)}")
    if found.differs:
        rows = [["artifacts", "only A", "both", "only B"]]
        rows += [[stage, *map(str, counts)] for stage, counts in found.versions.items()]
        printing.table([[f"  {row[0]}", *row[1:]] for row in rows], right=(1, 2, 3))


def _links(differences: list[Difference]) -> None:
    seen: set[str] = set()
    for link in differences:
        ids = f"only in {'B' if link.a is None else 'A'}: {link.a or link.b}"
        line((f"{link.stage:<12} ", HEAD), f"{link.a} -> {link.b}" if link.a and link.b else ids, f"  {link.label}")
        for key, (one, other) in link.parameters.items():
            line(f"    {key}: {printing.value(one)} -> {printing.value(other)}")
        if link.inputs:
            line(f"    reads other versions: {', '.join(f'{stage} {number}' for stage, number in link.inputs.items())}")
        for text in link.code:
            line(f"    code: {text}")
        if link.bytes:
            line(("    the same id, but other bytes", NOTE))
        changed = printing.changes(link.environment)
        if changed and changed not in seen:
            line(f"    environment: {changed}")
            seen.add(changed)
        elif changed:
            line("    environment: as above")
        for number in link.numbers:
            most = "" if number.max_difference is None else f", at most {number.max_difference:.3g} {number.units}"
            line(f"    {number.name}: {number.differs}{most.rstrip()}")
        if link.not_compared:
            line(f"    numbers not compared: {link.not_compared}")
