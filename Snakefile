"""infoplane: from config to audited figures. `snakemake --cores all` makes every figure of config/config.yaml."""

from pathlib import Path

from snakemake.utils import min_version

min_version("9.20")


# In the working directory if there is one, else this workflow's own. Skipped where `module` hands over a config.
own = Path("config/config.yaml")


include: "workflow/rules/told.smk"


if own.exists() and not workflow.modifier.skip_configfile:
    told(
        infoplane.loading.read, own
    )  # first, since Snakemake has a traceback for what is no config


configfile: str(own) if own.exists() else workflow.source_path("config/config.yaml")


include: "workflow/rules/common.smk"
include: "workflow/rules/asked.smk"
include: "workflow/rules/cluster.smk"
include: "workflow/rules/stores.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/claims.smk"
include: "workflow/rules/explorer.smk"


rule all:
    default_target: True
    input:
        targets(),
        up_to_date,


rule asked:
    """What was asked for is made, then its names are there."""
    input:
        lambda wildcards: ASKED,
        up_to_date,


rule show:
    """A name in the view that a rule around this workflow reads."""
    input:
        ancient(lambda wildcards: [shown_by(wildcards.name), *up_to_date(wildcards)]),
    output:
        RESULTS / "{name}",
    log:
        RESULTS / "logs/show/{name}.log",
    wildcard_constraints:
        name="|".join(map(re.escape, SHOWN)) or "(?!)",
    localrule: True
    conda:
        "environment.yml"
    params:
        file=lambda wildcards: str(RESULTS / SHOWN[wildcards.name]),
    shell:
        "cp {params.file:q} {output:q} 2> {log:q}"
