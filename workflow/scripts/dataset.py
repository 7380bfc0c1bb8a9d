"""Draw a dataset: the exact p(x, y) of its kind, and each replicate's labels and order."""

from pathlib import Path

from infoplane import artifacts, jobs, stores
from infoplane.datasets import DATASETS
from infoplane.datasets.replicates import draw


def write(job: jobs.Job) -> None:
    section = DATASETS[job.parameters["kind"]].restored(job.settings("seed", "replicates", "files"))
    distribution = section.distribution()
    for file, planned in job.parameters["files"].items():  # after it was read: what was read is what was planned
        if artifacts.digest(Path(file)) != planned:
            raise ValueError(f"{file}: changed since this run was planned; run again")
    data = draw(distribution, job.parameters["seed"], job.parameters["replicates"])
    stores.write(data.assign_attrs(job.attributes), job.folder / "dataset.zarr.zip")


jobs.run(snakemake, write)
