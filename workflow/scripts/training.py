"""Train the replicates of one condition (or a part of them) and record their snapshots."""

from pathlib import Path

from infoplane import jobs, programs, stores
from infoplane.condition import Condition
from infoplane.logs import report


def write(job: jobs.Job) -> None:
    # TensorFlow has much to say when it is imported: here it says it to the log
    from infoplane.training.backend import limits, settle, tf
    from infoplane.training.engines import place
    from infoplane.training.trainer import train

    settings, replicates = job.settings("replicates"), range(*job.parameters["replicates"])
    data = stores.open_dataset(job.inputs["dataset"][0] / "dataset.zarr.zip")
    store, checkpoint = job.folder / "training.zarr.zip", Path(snakemake.params.checkpoint)
    condition = Condition.restored(settings)
    shapes = {"replicates": len(replicates), **data.sizes}
    compiler = {"tensorflow": tf.__version__, **limits(condition.portable)}
    about = {**settings, **shapes, **compiler}
    with programs.kept(Path(snakemake.params.programs), job.attributes["id"], about) as found:
        settle(condition.portable, found)  # before anything asks for devices
        report(f"trains on {place(condition, data)}")
        train(condition, data, replicates, store, checkpoint, report, job.attributes, found)


jobs.run(snakemake, write)
