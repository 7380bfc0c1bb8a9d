"""Datasets, trainings, measurements and analyses: a rule each, an artifact per id."""


rule dataset:
    output:
        update(directory(RESULTS / "datasets/{id}")),
    wildcard_constraints:
        id=missing("dataset"),
    log:
        RESULTS / "logs/datasets/{id}.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=2000,
    params:
        recipe=recipe("dataset"),
        label=label("dataset"),
        results=str(RESULTS),
    message:
        "Draw the dataset {wildcards.id}: see {log}"
    script:
        "../scripts/dataset.py"


rule training:
    input:
        read_by("training"),
    output:
        update(directory(RESULTS / "trainings/{id}")),
    wildcard_constraints:
        id=missing("training"),
    log:
        RESULTS / "logs/trainings/{id}.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=1500,
    params:
        recipe=recipe("training"),
        label=label("training"),
        results=str(RESULTS),
        checkpoint=lambda wildcards: RESULTS / "checkpoints" / wildcards.id,
    message:
        "Train {params.label}: progress in {log}"
    script:
        "../scripts/training.py"


rule measurement:
    input:
        read_by("measurement"),
    output:
        update(directory(RESULTS / "measurements/{id}")),
    wildcard_constraints:
        id=missing("measurement"),
    log:
        RESULTS / "logs/measurements/{id}.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=1000,
    params:
        recipe=recipe("measurement"),
        label=label("measurement"),
        results=str(RESULTS),
    message:
        "Measure {params.label}: see {log}"
    script:
        "../scripts/measurement.py"


rule analysis:
    input:
        read_by("analysis"),
    output:
        update(directory(RESULTS / "analyses/{id}")),
    wildcard_constraints:
        id=missing("analysis"),
    log:
        RESULTS / "logs/analyses/{id}.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=2000,
    params:
        recipe=recipe("analysis"),
        label=label("analysis"),
        results=str(RESULTS),
    message:
        "Analyse {params.label}: see {log}"
    script:
        "../scripts/analysis.py"
