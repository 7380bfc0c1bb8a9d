"""Write the page of the claims."""

from pathlib import Path

from infoplane.claims.page import write
from infoplane.logs import logged

with logged(snakemake.log[0]):
    write(Path(snakemake.input.table), snakemake.params.ids, Path(snakemake.output.page).parent)
