"""The real workflow on a config that has every stage in as few jobs as may be."""

import time

import pytest
from tests.workflow.conftest import SMALL, Project

EVERY_STAGE = {  # in as few jobs as may be
    **SMALL,
    "defaults": {**SMALL["defaults"], "replicates": 2},
    "experiments": {"main": {}},
    "figures": {"learning_curves": {}},
    "claims": {"data_processing": {"figure": "learning_curves", "bits": 12}},
}


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Project:
    """A project that has been run once, and not changed; `seconds` is how long that took."""
    project = Project(tmp_path_factory.mktemp("finished") / "a project")
    project.configure(EVERY_STAGE)
    begin = time.monotonic()
    project.make()
    project.seconds = time.monotonic() - begin
    return project


@pytest.fixture
def project(finished, tmp_path) -> Project:
    """A finished project of one's own."""
    return finished.copy(tmp_path / "a project")
