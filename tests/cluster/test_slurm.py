"""A cluster makes what this machine makes, in few submissions, also if jobs are killed and nodes lost."""

import pytest

from infoplane.tracing.verify import verify
from tests.workflow.test_run import contents

from .conftest import OPTIONS, TWO_CONDITIONS, Project, measured, running, submitted


def test_the_same_digests_as_here_in_a_few_submissions(here, tmp_path, cluster):
    project = Project(tmp_path / "a project")
    project.configure(TWO_CONDITIONS)
    done = project.run("snakemake", *OPTIONS)
    assert done.returncode == 0, done.stderr
    assert contents(project.folder) == contents(here.folder)
    assert verify(project.folder / "results").wrong == []
    audited = project.run("infoplane", "audit", "results/figures/information_plane.pdf")
    assert audited.returncode == 0, audited.stdout
    jobs = submitted(done.stderr)
    assert len(jobs) == 4, "datasets; trainings with measurements; analyses with figures; verdicts"
    asked = cluster.told(*jobs, shown="%C %l %m")
    assert asked[0::3] == ["1"] * 4, "cores"
    assert "UNLIMITED" not in asked[1::3]
    assert all(300 < int(memory.rstrip("M")) < 2000 for memory in asked[2::3])
    assert project.would_run() == {}


def test_a_lost_node_and_a_cancelled_job_cost_no_result(here, untrained, cluster):
    """Both trainings are one submission. Its node is lost in the first, it is cancelled in the second: made again is only
    what was not made."""
    if not cluster.is_ours:
        pytest.skip("this Slurm is not of .ci/cluster: its nodes are left alone")
    with running(untrained, *OPTIONS, *measured(here)) as run:
        run.trains(after=0)
        cluster.node("lose")
        cluster.sees_that_its_node_is_gone()
        cluster.node("return")
        run.trains(after=1)
        [made] = untrained.folder.glob("results/trainings/[0-9a-f]*/manifest.json")
        before = made.read_text()
        cluster.cancel()
        told = run.ends()
    assert cluster.told(*submitted(told), shown="%T") == ["NODE_FAIL", "CANCELLED", "COMPLETED"]
    assert contents(untrained.folder) == contents(here.folder)
    assert made.read_text() == before, "it is not made again"
    assert not list(untrained.folder.glob("results/checkpoints/*/*"))
