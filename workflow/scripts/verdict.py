"""Decide the claims: each compares an analysis with its thresholds."""

import json

from infoplane import jobs, stores
from infoplane.claims import CLAIMS
from infoplane.claims.base import finding
from infoplane.claims.tex import macros


def write(job: jobs.Job) -> dict[str, bytes]:
    folders = {path.name: path for path in job.inputs["analysis"]}
    found = []
    for name, settings, analysis in job.parameters["claims"]:
        numbers = stores.open_tree(folders[analysis] / "analysis.zarr.zip").load()
        claim = CLAIMS[settings["kind"]].restored(settings)
        found.append({**finding(name, claim, numbers), "analysis": analysis})
    text = json.dumps({"claims": found}, indent=1) + "\n"
    return {"claims.json": text.encode(), "claims.tex": macros(found, job.attributes["id"]).encode()}


jobs.run(snakemake, write)
