"""Datasets, trainings, measurements and analyses: a rule each, an artifact per id."""


rule dataset:
    output:
        update(directory(RESULTS / "datasets/{id}")),
    log:
        RESULTS / "logs/datasets/{id}.log",
    wildcard_constraints:
        id=missing("dataset"),
    group:
        together("datasets")
    conda:
        "../../environment.yml"
    resources:
        mem_mb=megabytes("dataset"),
        runtime=minutes_of("dataset"),
    params:
        order=order("dataset"),
    message:
        "Draw the dataset {wildcards.id}: see {log}"
    script:
        "../scripts/dataset.py"


rule training:
    input:
        read_by("training"),
    output:
        update(directory(RESULTS / "trainings/{id}")),
    log:
        RESULTS / "logs/trainings/{id}.log",
    wildcard_constraints:
        id=missing("training"),
    group:
        together(with_networks("training"))
    conda:
        "../../environment.yml"
    resources:
        mem_mb=megabytes("training"),
        runtime=minutes_of("training"),
    params:
        order=order("training"),
        release=release("training"),
        checkpoint=f"{RESULTS}/checkpoints/{{id}}",
        programs=".snakemake/infoplane/programs",
    message:
        "Train {params.order.label}: progress in {log}"
    script:
        "../scripts/training.py"


use rule training as training_again with:
    output:
        update(directory(RESULTS / "trainings/activations/{id}")),
    wildcard_constraints:
        id=let_go(),
    message:
        "Train {params.order.label} again, since its activations were let go: progress in {log}"


rule measurement:
    input:
        measured,
    output:
        update(directory(RESULTS / "measurements/{id}")),
    log:
        RESULTS / "logs/measurements/{id}.log",
    wildcard_constraints:
        id=missing("measurement"),
    # what is measured can go: before further trainings, so that few are there at once
    priority: 0 if CONFIG.keep_activations else 1
    group:
        together(with_networks("measurement"))
    conda:
        "../../environment.yml"
    resources:
        mem_mb=megabytes("measurement"),
        runtime=minutes_of("measurement"),
    params:
        order=order("measurement"),
        release=release("measurement"),
    message:
        "Measure {params.order.label}: see {log}"
    script:
        "../scripts/measurement.py"


rule analysis:
    input:
        read_by("analysis"),
    output:
        update(directory(RESULTS / "analyses/{id}")),
    log:
        RESULTS / "logs/analyses/{id}.log",
    wildcard_constraints:
        id=missing("analysis"),
    group:
        together("analyses")
    conda:
        "../../environment.yml"
    resources:
        mem_mb=megabytes("analysis"),
        runtime=minutes_of("analysis"),
    params:
        order=order("analysis"),
    message:
        "Analyse {params.order.label}: see {log}"
    script:
        "../scripts/analysis.py"
