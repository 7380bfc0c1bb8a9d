rule training:
    input:
        dataset=lambda wildcards: RESULTS / PLAN.training[wildcards.id].inputs[0].place,
    output:
        directory(RESULTS / "trainings/{id}"),
    log:
        RESULTS / "logs/trainings/{id}.log",
    resources:
        mem_mb=1500,
    params:
        recipe=lambda wildcards: PLAN.training[wildcards.id].recipe.to_json(),
        label=lambda wildcards: PLAN.training[wildcards.id].label,
        checkpoint=lambda wildcards: RESULTS / "checkpoints" / wildcards.id,
    conda:
        "infoplane"
    message:
        "Train {params.label}: progress in {log}"
    script:
        "../scripts/training.py"
