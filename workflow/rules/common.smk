"""The plan that the rules look things up in: made from the config, before anything runs.

Version ids decide what runs: an artifact whose folder exists is a source file to Snakemake, since the rules only match
ids that are missing. So nothing depends on what Snakemake remembers, on times, or on its options: not on --touch, not on
a deleted .snakemake, not on marks that a killed run left.
"""

import functools
import gc
import os
import re
from contextlib import suppress
from pathlib import Path

from snakemake.dag import DAG
from snakemake.exceptions import WorkflowError
from snakemake.logging import logger
from snakemake.persistence import FileBackupMixin

import infoplane.artifacts
import infoplane.captions
import infoplane.plan
from infoplane import retention, terminal, view, warm
from infoplane.figures.base import GROUPS
from infoplane.patterns import beginnings
from infoplane.upkeep import memory

RESULTS = Path("results")


def checked(config):
    """The config as models."""
    # Snakemake has read them, but not for keys that are there twice
    if not workflow.modifier.skip_configfile:
        infoplane.loading.read(*map(Path, workflow.configfiles))
    return infoplane.loading.load(config)


def captions(kinds):
    """The captions of some kinds of figures, as far as there are any; those of other packages are beside them."""
    found = infoplane.captions.brought()
    for kind in kinds - set(found):
        with suppress(FileNotFoundError, WorkflowError):
            path = Path(workflow.source_path(f"../report/{kind}.rst"))
            found[kind] = path.read_text()
    return {kind: found[kind] for kind in kinds & set(found)}


def chapter(group):
    """A chapter of the report with its number: the report's menu sorts them by name."""
    return f"{GROUPS.index(group) + 1}. {group}"


CONFIG = told(checked, config)
DRAWN = infoplane.plan.drawn(CONFIG)
CAPTIONS = told(captions, {figure.kind for figure in DRAWN.values()})
PLAN = told(infoplane.plan.make, CONFIG, CAPTIONS)

# The plan stays, and Snakemake's graph of jobs grows: no need to search them for garbage again and again.
gc.freeze()
gc.set_threshold(50_000)


def left_alone(method, answer):
    """A method of Snakemake's that copies an output aside or puts the copy back, for what is no artifact of ours.

    An artifact is whole or not there, and what is there may have been made meanwhile by another run, which reads it.
    Snakemake removes what a failed job left unless it is told that it has been put back.
    """

    @functools.wraps(method)
    def unless_ours(self, path):
        return answer if RESULTS in path.parents else method(self, path)

    return unless_ours


FileBackupMixin.backup_output = left_alone(FileBackupMixin.backup_output, None)
FileBackupMixin.restore_output = left_alone(FileBackupMixin.restore_output, True)
NO_NEWS = f"Restored previous version of {RESULTS}/"
logger.addFilter(lambda record: not record.getMessage().startswith(NO_NEWS))


def take_from_remote():
    """What the remote of the config has need not be made: each run but a dry one takes it first."""
    from infoplane.sharing import transfers

    taken = transfers.take(CONFIG.remote, RESULTS, PLAN)
    for place, reason in taken.held_back.items():
        logger.info(f"{CONFIG.remote}: {place} is not taken: {reason}")
    logger.info(f"{CONFIG.remote}: {len(taken.ids)} artifacts taken")


if CONFIG.remote and workflow.is_main_process and not workflow.output_settings.dryrun:
    told(take_from_remote)

MISSING = {stage: PLAN.missing(stage, RESULTS) for stage in PLAN.stages}
# Trainings without their activations, which were let go and are needed now.
AGAIN = retention.again(PLAN.stages["measurement"].values(), RESULTS)
TO_MAKE = {artifact.id for artifacts in MISSING.values() for artifact in artifacts}
READERS = retention.readers(PLAN.stages["measurement"].values())
# Names that people open, below the results folder, and the files that they show.
SHOWN = PLAN.names()


def missing(stage):
    """A pattern of the ids of a stage that are not made yet, and of none that is there.

    Snakemake reads it anew for each file of each job, so it had better be short. A job that was begun keeps its rule,
    also where a part of its group, or another run, has made the same meanwhile.
    """
    if not workflow.is_main_process:
        return "[0-9a-f]{12}"
    wanted = {artifact.id for artifact in MISSING[stage]}
    there = infoplane.artifacts.ids(RESULTS, stage) - wanted
    return f"(?={beginnings(wanted, there)})[0-9a-f]{{12}}"


def let_go():
    """A pattern of the ids of trainings whose activations are needed again."""
    if not workflow.is_main_process:
        return "[0-9a-f]{12}"
    return f"(?={beginnings(AGAIN, set())})[0-9a-f]{{12}}"


def needed(artifact):
    """Whether the workflow has to define how an artifact is made. What is there is a source file, which nothing re-runs.

    A job that was begun keeps its rule, also where another run has made the same meanwhile.
    """
    return not workflow.is_main_process or artifact.id in TO_MAKE


def place(artifact):
    """The folder of an artifact."""
    return str(RESULTS / artifact.place)


def planned(stage, wildcards):
    """The artifact with the wildcard's id."""
    try:
        return PLAN.stages[stage][wildcards.id]
    except KeyError:
        raise WorkflowError(f"{stage} {wildcards.id}: not in the plan of this config")


