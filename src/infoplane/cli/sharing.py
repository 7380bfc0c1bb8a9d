"""`infoplane push` and `pull`: results shared by version id."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from infoplane import view
from infoplane.cli import printing
from infoplane.cli.errors import one_line
from infoplane.cli.options import AsJson, ConfigFiles, Overrides, Results, SeveralValues, planned
from infoplane.cli.printing import BAD, GOOD, NOTE, count, line, size
from infoplane.plan import Plan
from infoplane.sharing import transfers
from infoplane.sharing.remote import Remote
from infoplane.upkeep import forecast, holdings

app = typer.Typer()

Where = Annotated[
    str, typer.Argument(metavar="REMOTE", help="A folder, or a URL of fsspec: s3://bucket/path, gs://..., ssh://...")
]
Targets = Annotated[
    list[str] | None,
    typer.Argument(metavar="[TARGETS]", help="Names of figures, `claims`, or ids, with all behind them; all if none."),
]


@app.command(cls=SeveralValues)
def push(
    remote: Where,
    targets: Targets = None,
    configfile: ConfigFiles = None,
    override: Overrides = None,
    results: Results = Path("results"),
    as_json: AsJson = False,
) -> None:
    """Send what the config asks for and results/ has to a remote; exits with 1 if something does not fit there."""
    with one_line():
        made, there = planned(configfile, override), Remote(remote)
        wanted = _wanted(made, targets or [], transfers.Results(results), str(results))
        moved = transfers.push(results, there, wanted)
    _tell(moved, "sent", f"not in {results}", as_json)


@app.command(cls=SeveralValues)
def pull(
    remote: Where,
    targets: Targets = None,
    configfile: ConfigFiles = None,
    override: Overrides = None,
    results: Results = Path("results"),
    as_json: AsJson = False,
) -> None:
    """Fetch what the config asks for from a remote instead of making it; exits with 1 if something does not fit."""
    with one_line():
        made, there = planned(configfile, override), Remote(remote)
        moved = transfers.pull(there, results, _wanted(made, targets or [], there, remote))
        view.bring_up_to_date(results, made.view, made.names())
    _tell(moved, "fetched", f"not at {remote}, for `infoplane run` to make", as_json)


def _wanted(made: Plan, targets: list[str], place: transfers.Place, name: str) -> list[transfers.Key]:
    """What targets ask for, inputs first: of the plan, or ids of others that are at a place."""
    ids = [target for target in targets if holdings.ID.fullmatch(target) and target not in made.ids()]
    others = [key for id_ in ids for key in transfers.everything_behind(place, name, id_)]
    named = [target for target in targets if target not in ids]
    ends = [] if ids and not named else forecast.targets(made, named)
    return list(dict.fromkeys([*((a.stage, a.id) for a in forecast.behind(ends)), *others]))


def _tell(moved: transfers.Moved, done: str, absent: str, as_json: bool) -> None:
    if as_json:
        printing.as_json(moved.to_json())
    else:
        for place, reason in moved.held_back.items():
            line((place, NOTE), f": held back: {reason}")
        went = f"{count(len(moved.ids), 'artifact')} {done}: {count(moved.files, 'file')}, {size(moved.bytes)}"
        line(
            f"{went} in {moved.seconds:.1f} s; {moved.there} were there",
            f"; {moved.absent} {absent}" * bool(moved.absent),
        )
        for told in moved.let_go:
            line((told, NOTE))
        if moved.held_back:
            line((f"{len(moved.held_back)} held back", BAD))
        elif not moved.absent:
            line(("all is there", GOOD))
    raise typer.Exit(int(bool(moved.held_back)))
