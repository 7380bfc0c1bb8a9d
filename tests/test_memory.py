"""What a job needs is arithmetic of its arrays; what this machine cannot hold is refused before any job."""

import math
import re
from dataclasses import replace

import psutil
import pytest

from infoplane import loading, plan
from infoplane.datasets.base import Shape
from infoplane.upkeep import forecast, memory
from infoplane.upkeep.costs import Size

CONFIG = {
    "defaults": {"replicates": 20, "replicates_per_job": 10, "epochs": 30, "snapshots": 5, "hidden": [12, 10]},
    "experiments": {"main": {}, "wide": {"set": {"hidden": [300]}}},
    "datasets": {"spherical": {}},
    "estimators": {"binned": {}, "noisy": {"draws": 1000}, "specific": {}},
    "figures": {
        "information_plane": {},
        "estimator_comparison": {"compare": ["binned", "noisy"]},
        "bull": {},
        "information_plane_animation": {"experiment": "wide"},
        "ib_bound": {},
        "weight_correlations": {},
    },
    "claims": {"two_phases": {"figure": "information_plane"}},
    "explorer": {},
}
SIZE = Size(
    replicates=10, epochs=30, snapshots=5, samples=4096, trained=3482, layers=3, units=23, widest=12, features=12,
    classes=2, parameters=156 + 130 + 11, bytes_each=4,
)  # fmt: skip


def changed(**defaults):
    return loading.load({**CONFIG, "defaults": {**CONFIG["defaults"], **defaults}})


def test_a_training_needs_its_data_its_weights_and_the_activations_of_a_group():
    data, weights, activations = 4096 * (12 * 12 + 16 * 10), 4 * 12 * 10 * 297, 10 * 4096 * 4 * (3 * 23 + 2 * 12)
    assert memory.training(SIZE) == memory.BASE["training"] + data + weights + activations


def test_replicates_are_observed_in_groups_whose_widest_layer_is_a_chunk():
    wide = replace(SIZE, units=1000, widest=1000)  # a replicate's layer takes 16 MB: four are a group
    twice = replace(wide, replicates=20)
    assert memory.training(twice) - memory.training(wide) == 10 * (4096 * 16 + 4 * 12 * 297)
    assert memory.training(wide) - memory.BASE["training"] > 4 * 5 * 4 * 4096 * 1000


def test_a_dataset_needs_what_grows_with_samples_and_replicates():
    one, more = (memory.dataset(Shape(1000, 12, 2), replicates) for replicates in (1, 11))
    assert more - one == 1000 * 10 * 10
    assert one - memory.BASE["dataset"] == 1000 * (20 * 12 + 40 * 2 + 10)


@pytest.mark.parametrize(
    ("kind", "settings", "bytes_"),
    [
        ("binned", {}, 10 * 4096 * (24 * 12 + 40) + 10 * 5 * 3 * 96),
        ("binned", {"snapshots": 2}, 10 * 4096 * (24 * 12 + 40) + 10 * 2 * 3 * 96),
        ("noisy", {"draws": 10**6}, 10 * 4096 * (24 * 12 + 40) + 10**6 * (32 * 12 + 64 * 2) + 10 * 5 * 3 * 96),
        ("specific", {}, 10 * 4096 * (24 * 12 + 40) + 10 * 5 * 3 * (96 + 4096)),
        ("followed", {}, 10 * 4096 * (24 * 12 + 40 + 9 * 12) + 10 * 5 * 3 * (96 + 8 * 12 * 12)),
        ("weights", {}, 24 * 10 * 12 * 12 + 10 * 5 * 3 * 96),
        ("units", {}, 10 * 4096 * (24 * 12 + 40) + 4 * 10 * 2 * 23 * 4096),
    ],
)
def test_a_measurement_needs_a_snapshot_of_its_widest_layer(kind, settings, bytes_):
    assert memory.measurement({"kind": kind, **settings}, SIZE) == memory.BASE["measurement"] + bytes_


def test_every_job_of_a_plan_has_a_need_from_the_same_model():
    made = plan.make(changed())
    every = forecast.behind(made.ends())
    assert {artifact.stage for artifact in every} == set(made.stages)
    for artifact in every:
        assert 300 < memory.megabytes(artifact) < 3000
        assert memory.megabytes(artifact) == math.ceil(memory.need(artifact) / 1e6)
    trainings = [artifact for artifact in every if artifact.stage == "training"]
    assert memory.training(SIZE) in {memory.need(training) for training in trainings}
    film = memory.need(made.figures["information_plane_animation"])
    assert film == memory.need(made.figures["information_plane"]) + 4 * memory.FRAME


def test_a_config_that_fits_is_taken():
    memory.check(changed(), 2e9)
    assert memory.machine() == psutil.virtual_memory().total


@pytest.mark.parametrize(
    ("defaults", "line"),
    [
        ({"hidden": [10**6]}, "defaults.hidden: found [1000000]; a training needs about 83.6 GB of memory, of 24 GB here; allowed: fewer units"),
        ({"replicates": 10**6, "replicates_per_job": 10**6}, "defaults.replicates: found 1000000; the dataset needs about 41.3 GB"),
        ({"replicates": 10**5, "replicates_per_job": 10**5, "hidden": [5000]}, "defaults.replicates_per_job: found 100000; a training needs about "),
        ({"hidden": [20_000], "replicates": 20, "replicates_per_job": 20}, "estimators.binned.kind: found \"binned\"; a measurement needs about 39.7 GB"),
    ],
)  # fmt: skip
def test_what_needs_more_than_there_is_is_a_line_with_the_key(defaults, line):
    with pytest.raises(ValueError, match=re.escape(line)) as error:
        memory.check(changed(**defaults), 24e9)
    assert all(" needs about " in found and "; allowed: " in found for found in str(error.value).splitlines())


def test_the_most_replicates_that_fit_are_told_and_do_fit():
    with pytest.raises(ValueError, match="replicates_per_job: ") as error:
        memory.check(changed(replicates=20_000, replicates_per_job=20_000, hidden=[2000]), 24e9)
    most = int(re.search(r"allowed: 1 to (\d+)", str(error.value))[1])
    wide = replace(SIZE, layers=2, units=2001, widest=2000, parameters=13 * 2000 + 2001)
    assert memory.training(replace(wide, replicates=most)) <= 24e9 < memory.training(replace(wide, replicates=most + 1))


def test_many_draws_are_told_as_such():
    config = loading.load({**CONFIG, "estimators": {**CONFIG["estimators"], "noisy": {"draws": 10**7}}})
    memory.check(config, 24e9)
    with pytest.raises(ValueError, match=r"^estimators\.noisy\.draws: found 10000000; a measurement needs about "):
        memory.check(config, 4e9)
