"""`infoplane plan`, `list` and `gc`: what would run, what is there, and what of it may go."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from infoplane import plan as plans
from infoplane import view
from infoplane.analyses.base import condition_name
from infoplane.artifacts import STAGES
from infoplane.cli import printing
from infoplane.cli.errors import one_line
from infoplane.cli.options import AsJson, ConfigFiles, Overrides, Results, SeveralValues, planned, planned_ids
from infoplane.cli.printing import BAD, GOOD, HEAD, NOTE, count, duration, line, size, sized, table
from infoplane.upkeep import forecast as forecasts
from infoplane.upkeep import gc as upkeep_gc
from infoplane.upkeep import inventory, listing, memory

app = typer.Typer()
FEW = 40  # artifacts that are listed one by one without being asked for
MANY = 12  # conditions of an experiment that a large plan shows


@app.command("plan", cls=SeveralValues)
def show_plan(
    targets: Annotated[
        list[str] | None, typer.Argument(metavar="[TARGETS]", help="Names of figures, `claims`, or ids; all if none.")
    ] = None,
    configfile: ConfigFiles = None,
    override: Overrides = None,
    results: Results = Path("results"),
    cores: Annotated[int | None, typer.Option(min=1, help="Cores that a run may use; all if not given.")] = None,
    ids: Annotated[bool, typer.Option("--ids", help="List every artifact, also of a large plan.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say what a config asks for, what exists of it, and what the rest costs: jobs, time, bytes."""
    with one_line():
        made = planned(configfile, override)
        ends = forecasts.targets(made, targets or [])
        listed = listing.listing(made, ends, results)
        expected = forecasts.forecast(ends, results, cores or os.cpu_count() or 1, made.config.keep_activations)
    if as_json:
        printing.as_json({**listed, "forecast": expected.to_json()})
        return
    few = ids or len({entry["id"] for entry in listing.entries(listed)}) <= FEW
    told: set[str] = set()
    for experiment, conditions in listed["experiments"].items():
        line((experiment, HEAD))
        shown = conditions if few else conditions[:MANY]
        for condition in shown:
            _condition(condition)
            for entry in condition["artifacts"] if few else []:
                if entry["id"] not in told:  # what conditions share is listed with the first
                    _entry(entry)
                told.add(entry["id"])
        if rest := conditions[len(shown) :]:
            line(f"  {len(rest)} more: {_counts([entry for condition in rest for entry in condition['artifacts']])}")
    for name in ("analyses", "figures", "claims", "explorer"):
        if listed[name]:
            line((name, HEAD), "" if few else f"  {_made(listed[name])}")
        for entry in listed[name] if few or name == "figures" else []:
            _entry(entry)
    _forecast(expected)


def _condition(condition: Mapping[str, Any]) -> None:
    line(f"  {condition_name(condition['varied']) or 'the one condition'}: {_counts(condition['artifacts'])}")


def _counts(entries: Iterable[Mapping[str, Any]]) -> str:
    """By stage, how many of the artifacts are made."""
    by_stage: dict[str, dict[str, Mapping[str, Any]]] = {}
    for entry in entries:
        by_stage.setdefault(entry["stage"], {})[entry["id"]] = entry
    return ", ".join(f"{stage}s {_made([*by_stage[stage].values()])}" for stage in STAGES if stage in by_stage)


def _made(entries: list[Mapping[str, Any]]) -> str:
    return f"{sum(entry['exists'] for entry in entries)}/{len(entries)}"


def _entry(entry: Mapping[str, Any]) -> None:
    mark = ("made   ", GOOD) if entry["exists"] else ("to make", NOTE)
    line("    ", mark, f" {entry['stage']:<12} {entry['id']}  {entry['what']}")


