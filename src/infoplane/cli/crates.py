"""`infoplane crate`: a study with its provenance, for other programs and for a deposit."""

from __future__ import annotations

import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from infoplane import artifacts, embed, retention
from infoplane.cli import printing
from infoplane.cli.errors import one_line
from infoplane.cli.options import AsJson, ConfigFiles, Overrides, Results, SeveralValues, planned
from infoplane.cli.printing import NOTE, count, line, size
from infoplane.config import Config
from infoplane.plan import Plan
from infoplane.sharing import about, crate, prov, transfers
from infoplane.upkeep import forecast, holdings

app = typer.Typer()


class Form(StrEnum):
    """How provenance is written."""

    CRATE = "crate"
    PROV = "prov"


@app.command("crate", cls=SeveralValues)
def write_crate(
    arguments: Annotated[
        list[str],
        typer.Argument(
            metavar="[TARGETS] OUT",
            help="Names of figures, their files, `claims` or ids, with all behind them; all if none. Then the new "
            "folder, zip or JSON file to write.",
        ),
    ],
    form: Annotated[
        Form, typer.Option("--format", help="An RO-Crate, or the same provenance as PROV-JSON alone.")
    ] = Form.CRATE,
    stores: Annotated[bool, typer.Option("--stores", help="With the stores, which else are known by digest.")] = False,
    title: Annotated[str | None, typer.Option(help="What it is called.")] = None,
    author: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who made it; git's user.name if not given.")
    ] = None,
    orcid: Annotated[str | None, typer.Option(help="Their ORCID.")] = None,
    affiliation: Annotated[
        str | None, typer.Option(metavar="NAME", help="Where they work: NAME or 'NAME <URL>'.")
    ] = None,
    licence: Annotated[str, typer.Option("--license", metavar="SPDX", help="Licence of the results.")] = "MIT",
    configfile: ConfigFiles = None,
    override: Overrides = None,
    results: Results = Path("results"),
    as_json: AsJson = False,
) -> None:
    """Write results with their provenance: the workflow, the config, each step's inputs, settings and times."""
    with one_line():
        *targets, name = arguments
        out = _new(Path(name))
        made, by = planned(configfile, override), about.author(author, orcid, affiliation)
        called = title or f"{Path.cwd().name}: {', '.join(targets) or 'all figures and verdicts'}"
        study = crate.Study(results, _records(made, targets, results), _text(made.config), called, by, licence)
        if form is Form.PROV:
            artifacts.write_text(out, prov.collect(study).serialize(indent=1) or "")
        else:
            _write(crate.collect(study, stores), out)
    told: dict[str, Any] = {"out": str(out), "artifacts": len(study.records), "bytes": holdings.size(out)}
    if as_json:
        printing.as_json(told)
    else:
        for let_go in retention.told(study.records):
            line((let_go, NOTE))
        line(f"{out}: {count(told['artifacts'], 'artifact')} with their provenance, {size(told['bytes'])}")


def _new(out: Path) -> Path:
    if out.exists() or out.is_symlink():
        raise ValueError(f"{out}: is there already; name a new one")
    if not out.absolute().parent.is_dir():
        raise ValueError(f"{out}: there is no folder {out.parent}")
    return out


def _records(made: Plan, targets: list[str], results: Path) -> list[Any]:
    """The manifests of what targets ask for and of all behind it, inputs first."""
    named = [target for target in targets if not Path(target).is_file()]
    ends = forecast.targets(made, named) if named or not targets else []
    ids = [*(end.id for end in ends), *(embed.read(t).manifest["id"] for t in targets if Path(t).is_file())]
    place = transfers.Results(results)
    keys = dict.fromkeys(key for id_ in ids for key in transfers.everything_behind(place, str(results), id_))
    found = []
    for stage, id_ in keys:
        record = place.manifest(stage, id_)
        if record is None:  # removed meanwhile
            raise ValueError(f"{results}: nothing has the id {id_}")
        if missing := set(record["input_contents"]) - {id_ for _, id_ in keys}:
            raise ValueError(f"{results}: nothing has the id {min(missing)}, of which {record['id']} is made")
        found.append(record)
    return found


def _text(config: Config) -> str:
    """The whole config, with everything that was merged over it."""
    return yaml.safe_dump(config.model_dump(mode="json", by_alias=True, exclude_none=True), sort_keys=False)


def _write(whole: Any, out: Path) -> None:
    """Write the crate, whole or not at all."""
    with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.absolute().parent) as folder:
        beside = Path(folder, "crate")
        if out.suffix == ".zip":
            whole.write_zip(beside)
        else:
            whole.write(beside)
        beside.rename(out)
