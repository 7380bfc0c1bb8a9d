"""Two and three runs at once, of every stage, with the same and with different configs, begun within seconds of each
other: all end well, and every artifact has the bytes of a run that was alone. One round of each for 10 of `--campaign`.
"""

import random
import shutil
import time

import pytest
from tests.workflow.test_at_once import begun
from tests.workflow.test_run import contents

from .test_kills import PATIENCE, assert_whole

CONFIGS = [[], ["--config", "estimators__binned__bins=20"], ["--config", "claims__data_processing__bits=11"]]


@pytest.fixture(scope="module")
def alone(finished, tmp_path_factory):
    """Content digests of what each config makes when nobody else runs."""
    project = finished.copy(tmp_path_factory.mktemp("alone") / "a project")
    for options in CONFIGS[1:]:
        project.make(*options)
    return contents(project.folder)


@pytest.mark.campaign
@pytest.mark.parametrize("runs", [2, 3])
@pytest.mark.parametrize("configs", ["the same", "different"])
def test_runs_at_once(project, alone, runs, configs, request):
    chance = random.Random(runs)
    for number in range(max(1, request.config.getoption("campaign") // 10)):
        shutil.rmtree(project.folder / "results")
        running = []
        for options in [CONFIGS[0]] * runs if configs == "the same" else CONFIGS[:runs]:
            running.append(begun(project, *options))
            time.sleep(chance.choice([0, 1, 5, 20]))
        for run in running:
            _, errors = run.communicate(timeout=PATIENCE)
            assert run.returncode == 0, errors
        made = contents(project.folder)
        assert made == {id_: alone[id_] for id_ in made}
        assert_whole(project)
        print(f"round {number + 1}: {runs} runs with {configs} config: {len(made)} artifacts", flush=True)
