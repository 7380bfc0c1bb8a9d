"""One rule for each figure of the config, so that the report can give each its own caption and place."""

for name, figure in DRAWN.items():

    rule:
        name:
            f"figure_{name}"
        input:
            [place(read) for read in PLAN.figures[name].inputs],
        output:
            update(directory(drawn_files(name, figure))),
        log:
            RESULTS / f"logs/figures/{name}.log",
        conda:
            "../../environment.yml"
        resources:
            mem_mb=memory.megabytes(PLAN.figures[name]),
        params:
            order=verbatim(PLAN.figures[name].order),
            caption=verbatim(CAPTIONS[figure.kind]),
            view=PLAN.view,
            shown=verbatim(PLAN.shown(PLAN.figures[name])),
        message:
            f"Draw {name}: log in {{log}}"
        script:
            "../scripts/figure.py"


rule show:
    """A name in the view as a target: what it shows is made, then it is there."""
    input:
        ancient(lambda wildcards: shown_by(wildcards.name)),
    output:
        RESULTS / "{name}",
    log:
        RESULTS / "logs/show/{name}.log",
    wildcard_constraints:
        name="|".join(map(re.escape, SHOWN)) or "(?!)",
    localrule: True
    conda:
        "../../environment.yml"
    params:
        file=lambda wildcards: str(RESULTS / SHOWN[wildcards.name]),
    shell:
        "cp {params.file:q} {output:q} 2> {log:q}"
