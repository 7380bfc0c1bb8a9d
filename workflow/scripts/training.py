"""Train the replicates of one condition (or a part of them) and record their snapshots."""

from collections.abc import Callable
from pathlib import Path

from infoplane import artifacts
from infoplane.artifacts import Recipe
from infoplane.condition import Condition
from infoplane.logs import logged
from infoplane.training.trainer import train


def make_training(recipe: Recipe, dataset: Path, place: Path, checkpoint: Path, report: Callable[[str], None]) -> None:
    parameters = dict(recipe.parameters)
    replicates = range(*parameters.pop("replicates"))
    with artifacts.staged(place, recipe, [dataset]) as folder:
        data = artifacts.open_dataset(dataset / "dataset.zarr")
        train(Condition(**parameters), data, replicates, folder / "training.zarr", checkpoint, report)


with logged(snakemake.log[0]) as report:
    make_training(
        Recipe.from_json(snakemake.params.recipe),
        Path(snakemake.input.dataset),
        Path(snakemake.output[0]),
        Path(snakemake.params.checkpoint),
        report,
    )
