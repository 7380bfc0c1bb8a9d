"""The command line: what would run, and where a figure came from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
import yaml
from rich.console import Console

from infoplane import artifacts, config, plan, reference
from infoplane.audit import Link
from infoplane.audit import audit as audit_figure

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
console = Console(highlight=False, soft_wrap=True)

ConfigFiles = Annotated[
    list[Path] | None, typer.Option("--configfile", help="Merged over config/config.yaml; can be repeated.")
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--config", metavar="KEY=VALUE", help="E.g. defaults.epochs=500; can be repeated."),
]
Results = Annotated[Path, typer.Option(help="The results folder.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@contextmanager
def _one_line() -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None


@app.command("plan")
def show_plan(
    configfile: ConfigFiles = None,
    override: Overrides = None,
    results: Results = Path("results"),
    as_json: AsJson = False,
) -> None:
    """List the conditions of every experiment, the version ids they lead to, and what exists of them."""
    with _one_line():
        listed = _listing(_planned(configfile, override), results)
    if as_json:
        typer.echo(json.dumps(listed, indent=1))
        return
    for experiment, conditions in listed["experiments"].items():
        for condition in conditions:
            varied = ", ".join(f"{key} {value}" for key, value in condition["varied"].items())
            console.print(f"[bold]{experiment}[/bold] {varied}")
            for artifact in condition["artifacts"]:
                console.print(_plan_line(artifact))
    console.print("[bold]figures[/bold]")
    for figure in listed["figures"]:
        console.print(_plan_line(figure))
    stores = {a["id"]: a for runs in listed["experiments"].values() for run in runs for a in run["artifacts"]}
    missing = sum(not store["exists"] for store in stores.values())
    stale = sum(not figure["exists"] for figure in listed["figures"])
    console.print(f"to make: {missing} of {len(stores)} stores, {stale} of {len(listed['figures'])} figures")


@app.command()
def audit(
    figure: Annotated[Path, typer.Argument(help="A PDF, PNG or GIF made by infoplane, here or copied elsewhere.")],
    configfile: ConfigFiles = None,
    override: Overrides = None,
    results: Results = Path("results"),
    as_json: AsJson = False,
) -> None:
    """Trace a figure to the bytes and the code it came from; exits with 1 when a link of the chain is broken."""
    with _one_line():
        planned = _planned(configfile, override).ids() if configfile or _default_config().exists() else None
        links = audit_figure(figure, results, planned)
    broken = any(link.broken for link in links)
    if as_json:
        typer.echo(json.dumps({"broken": broken, "links": [link.to_json() for link in links]}, indent=1))
    else:
        for link in links:
            _print_link(link)
        console.print("[red]broken: see above[/red]" if broken else "[green]every link holds[/green]")
    raise typer.Exit(int(broken))


@app.command("reference")
def write_reference() -> None:
    """Write config/schema.json and config/README.md from the config's models (for developers)."""
    for path, text in reference.files().items():
        artifacts.write_text(path, text)
        console.print(f"wrote {path}")


def _default_config() -> Path:
    own = Path("config/config.yaml")
    return own if own.exists() else plan.PROJECT / own


def _planned(files: list[Path] | None, overrides: list[str] | None) -> plan.Plan:
    """The plan of the config that Snakemake would use with the same options."""
    values = config.read(_default_config(), *(files or []))
    for override in overrides or []:
        key, equals, value = override.partition("=")
        if not equals:
            raise config.ConfigError(f"--config {override}: KEY=VALUE is needed, e.g. defaults.epochs=500")
        config.merge(values, config.expand({key: yaml.safe_load(value)}))
    return plan.make(config.load(values))


def _listing(made: plan.Plan, results: Path) -> dict:
    def entry(artifact: plan.Artifact) -> dict:
        exists = (results / artifact.place / artifacts.MANIFEST).is_file()
        return {"stage": artifact.stage, "id": artifact.id, "what": artifact.label, "exists": exists}

    experiments: dict[str, dict] = {}
    for name in made.figure:
        for run in made.runs[name]:
            conditions = experiments.setdefault(run.experiment, {})
            condition = conditions.setdefault(json.dumps(run.varied), {"varied": dict(run.varied), "artifacts": {}})
            condition["artifacts"] |= {artifact.id: entry(artifact) for artifact in run.artifacts()}
    return {
        "experiments": {
            name: [{**c, "artifacts": list(c["artifacts"].values())} for c in conditions.values()]
            for name, conditions in experiments.items()
        },
        "figures": [
            {"stage": "figure", "id": a.id, "what": name, "exists": _figure_is_current(results, name, a)}
            for name, a in made.figure.items()
        ],
    }


def _figure_is_current(results: Path, name: str, artifact: plan.Artifact) -> bool:
    manifest = results / "figures" / f"{name}.json"
    return manifest.is_file() and json.loads(manifest.read_text())["id"] == artifact.id


def _plan_line(artifact: dict) -> str:
    mark = "  [green]made   [/green]" if artifact["exists"] else "  [yellow]to make[/yellow]"
    return f"{mark} {artifact['stage']:<12} {artifact['id']}  {artifact['what']}"


def _print_link(link: Link) -> None:
    colour = "red" if link.broken else "green"
    commit = f"{link.git_commit[:12]}{' with changes' if link.git_dirty else ''}" if link.git_commit else "unknown"
    console.print(f"[{colour}]{link.stage:<12} {link.id}[/{colour}]  {link.place}")
    console.print(f"    made of {json.dumps(link.parameters)}", markup=False)
    console.print(f"    bytes {link.bytes}, record {link.record}; made {link.started} from commit {commit}")
    wanted = {
        None: "no config here to compare with",
        True: "asked for",
        False: "another version is asked for",
    }
    console.print(f"    today: code {link.code}, config: {wanted[link.planned]}")
    if link.environment:
        differs = ", ".join(f"{key} {then} -> {now}" for key, (then, now) in link.environment.items())
        console.print(f"    environment differs: {differs}")


def main() -> None:
    """The `infoplane` program."""
    app()
