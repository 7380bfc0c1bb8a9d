"""What a cluster is told of time: enough for what is expected, and what is short enough to be submitted with others."""

import pytest

from infoplane import loading, plan
from infoplane.condition import ACTIVATIONS, Condition
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


CHANGES = [
    *({"activation": name} for name in ACTIVATIONS),
    *({"dropout": 0.1}, {"activation_noise": 0.1}, {"quantize": 4}, {"optimizer": "adam"}, {"output": "softmax"}),
    *({"optimizer_options": {"momentum": 0.5}}, {"optimizer_options": {"clipnorm": 1.0}}),
    *({"hidden": hidden} for hidden in ([128], [129], [32, 128, 3], [64, 64], [64, 65])),
]


@pytest.mark.parametrize("changes", CHANGES, ids=str)
def test_the_model_knows_the_engine(changes):
    """Of parameters as the plan has them; what the engine for small networks trains is expected to take less time."""
    from infoplane.training.native import takes

    config = {
        "datasets": {"spherical": {}},
        "experiments": {"main": {"set": changes}},
        "figures": {"learning_curves": {}},
    }
    ends = plan.make(loading.load(config)).ends()
    (training,) = (
        a for a in forecast.behind(ends) if a.stage == "training" and a.recipe.parameters["replicates"][0] == 0
    )
    (dataset,) = training.inputs
    parameters, data = training.recipe.parameters, dataset.recipe.parameters
    assert costs.native(parameters, data) == takes(Condition(**changes), 12, 2)
    both = [costs.cost("training", {**parameters, "dropout": rate}, {"dataset": data}).seconds for rate in (0, 0.1)]
    assert (both[0] < both[1] / 2) == takes(Condition(**{**changes, "dropout": 0}), 12, 2)
