rule dataset:
    output:
        directory(RESULTS / "datasets/{id}"),
    params:
        recipe=lambda wildcards: PLAN.dataset[wildcards.id].recipe.to_json(),
    log:
        RESULTS / "logs/datasets/{id}.log",
    resources:
        mem_mb=2000,
    message:
        "Draw the dataset {wildcards.id}: see {log}"
    script:
        "../scripts/dataset.py"
