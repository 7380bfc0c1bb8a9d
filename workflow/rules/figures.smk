"""One rule for each figure of the config, so that the report can give each its own caption and place."""


def verbatim(value):
    """A param as it is: in plain text Snakemake would take braces for wildcards."""
    return lambda wildcards: value


def files(name, figure):
    """What a figure's job writes; the report shows the film where there is one, the picture where not."""
    kinds = ["pdf", "png", "json", "rst"] + ["gif"] * figure.animated
    made = {kind: RESULTS / f"figures/{name}.{kind}" for kind in kinds}
    shown = "gif" if figure.animated else "png"
    # the caption is written by the job, with the numbers that were measured
    caption = str(made["rst"].absolute())
    made[shown] = report(made[shown], caption=caption, category=chapter(figure.group))
    return made


for name, figure in FIGURES.items():

    rule:
        name:
            f"figure_{name}"
        input:
            ancient([RESULTS / read.place for read in PLAN.figure[name].inputs]),
        output:
            **files(name, figure),
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
