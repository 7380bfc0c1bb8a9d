"""One rule for each figure of the config, so that the report can give each its own caption and place."""


def drawn_files(name, figure):
    """What a figure's job writes; the report shows the film where there is one, the picture where not."""
    folder = RESULTS / PLAN.figures[name].place
    caption = str((folder / f"{name}.rst").absolute())
    shown = f"{name}.{'gif' if figure.animated else 'png'}"
    options = {"caption": caption, "category": chapter(figure.group)}
    return report(folder, patterns=[shown], **options)


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
            mem_mb=2000,
        params:
            recipe=verbatim(PLAN.figures[name].recipe.to_json()),
            label=verbatim(name),
            results=str(RESULTS),
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
        lambda wildcards: shown_by(f"figures/{wildcards.name}.{wildcards.suffix}"),
    output:
        RESULTS / "figures/{name}.{suffix}",
    wildcard_constraints:
        name="|".join(DRAWN) or "(?!)",
        suffix="pdf|png|gif|csv",
    params:
        file=lambda wildcards, input: next(
            str(RESULTS / PLAN.shown(end)[f"figures/{wildcards.name}.{wildcards.suffix}"])
            for end in PLAN.figures.values()
            if f"figures/{wildcards.name}.{wildcards.suffix}" in PLAN.shown(end)
        ),
    localrule: True
    shell:
        "cp {params.file:q} {output:q}"


def shown_by(name):
    """The folder of the artifact that a name in the view shows."""
    show_what_exists()
    return next(place(end) for end in PLAN.ends() if name in PLAN.shown(end))
