"""The explorer: a page of all networks, to be followed by hand."""

if PLAN.explorer and needed(PLAN.explorer):

    rule explorer:
        input:
            [place(read) for read in PLAN.explorer.inputs],
        output:
            update(directory(place(PLAN.explorer))),
        log:
            RESULTS / "logs/explorer.log",
        group:
            together("verdict")
        conda:
            "../../environment.yml"
        resources:
            mem_mb=memory.megabytes(PLAN.explorer),
            runtime=minutes(PLAN.explorer),
        params:
            order=verbatim(PLAN.explorer.order),
            view=PLAN.view,
            shown=verbatim(PLAN.shown(PLAN.explorer)),
        message:
            "Write the explorer: see {log}"
        script:
            "../scripts/explorer.py"
