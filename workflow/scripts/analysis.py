"""Analyse the runs of experiments: the numbers that a figure draws and a claim decides by."""

from infoplane import jobs, stores
from infoplane.analyses import ANALYSES
from infoplane.analyses.inputs import open_run
from infoplane.analyses.table import csv


def write(job: jobs.Job) -> None:
    folders = {path.name: path for paths in job.inputs.values() for path in paths}
    runs = [open_run(described, folders) for described in job.parameters["runs"]]
    found = ANALYSES[job.parameters["kind"]].restored(job.settings("runs")).analyse(runs)
    found.attrs |= job.attributes
    stores.write(found, job.folder / "analysis.zarr.zip")
    (job.folder / "analysis.csv").write_text(csv(found))


jobs.run(snakemake, write)
