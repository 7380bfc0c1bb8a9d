"""Draw one figure from stored measurements, its manifest inside."""

from pathlib import Path

from infoplane.artifacts import Recipe
from infoplane.claims.table import Claims
from infoplane.figures import FIGURES
from infoplane.logs import logged
from infoplane.rendering import render

with logged(snakemake.log[0]):
    settings = snakemake.params.figure
    figure = Claims(**settings) if settings["kind"] == "claims" else FIGURES[settings["kind"]](**settings)
    render(
        figure,
        snakemake.params.runs,
        Recipe.from_json(snakemake.params.recipe),
        [Path(folder) for folder in snakemake.input],
        snakemake.params.caption,
        Path(snakemake.output.pdf).with_suffix(""),
    )
