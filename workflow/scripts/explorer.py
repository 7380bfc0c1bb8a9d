"""The explorer: every network's path through the plane, in one file that a reader can drag."""

import json

from infoplane import jobs, stores
from infoplane.explorer.page import page


def write(job: jobs.Job) -> dict[str, bytes]:
    analysis = job.inputs["analysis"][0]
    numbers = stores.open_tree(analysis / "analysis.zarr.zip").load()
    findings = [
        finding
        for folder in job.inputs.get("verdict", [])
        for finding in json.loads((folder / "claims.json").read_text())["claims"]
    ]
    versions = {"explorer": job.attributes["id"], "analysis": analysis.name}
    return {"explorer.html": page(numbers, findings, job.parameters, versions).encode()}


jobs.run(snakemake, write)
