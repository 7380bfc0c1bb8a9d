"""The verdicts as a page, with the version ids of the figures that show them."""

if CONFIG.claims:

    rule claims:
        input:
            table=RESULTS / "figures/claims.json",
        output:
            page=report(
                RESULTS / "claims.html",
                caption="../report/claims_page.rst",
                category=chapter("Claims"),
            ),
            data=RESULTS / "claims.json",
        log:
            RESULTS / "logs/claims.log",
        conda:
            "../../environment.yml"
        params:
            ids=verbatim({name: figure.id for name, figure in PLAN.figure.items()}),
        script:
            "../scripts/claims.py"
