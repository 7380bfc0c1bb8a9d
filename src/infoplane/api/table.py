"""`infoplane.runs`: what a workflow has trained and measured, found by settings instead of ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, overload

import pandas as pd
import xarray as xr

from infoplane import retention, stores
from infoplane.analyses.base import condition_name
from infoplane.artifacts import canonical
from infoplane.section import one_of
from infoplane.tracing import records
from infoplane.upkeep import holdings

SHOWN = ("dataset", "hidden", "activation", "epochs", "replicates")  # in a table, also where all runs agree
NO_SETTINGS = ("files", "environment")


@dataclass(frozen=True)
class Run:
    """One condition that was trained: its `settings`, and what of it is in the results folder, opened lazily.

    `replicates` are trained in one part or several (`replicates_per_job`); `settings` are those of the training and, as
    `dataset_KEY`, those of its dataset, whose name in the config is `dataset`.
    """

    settings: Mapping[str, Any]
    folders: tuple[Path, ...]
    dataset_folder: Path
    measured: tuple[_Measured, ...]

    def curves(self) -> xr.Dataset:
        """`train_loss`, `test_loss`, `train_error`, `test_error` (replicate, epoch)."""
        return stores.open_parts(folder / "training.zarr.zip" for folder in self.folders)

    def trainings(self, activations: bool = True) -> list[xr.DataTree]:
        """The trainings of its parts, which are large: `/layer_1` ... have `activation`, `weight` and norms.

        Raises:
            ValueError: activations are asked for, and were let go.
        """
        if activations:
            return [stores.open_tree(retention.whole(folder) / "training.zarr.zip") for folder in self.folders]
        return [stores.open_tree(folder / "training.zarr.zip") for folder in self.folders]

    def dataset(self) -> xr.Dataset:
        """`x` (sample, feature), `p_x` (sample), `p_y_given_x` (sample, class), labels and order of each replicate."""
        return stores.open_dataset(self.dataset_folder / "dataset.zarr.zip")

    @property
    def measurements(self) -> dict[str, list[Mapping[str, Any]]]:
        """The settings of what was measured, by its name in the config, or that of a built-in measure."""
        found: dict[str, list[Mapping[str, Any]]] = {}
        for one in self.measured:
            found.setdefault(one.name, []).append(one.settings)
        return found

    def measurement(self, name: str = "binned", **settings: Any) -> xr.Dataset:
        """`I_XT`, `I_TY`, ... (replicate, epoch, layer) by an estimator, or what a built-in measure gives.

        Raises:
            ValueError: none, or more than one, of the name and settings is there.
        """
        named = [one for one in self.measured if one.name == name]
        if not named:
            raise ValueError(f"name: found {name!r}; measured of this run: {one_of(self.measurements, name)}")
        fit = [one for one in named if all(_same(one.settings.get(key), value) for key, value in settings.items())]
        if len(fit) != 1:
            apart = [key for key in named[0].settings if len({canonical(one.settings.get(key)) for one in named}) > 1]
            there = "; ".join(condition_name({key: one.settings.get(key) for key in apart}) for one in named)
            raise ValueError(f"settings: found {len(fit)} measurements {name} of {settings}; there are: {there}")
        return stores.open_parts(folder / "measurement.zarr.zip" for folder in fit[0].folders)


@dataclass(frozen=True)
class _Measured:
    name: str
    settings: Mapping[str, Any]
    folders: tuple[Path, ...]


class Runs(Sequence[Run]):
    """Runs, in a table of their settings; `sel` picks some of them."""

    def __init__(self, found: Sequence[Run]) -> None:
        self._runs = tuple(found)

    @overload
    def __getitem__(self, index: int) -> Run: ...
    @overload
    def __getitem__(self, index: slice) -> Runs: ...
    def __getitem__(self, index: Any) -> Any:
        """A run by its place, or a slice of them."""
        return Runs(self._runs[index]) if isinstance(index, slice) else self._runs[index]

    def __len__(self) -> int:
        return len(self._runs)

    def sel(self, **settings: Any) -> Runs:
        """Those whose settings have these values: `sel(activation="relu", hidden=[12, 10])`.

        Raises:
            ValueError: there is no such setting, or no run with these values.
        """
        known = {key: None for run in self for key in run.settings}
        for key in settings:
            if key not in known:
                raise ValueError(f"{key}: unknown setting; {one_of(known, key)}")
        kept = [run for run in self if all(_same(run.settings.get(key), value) for key, value in settings.items())]
        if not kept:
            there = {key: {canonical(run.settings.get(key)): None for run in self} for key in settings}
            found = "; ".join(f"{key} {', '.join(values)}" for key, values in there.items())
            raise ValueError(f"{condition_name(settings)}: no such run; there are: {found}")
        return Runs(kept)

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row for each run; columns are `SHOWN`, and the settings in which runs differ."""
        frame = pd.DataFrame([dict(run.settings) for run in self])
        return frame[[key for key in frame if key in (*SHOWN, *self._varied)]]

    @cached_property
    def _varied(self) -> list[str]:
        """The settings in which runs differ; of those of a dataset, what its name does not say."""
        known = {key: None for run in self for key in run.settings}
        values = {key: [canonical(run.settings.get(key)) for run in self] for key in known}
        names = values.get("dataset", [""] * len(self))
        said = {key: names if key.startswith("dataset_") else [""] * len(self) for key in known}
        return [k for k in known if len(set(zip(values[k], said[k], strict=True))) > len(set(said[k]))]

    def titles(self) -> list[str]:
        """What sets each run apart from the others."""
        return [condition_name({key: run.settings.get(key) for key in self._varied}, "\n") for run in self]

    def __repr__(self) -> str:
        return self.table.to_string()

    def _repr_html_(self) -> str:
        return self.table.to_html()


