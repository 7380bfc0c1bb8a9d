"""Measure one training (or a dataset alone): an estimator of information, or a built-in measure."""

from pathlib import Path

from infoplane import artifacts
from infoplane.artifacts import Recipe
from infoplane.logs import logged
from infoplane.measures import ESTIMATORS, MEASURES


def make_measurement(recipe: Recipe, dataset: Path, training: Path | None, place: Path) -> None:
    kind = recipe.parameters["kind"]
    section = (ESTIMATORS if kind in ESTIMATORS else MEASURES)[kind](**recipe.parameters)
    read = [dataset] if training is None else [training, dataset]
    with artifacts.staged(place, recipe, read) as folder:
        tree = None if training is None else artifacts.open_tree(training / "training.zarr")
        measured = section.measure(tree, artifacts.open_dataset(dataset / "dataset.zarr"))
        artifacts.write_dataset(measured, folder / "measurement.zarr")


with logged(snakemake.log[0]):
    training = snakemake.input.get("training")
    make_measurement(
        Recipe.from_json(snakemake.params.recipe),
        Path(snakemake.input.dataset),
        Path(training) if training else None,
        Path(snakemake.output[0]),
    )
