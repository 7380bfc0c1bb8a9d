"""The verdicts, and their page with the figures that show them."""

if PLAN.verdict and needed(PLAN.verdict):

    rule verdict:
        input:
            [place(read) for read in PLAN.verdict.inputs],
        output:
            update(directory(place(PLAN.verdict))),
        log:
            RESULTS / "logs/verdict.log",
        group:
            together("verdict")
        conda:
            "../../environment.yml"
        resources:
            mem_mb=memory.megabytes(PLAN.verdict),
            runtime=minutes(PLAN.verdict),
        params:
            order=verbatim(PLAN.verdict.order),
            view=PLAN.view,
            shown=verbatim(PLAN.shown(PLAN.verdict)),
        message:
            "Decide the claims: see {log}"
        script:
            "../scripts/verdict.py"


if PLAN.page and needed(PLAN.page):

    rule page:
        input:
            [place(read) for read in PLAN.page.inputs],
        output:
            update(directory(place(PLAN.page))),
        log:
            RESULTS / "logs/page.log",
        group:
            together("verdict")
        conda:
            "../../environment.yml"
        resources:
            mem_mb=memory.megabytes(PLAN.page),
            runtime=minutes(PLAN.page),
        params:
            order=verbatim(PLAN.page.order),
            view=PLAN.view,
            shown=verbatim(PLAN.shown(PLAN.page)),
        message:
            "Write the page of the claims: see {log}"
        script:
            "../scripts/page.py"
