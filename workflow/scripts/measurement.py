"""Measure one training (or a dataset alone): an estimator of information, or a built-in measure."""

from infoplane import jobs, stores
from infoplane.measures import ESTIMATORS, MEASURES


def write(job: jobs.Job) -> None:
    kind = job.parameters["kind"]
    section = (ESTIMATORS if kind in ESTIMATORS else MEASURES)[kind].restored(job.parameters)
    data = stores.open_dataset(job.inputs["dataset"][0] / "dataset.zarr.zip")
    parts = job.inputs.get("training")
    tree = stores.open_tree(parts[0] / "training.zarr.zip") if parts else None
    stores.write(section.measure(tree, data).assign_attrs(job.attributes), job.folder / "measurement.zarr.zip")


jobs.run(snakemake, write)
