"""Options that several commands share, and the plan that they lead to.

`--config` and `--configfile` are Snakemake's: each takes as many values as follow it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from infoplane import code, loading, plan
from infoplane.config import Config

CONFIG = Path("config/config.yaml")
SUFFIXES = (".yaml", ".yml", ".json")

ConfigFiles = Annotated[
    list[Path] | None,
    typer.Option("--configfile", metavar="FILE...", help="Config files, each merged over config/config.yaml."),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--config",
        metavar="KEY=VALUE...",
        help="Keys, as Snakemake takes them (defaults__epochs=500, 'defaults={epochs: 500}') or defaults.epochs=500.",
    ),
]
Results = Annotated[Path, typer.Option(help="The results folder.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class SeveralValues(TyperCommand):
    """A command that takes `--config a=1 b=2` and `--configfile a.yaml b.yaml` as Snakemake does."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Repeat the option before each further value: what follows and has the form of one."""
        return super().parse_args(ctx, repeated(args))


def repeated(args: list[str]) -> list[str]:
    """The arguments with `--config` and `--configfile` before each of their values."""
    found: list[str] = []
    option = ""
    for number, argument in enumerate(args):
        if argument == "--":
            return found + args[number:]
        first = bool(found) and found[-1] == option
        if argument in ("--config", "--configfile"):
            option = argument
        elif argument.startswith("-"):
            option = argument.partition("=")[0] if argument.startswith(("--config=", "--configfile=")) else ""
        elif option and not first:
            if "=" in argument if option == "--config" else argument.endswith(SUFFIXES):
                found.append(option)
            else:
                option = ""
        found.append(argument)
    return found


def default_config() -> Path:
    """The config in the working directory or, where there is none, the project's own, as the Snakefile takes it."""
    return CONFIG if CONFIG.exists() else code.home() / CONFIG


def config(files: list[Path] | None = None, overrides: list[str] | None = None) -> Config:
    """The config that Snakemake would use with the same options.

    Raises:
        ConfigError: there is none, or it cannot be used.
    """
    values = loading.read(default_config(), *(files or []))
    for override in overrides or []:
        key, equals, value = override.partition("=")
        if not equals or not key:
            raise loading.ConfigError(f"--config {override}: KEY=VALUE is needed, e.g. defaults__epochs=500")
        loading.merge(values, {key: loading.as_yaml(value)})
    return loading.load(values)


def planned(files: list[Path] | None = None, overrides: list[str] | None = None) -> plan.Plan:
    """The plan of that config."""
    return plan.make(config(files, overrides))


def planned_ids(files: list[Path] | None, overrides: list[str] | None) -> set[str] | None:
    """The ids of that plan; None where nothing is given and there is no config."""
    if not files and not overrides and not default_config().exists():
        return None
    return planned(files, overrides).ids()