def read_by(stage):
    """An input function: the folders that the artifact with the wildcard's id reads."""
    return lambda wildcards: [place(read) for read in planned(stage, wildcards).inputs]


def measured(wildcards):
    """The folders that the measurement with the wildcard's id reads; those that are let go are made again."""
    folders = []
    for read in planned("measurement", wildcards).inputs:
        folder = RESULTS / read.place
        folders.append(str(retention.spare(folder) if read.id in AGAIN else folder))
    return folders


def released(training):
    """What is to become of a training's activations."""
    readers = tuple(READERS.get(training, ()))
    return retention.Release(training, readers, CONFIG.keep_activations)


def release(stage):
    """A param function: the same for the training that the artifact with the wildcard's id is, or reads; or None."""

    def of(wildcards):
        artifact = planned(stage, wildcards)
        trainings = [
            a.id for a in (artifact, *artifact.inputs) if a.stage == "training"
        ]
        return released(trainings[0]) if trainings else None

    return of


def order(stage):
    """A param function: what the job that makes the artifact with the wildcard's id is told."""
    return lambda wildcards: planned(stage, wildcards).order


def megabytes(stage):
    """A resource function: the memory that the job of the artifact with the wildcard's id needs."""
    return lambda wildcards: memory.megabytes(planned(stage, wildcards))


def verbatim(value):
    """A param as it is: in plain text Snakemake would take braces for wildcards."""
    return lambda wildcards: value


def targets():
    """What a run is for, with what a report shows of it: each figure, as a film where there is one; the page.

    The explorer too, which a report does not show: it is a page of its own.
    """
    found = []
    for name, figure in DRAWN.items():
        folder = RESULTS / PLAN.figures[name].place
        caption = str((folder / f"{name}.rst").absolute())
        # a pattern without a wildcard finds nothing; the folder has one file of the kind
        picture = "{picture}.gif" if figure.animated else "{picture}.png"
        found.append(shown_in_report(folder, picture, figure.group, caption))
    if PLAN.page:
        caption = workflow.source_path("../report/claims_page.rst")
        page = RESULTS / PLAN.page.place
        found.append(shown_in_report(page, "{page}.html", "Claims", caption))
        found.append(place(PLAN.verdict))
    if PLAN.explorer:
        found.append(place(PLAN.explorer))
    return found


def shown_in_report(folder, pattern, group, caption):
    """A folder whose file a report shows."""
    return report(
        str(folder), patterns=[pattern], caption=str(caption), category=chapter(group)
    )


def up_to_date(wildcards):
    """No input: a run that makes something, or finds all made, first brings the view up to date."""
    show_what_exists()
    return []


def show_what_exists():
    """Bring the view up to date, if this is a run: not a dry one, not a report, not one of its own jobs.

    What this machine cannot do is refused, if the jobs are to run here.
    """
    if workflow.is_main_process and workflow.local_exec:
        told(memory.check, CONFIG, memory.machine())
    idle = workflow.executor_plugin is None or workflow.dryrun or workflow.touch
    if workflow.is_main_process and not idle:
        told(infoplane.artifacts.check_writable, RESULTS)
        for artifact in (artifact for stage in MISSING.values() for artifact in stage):
            told(infoplane.artifacts.drop_damaged, RESULTS, artifact.recipe)
        told(let_checkpoints_go)
        told(let_activations_go)
        told(view.bring_up_to_date, RESULTS, PLAN.view, SHOWN)
        if workflow.local_exec:
            look_once()
        if workflow.local_exec and TO_MAKE:
            stages = {stage for stage, artifacts in MISSING.items() if artifacts}
            warm.up(stages | ({"training"} if AGAIN else set()))


def look_once():
    """Have Snakemake look at all jobs only when one has ended.

    It has a limit of 100 jobs a second, for which it looks again a second after each look, so that with each job that
    ends there is one look a second more: 200 a second by the end of 200 jobs. A limit that someone asks for stays.
    """
    limit = workflow.scheduling_settings.max_jobs_per_timespan
    if limit and (limit.max_jobs, limit.timespan) == (100, 1):
        workflow.scheduling_settings.max_jobs_per_timespan = None


def let_checkpoints_go():
    """Of trainings that are made, where a run was killed before it did."""
    for checkpoint in (RESULTS / retention.CHECKPOINTS).glob("*"):
        retention.drop_checkpoint(RESULTS, checkpoint.name)


def let_activations_go():
    """Of trainings that are measured, where an earlier run kept them or was killed."""
    gone = 0
    for id_ in PLAN.stages["training"]:
        try:
            gone += retention.release(RESULTS, *released(id_))
        except ValueError as error:  # a damaged one is no reason not to make the others
            logger.warning(str(error))
    if gone and not CONFIG.keep_activations:
        logger.info(f"keep_activations: the activations of {gone} trainings go")


def work():
    """What this run makes, for who watches it: Snakemake has found out which jobs that takes."""
    from infoplane.upkeep import forecast  # most runs are watched by nobody

    jobs = workflow.dag.needrun_jobs(exclude_finished=False)
    ids = {Path(str(file)).name for job in jobs for file in job.output}
    todo = [artifact for artifact in forecast.behind(PLAN.ends()) if artifact.id in ids]
    return terminal.Work(todo, forecast.seconds_each(todo, RESULTS))


terminal.expect(work)


wildcard_constraints:
    id="[0-9a-f]{12}",
