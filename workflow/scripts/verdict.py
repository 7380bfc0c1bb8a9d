"""Decide the claims: each compares an analysis with its thresholds."""

import json

from infoplane import jobs, stores
from infoplane.claims import CLAIMS
from infoplane.claims.base import finding


def write(job: jobs.Job) -> dict[str, bytes]:
    folders = {path.name: path for path in job.inputs["analysis"]}
    found = []
    for name, settings, analysis in job.parameters["claims"]:
        numbers = stores.open_tree(folders[analysis] / "analysis.zarr.zip").load()
        claim = CLAIMS[settings["kind"]].restored(settings)
        found.append({**finding(name, claim, numbers), "analysis": analysis})
    return {"claims.json": (json.dumps({"claims": found}, indent=1) + "\n").encode()}


jobs.run(snakemake, write)
