"""Draw a figure of an analysis (or of the verdicts): its files, its numbers as a CSV, its caption."""

from infoplane import jobs
from infoplane.rendering import render


def write(job: jobs.Job) -> dict[str, bytes]:
    return render(job.parameters, job.inputs, snakemake.params.caption)


jobs.run(snakemake, write)
