rule training:
    input:
        dataset=ancient(
            lambda wildcards: read_by(PLAN.training[wildcards.id], "dataset")
        ),
    output:
        directory(RESULTS / "trainings/{id}"),
    log:
        RESULTS / "logs/trainings/{id}.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=1500,
    params:
        recipe=lambda wildcards: PLAN.training[wildcards.id].recipe.to_json(),
        label=lambda wildcards: PLAN.training[wildcards.id].label,
        checkpoint=lambda wildcards: RESULTS / "checkpoints" / wildcards.id,
    message:
        "Train {params.label}: progress in {log}"
    script:
        "../scripts/training.py"
