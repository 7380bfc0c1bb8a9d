"""One rule for each figure of the config, so that the report can give each its own caption and place."""


def verbatim(value):
    """A param as it is: in plain text Snakemake would take braces for wildcards."""
    return lambda wildcards: value


for name, figure in CONFIG.figures.items():

    rule:
        name:
            f"figure_{name}"
        input:
            ancient([RESULTS / read.place for read in PLAN.figure[name].inputs]),
        output:
            pdf=RESULTS / f"figures/{name}.pdf",
            png=report(
                RESULTS / f"figures/{name}.png",
                # written by the job: the caption with the numbers that were measured
                caption=str((RESULTS / f"figures/{name}.rst").absolute()),
                category=figure.group,
            ),
            manifest=RESULTS / f"figures/{name}.json",
            caption=RESULTS / f"figures/{name}.rst",
        log:
            RESULTS / f"logs/figures/{name}.log",
        conda:
            "../../environment.yml"
        resources:
            mem_mb=2000,
        params:
            recipe=verbatim(PLAN.figure[name].recipe.to_json()),
            figure=verbatim(figure.model_dump(mode="json")),
            runs=verbatim([run.describe(RESULTS) for run in PLAN.runs[name]]),
            caption=verbatim(CAPTIONS[figure.kind]),
        message:
            f"Draw {name}: log in {{log}}"
        script:
            "../scripts/figure.py"
