rule dataset:
    output:
        directory(RESULTS / "datasets/{id}"),
    log:
        RESULTS / "logs/datasets/{id}.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=2000,
    params:
        recipe=lambda wildcards: PLAN.dataset[wildcards.id].recipe.to_json(),
    message:
        "Draw the dataset {wildcards.id}: see {log}"
    script:
        "../scripts/dataset.py"