def _forecast(expected: forecasts.Forecast) -> None:
    todo = [jobs for jobs in expected.jobs if jobs.missing]
    if not todo:
        line(("everything is made", GOOD))
        return
    line(("to make", HEAD))
    table(
        [
            (
                f"  {jobs.stage}",
                f"{jobs.missing} of {jobs.planned}",
                duration(jobs.seconds),
                size(jobs.bytes),
                f"as {count(jobs.earlier, 'earlier job')} took" if jobs.earlier else "a first guess",
            )
            for jobs in todo
        ],
        right=(1, 2, 3),
    )
    jobs = count(sum(jobs.missing for jobs in todo), "job")
    line(f"{jobs}: about {duration(expected.seconds)} on {count(expected.cores, 'core')}, {size(expected.bytes)}")
    here = memory.machine()
    told = f"the largest job needs {size(expected.memory)} of memory; this machine has {size(here)}"
    line((told, BAD) if expected.memory > here else told)


@app.command("list", cls=SeveralValues)
def show_list(
    stage: Annotated[str | None, typer.Argument(help="dataset, training, measurement, analysis, figure, ...")] = None,
    configfile: ConfigFiles = None,
    override: Overrides = None,
    results: Results = Path("results"),
    as_json: AsJson = False,
) -> None:
    """List the artifacts in results/: settings in which they differ, sizes, ages, whether the config asks for them."""
    with one_line():
        chosen = inventory.stage_named(stage) if stage else None
        entries = inventory.inventory(results, planned_ids(configfile, override), chosen)
    if as_json:
        printing.as_json([entry.to_json() for entry in entries])
        return
    for of_stage in STAGES:
        found = [entry for entry in entries if entry.stage == of_stage]
        if found:
            line((f"{of_stage}: {len(found)}, {size(sum(entry.bytes for entry in found))}", HEAD))
            table([_row(entry) for entry in found], right=(1, 2))


def _row(entry: inventory.Entry) -> tuple[str | tuple[str, str], ...]:
    said: dict[bool | None, str | tuple[str, str]]
    said = {None: "", True: ("asked for", GOOD), False: ("not asked for", NOTE)}
    settings = "; ".join(f"{key} {printing.value(setting)}" for key, setting in entry.settings.items())
    what = entry.problem or ": ".join(filter(None, [entry.label, settings]))
    what += "; activations let go" * entry.let_go
    age = "" if entry.age is None else duration(entry.age)
    return f"  {entry.id}", size(entry.bytes), age, said[entry.wanted], what


@app.command(cls=SeveralValues)
def gc(
    also: Annotated[
        list[Path] | None,
        typer.Option(metavar="CONFIGFILE", help="A further config whose artifacts stay; can be repeated."),
    ] = None,
    delete: Annotated[bool, typer.Option("--delete", help="Remove what is listed.")] = False,
    configfile: ConfigFiles = None,
    override: Overrides = None,
    results: Results = Path("results"),
    as_json: AsJson = False,
) -> None:
    """List what in results/ no config needs: artifacts, checkpoints, left-overs of killed jobs; --delete removes it."""
    with one_line():
        made = planned(configfile, override)
        needed = made.ids().union(*(planned([*(configfile or []), file], override).ids() for file in also or []))
        found = upkeep_gc.waste(results, needed)
        if delete:
            upkeep_gc.remove(results, found)
            _show(made, results, found)
    total = sum(item.bytes for item in found)
    if as_json:
        printing.as_json({"deleted": delete, "bytes": total, "waste": [item.to_json() for item in found]})
        return
    sized((item.bytes, str(item.path), item.why) for item in found)
    done = "removed" if delete else "to remove, with --delete"
    line(f"{size(total)} in {count(len(found), 'place')} {done}" if found else "nothing to remove")


def _show(made: plans.Plan, results: Path, found: Iterable[upkeep_gc.Waste]) -> None:
    """A name that showed what is removed must not go on showing it."""
    if any(item.was_shown for item in found):
        view.bring_up_to_date(results, made.view, made.names())
