"""The page of the claims: the verdicts with the figures that show them, in one file."""

import json

from infoplane import embed, jobs
from infoplane.claims.page import page


def write(job: jobs.Job) -> dict[str, bytes]:
    findings = json.loads((job.inputs["verdict"][0] / "claims.json").read_text())["claims"]
    # without the manifests inside, which say when a figure was made: same figures, same bytes
    figures = {
        name: (path.name, embed.bare("png", (path / f"{name}.png").read_bytes()))
        for name, path in zip(job.parameters["figures"], job.inputs["figure"], strict=True)
    }
    return {"claims.html": page(findings, figures).encode()}


jobs.run(snakemake, write)
