"""What a cluster is told of time: enough for what is expected, and what is short enough to be submitted with others."""

import pytest

from infoplane import loading, plan
from infoplane.upkeep import costs, forecast


@pytest.mark.parametrize("seconds", [0, 3, 59, 60, 3600, 10**6])
def test_a_limit_has_room_for_a_job_that_takes_four_times_as_long_and_starts_slowly(seconds):
    limit = forecast.minutes(seconds)
    assert isinstance(limit, int)
    assert 3 * 60 + 4 * seconds <= 60 * limit < 3 * 60 + 4 * seconds + 60


@pytest.mark.parametrize(("seconds", "word"), [(0, "short"), (119, "short"), (120, "medium"), (1200, "medium"), (1201, "long")])  # fmt: skip
def test_what_is_short_takes_less_than_two_minutes(seconds, word):
    assert forecast.length(seconds) == word


def test_more_epochs_raise_the_limit_of_a_training():
    def limit(epochs):
        config = {"datasets": {"spherical": {}}, "experiments": {"main": {}}, "figures": {"learning_curves": {}}}
        made = plan.make(loading.load({"defaults": {"epochs": epochs}, **config}))
        training, *_ = made.stages["training"]
        return forecast.minutes(forecast.seconds_each(forecast.behind(made.ends()))[training])

    assert limit(100) < limit(10_000) < limit(100_000)


def test_without_activations_a_run_takes_a_fraction_of_the_bytes_and_the_same_time(tmp_path):
    config = {"datasets": {"spherical": {}}, "experiments": {"main": {}}, "figures": {"learning_curves": {}}}
    ends = plan.make(loading.load(config)).ends()
    kept, gone = (forecast.forecast(ends, tmp_path, 2, keep) for keep in (True, False))
    assert gone.bytes < kept.bytes / 50
    assert gone.seconds == kept.seconds


@pytest.mark.parametrize(
    ("changes", "small"),
    [({}, True), ({"activation": "elu"}, False), ({"hidden": [129]}, False), ({"optimizer": "adam"}, False)],
)
def test_small_networks_take_less_time_than_as_many_that_tensorflow_trains(changes, small):
    """Of parameters as the plan has them; with dropout, all are TensorFlow's."""
    config = {
        "datasets": {"spherical": {}},
        "experiments": {"main": {"set": changes}},
        "figures": {"learning_curves": {}},
    }
    ends = plan.make(loading.load(config)).ends()
    training, *_ = (artifact for artifact in forecast.behind(ends) if artifact.stage == "training")
    read = {"dataset": training.inputs[0].recipe.parameters}
    rates = ({**training.recipe.parameters, "dropout": rate} for rate in (0.0, 0.1))
    plain, dropping = (costs.cost("training", parameters, read).seconds for parameters in rates)
    assert (plain < dropping / 2) == small
    assert plain <= dropping
