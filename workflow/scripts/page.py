"""The page of the claims: the verdicts with the figures that show them, in one file."""

import json

from infoplane import jobs
from infoplane.claims.page import page


def write(job: jobs.Job) -> dict[str, bytes]:
    findings = json.loads((job.inputs["verdict"][0] / "claims.json").read_text())["claims"]
    figures = {
        name: (path.name, (path / f"{name}.png").read_bytes())
        for name, path in zip(job.parameters["figures"], job.inputs["figure"], strict=True)
    }
    return {"claims.html": page(findings, figures).encode()}


jobs.run(snakemake, write)
