"""One rule for each figure of the config, so that the report can give each its own caption and place."""

to_draw = [name for name in DRAWN if needed(PLAN.figures[name])]

for name in to_draw:

    rule:
        name:
            f"figure_{name}"
        input:
            [place(read) for read in PLAN.figures[name].inputs],
        output:
            update(directory(place(PLAN.figures[name]))),
        log:
            RESULTS / f"logs/figures/{name}.log",
        group:
            together(with_analysis(name))
        conda:
            "../../environment.yml"
        resources:
            mem_mb=memory.megabytes(PLAN.figures[name]),
            runtime=minutes(PLAN.figures[name]),
        params:
            order=verbatim(PLAN.figures[name].order),
            caption=verbatim(CAPTIONS[DRAWN[name].kind]),
            view=PLAN.view,
            shown=verbatim(PLAN.shown(PLAN.figures[name])),
        message:
            f"Draw {name}: log in {{log}}"
        script:
            "../scripts/figure.py"
