"""Draw a dataset: the exact p(x, y) of its kind, and each replicate's labels and order."""

from pathlib import Path

from infoplane import artifacts
from infoplane.artifacts import Recipe
from infoplane.datasets import DATASETS
from infoplane.datasets.replicates import draw
from infoplane.logs import logged


def make_dataset(recipe: Recipe, place: Path) -> None:
    parameters = dict(recipe.parameters)
    seed, replicates, _files = (parameters.pop(key) for key in ("seed", "replicates", "files"))
    section = DATASETS[parameters["kind"]](**parameters)
    with artifacts.staged(place, recipe) as folder:
        artifacts.write_dataset(draw(section.distribution(), seed, replicates), folder / "dataset.zarr")


with logged(snakemake.log[0]):
    make_dataset(Recipe.from_json(snakemake.params.recipe), Path(snakemake.output[0]))