def runs(results: Path | str = "results") -> Runs:
    """What was trained in a workflow's results folder, and measured of it: a table to `sel` from.

    Of trainings that differ in their code alone, and of measurements too, the latest counts.

    Raises:
        ValueError: there is no such folder, or it has no trainings.
    """
    kept = {holding.id: (holding.path, records.kept(holding.path)) for holding in _finished(Path(results))}
    stages: dict[str, list[records.Record]] = {"dataset": [], "training": [], "measurement": []}
    for _, manifest in sorted(kept.values(), key=lambda found: found[1]["started"]):
        stages.get(manifest["stage"], []).append(manifest)
    groups: dict[str, list[records.Record]] = {}
    for manifest in stages["training"]:
        settings = {key: value for key, value in manifest["parameters"].items() if key != "replicates"}
        groups.setdefault(canonical([settings, manifest["inputs"]["dataset"]]), []).append(manifest)
    found = [_run(parts, stages["measurement"], kept) for parts in map(_parts, groups.values()) if parts]
    if not found:
        raise ValueError(f"{results}: no training is there")
    return Runs(found)


def _finished(results: Path) -> Iterator[holdings.Holding]:
    for holding in holdings.held(results):
        if holding.stage in ("dataset", "training", "measurement"):
            yield holding


def _parts(manifests: Sequence[records.Record]) -> list[records.Record]:
    """The latest trainings of one code that make up a condition from its first replicate on, in their order."""
    of_code = [manifest for manifest in manifests if manifest["code"] == manifests[-1]["code"]]
    parts: list[records.Record] = []
    stop = 0
    while following := [m for m in of_code if m["parameters"]["replicates"][0] == stop]:
        parts.append(following[-1])
        stop = following[-1]["parameters"]["replicates"][1]
    return parts


def _run(parts: Sequence[records.Record], measurements: Sequence[records.Record], kept: Mapping[str, Any]) -> Run:
    data = parts[0]["inputs"]["dataset"]
    trained = {key: value for key, value in parts[0]["parameters"].items() if key not in NO_SETTINGS}
    settings = records.flat({**trained, "replicates": parts[-1]["parameters"]["replicates"][1]})
    if data in kept:
        manifest = kept[data][1]
        own = {key: value for key, value in manifest["parameters"].items() if key not in (*NO_SETTINGS, "replicates")}
        settings = {
            "dataset": manifest["label"].rpartition(", ")[0],
            **settings,
            **{f"dataset_{key}": value for key, value in records.flat(own).items()},
        }
    ids = [part["id"] for part in parts]
    folder = kept[ids[0]][0].parents[1] / "datasets" / data
    return Run(settings, tuple(kept[id_][0] for id_ in ids), folder, tuple(_measured(ids, data, measurements, kept)))


def _measured(
    ids: Sequence[str], data: str, measurements: Sequence[records.Record], kept: Mapping[str, Any]
) -> Iterator[_Measured]:
    """What was measured of all parts of a run, or of its dataset."""
    groups: dict[str, dict[str, records.Record]] = {}
    for manifest in measurements:
        read = manifest["inputs"].get("training", manifest["inputs"]["dataset"])
        if read in (*ids, data):
            name = manifest["label"].partition(" of ")[0]
            groups.setdefault(canonical([name, manifest["parameters"]]), {})[read] = manifest  # the latest stays
    for of in groups.values():
        some = next(iter(of.values()))
        settings = {key: value for key, value in some["parameters"].items() if key not in NO_SETTINGS}
        whole = [data] if data in of else ids
        if all(id_ in of for id_ in whole):
            name = some["label"].partition(" of ")[0]
            yield _Measured(name, records.flat(settings), tuple(kept[of[id_]["id"]][0] for id_ in whole))


def _same(found: Any, wanted: Any) -> bool:
    """Whether a setting is a value; a tuple is a list, as in the manifests."""
    return canonical(found) == canonical(wanted)
