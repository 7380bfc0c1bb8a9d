"""Train the replicates of one condition (or a part of them) and record their snapshots."""

from pathlib import Path

from infoplane import jobs, stores
from infoplane.condition import Condition
from infoplane.logs import report


def write(job: jobs.Job) -> None:
    # TensorFlow has much to say when it is imported: here it says it to the log
    from infoplane.training.backend import device
    from infoplane.training.trainer import train

    report(f"trains on {device()}")
    condition = Condition.restored(job.settings("replicates"))
    data = stores.open_dataset(job.inputs["dataset"][0] / "dataset.zarr.zip")
    store, checkpoint = job.folder / "training.zarr.zip", Path(snakemake.params.checkpoint)
    train(condition, data, range(*job.parameters["replicates"]), store, checkpoint, report, job.attributes)


jobs.run(snakemake, write)
