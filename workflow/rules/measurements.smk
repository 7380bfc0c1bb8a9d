rule measurement:
    input:
        unpack(
            lambda wildcards: {
                read.stage: RESULTS / read.place
                for read in PLAN.measurement[wildcards.id].inputs
            }
        ),
    output:
        directory(RESULTS / "measurements/{id}"),
    log:
        RESULTS / "logs/measurements/{id}.log",
    resources:
        mem_mb=1000,
    params:
        recipe=lambda wildcards: PLAN.measurement[wildcards.id].recipe.to_json(),
        label=lambda wildcards: PLAN.measurement[wildcards.id].label,
    conda:
        "infoplane"
    message:
        "Measure {params.label}: see {log}"
    script:
        "../scripts/measurement.py"
