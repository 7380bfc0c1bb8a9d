"""What over-training costs, and compression beside it, read off curves that are known."""

import numpy as np
import pytest
from tests.analyses.conftest import estimate

from infoplane.analyses.forgetting import Forgetting
from infoplane.analyses.student_teacher import StudentTeacher


def test_the_error_rises_from_its_least_to_its_end(world, analyse):
    found = analyse(StudentTeacher(), world.run())
    spread = 0.01 * np.arange(4)  # of the four networks
    np.testing.assert_allclose(found["end"], 0.3 + spread, atol=0.02)
    np.testing.assert_allclose(found["best"], 0.1 + spread, atol=0.05)  # the window rounds the corner
    np.testing.assert_allclose(found["overtraining"], found["end"] - found["best"])
    assert estimate(found["end_mean"]) == pytest.approx(float(found["end"].mean()))
    np.testing.assert_allclose(
        found["generalisation_error_mean"], world.gaussian()["generalisation_error"].mean("replicate")
    )


def test_compression_is_that_of_the_exact_plane(world, analyse):
    plane = world.gaussian()
    plane["I_XT"][:] = np.interp(np.log1p(world.epochs), np.log1p([0, 4, 64, 256]), [2, 6, 3, 3])[None, :, None]
    found = analyse(StudentTeacher(), world.run(measurements={"gaussian": plane}))
    np.testing.assert_allclose(found["compression"], 3, atol=0.4)
    np.testing.assert_allclose(found["I_XT_mean"], plane["I_XT"].mean("replicate"))


def test_the_nuisance_has_its_changes_by_phase(world, analyse):
    found = analyse(Forgetting(estimator="gaussian"), world.run())
    for phase in ("fitting", "after"):
        np.testing.assert_allclose(found[f"I_NT_{phase}"], found[f"I_XT_{phase}"] / 10, atol=1e-9)
    assert "I_NT_after" not in analyse(Forgetting(), world.run())
