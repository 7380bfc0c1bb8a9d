rule measurement:
    input:
        dataset=ancient(
            lambda wildcards: read_by(PLAN.measurement[wildcards.id], "dataset")
        ),
        # none for a measure of the dataset alone
        training=ancient(
            lambda wildcards: read_by(PLAN.measurement[wildcards.id], "training")
        ),
    output:
        directory(RESULTS / "measurements/{id}"),
    log:
        RESULTS / "logs/measurements/{id}.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=1000,
    params:
        recipe=lambda wildcards: PLAN.measurement[wildcards.id].recipe.to_json(),
        label=lambda wildcards: PLAN.measurement[wildcards.id].label,
    message:
        "Measure {params.label}: see {log}"
    script:
        "../scripts/measurement.py"
