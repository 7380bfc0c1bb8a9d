"""What a cluster is told of a job: how long it may take, and which jobs it is handed as one.

A submission starts Snakemake twice, which takes longer than many a job. So a training is submitted with its
measurements, an analysis with its figures; and profiles/slurm puts several short ones together. Jobs that run here have
no groups.
"""

import functools

from infoplane import submissions
from infoplane.plan import CLAIMS_TABLE
from infoplane.upkeep import forecast

submissions.make_interruptible()


@functools.cache
def expected_seconds():
    """About how many seconds each job takes, by id; who submits it goes by earlier jobs too."""
    submits = workflow.is_main_process and not workflow.local_exec
    every = [artifact for stage in PLAN.stages.values() for artifact in stage.values()]
    return forecast.seconds_each(every, RESULTS if submits else None)


def minutes(artifact):
    """A resource function: how long a job may take; longer with each attempt."""
    return lambda wildcards, attempt: attempt * forecast.minutes(
        expected_seconds()[artifact.id]
    )


def minutes_of(stage):
    """The same for the artifact with the wildcard's id."""
    return lambda wildcards, attempt: minutes(planned(stage, wildcards))(
        wildcards, attempt
    )


def together(group):
    """A group function: jobs that are submitted together. `group` is its name, or such a function."""

    def named(wildcards):
        if workflow.local_exec:
            return None
        return group(wildcards) if callable(group) else group

    return named


@functools.cache
def seconds_of_networks():
    """About how many seconds a training and its measurements take, by the training's id."""
    seconds = {id_: expected_seconds()[id_] for id_ in PLAN.stages["training"]}
    for measurement in PLAN.stages["measurement"].values():
        for part in measurement.inputs:
            if part.stage == "training":
                seconds[part.id] += expected_seconds()[measurement.id]
    return seconds


def with_networks(stage):
    """A group function: a training with its measurements, named by how long they take; a dataset with its own."""

    def group(wildcards):
        artifact = planned(stage, wildcards)
        for part in (artifact, *artifact.inputs):
            if part.stage == "training":
                return f"networks_{forecast.length(seconds_of_networks()[part.id])}"
        return "datasets"

    return group


def with_analysis(figure):
    """The group of a figure's job: its analysis, or the verdicts that it shows."""
    return "verdict" if figure == CLAIMS_TABLE else "analyses"
