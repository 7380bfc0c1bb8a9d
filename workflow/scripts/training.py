"""Train the replicates of one condition (or a part of them) and record their snapshots."""

from pathlib import Path

from infoplane import jobs, stores
from infoplane.condition import Condition
from infoplane.logs import report
from infoplane.training.trainer import train


def write(job: jobs.Job) -> None:
    condition = Condition.restored(job.settings("replicates"))
    data = stores.open_dataset(job.inputs["dataset"][0] / "dataset.zarr.zip")
    store, checkpoint = job.folder / "training.zarr.zip", Path(snakemake.params.checkpoint)
    train(condition, data, range(*job.parameters["replicates"]), store, checkpoint, report, job.attributes)


jobs.run(snakemake, write)
