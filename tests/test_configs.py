"""The configs that lie over config/config.yaml: each can be planned, and asks for its own figures and no others."""

from pathlib import Path

import pytest
import yaml

from infoplane import loading, plan

CONFIG = Path(__file__).parents[1] / "config"
KEPT = {"critique.yaml": {"nonlinearity", "batch"}, "mnist.yaml": set()}  # of the default's figures


@pytest.mark.parametrize("name", KEPT)
def test_its_own_figures_are_planned_and_no_others(name):
    own = yaml.safe_load((CONFIG / name).read_text())
    planned = plan.make(loading.load(loading.read(CONFIG / "config.yaml", CONFIG / name)))
    asked = {figure for figure, settings in own["figures"].items() if settings is not None}
    assert set(planned.figures) - {plan.CLAIMS_TABLE} == asked | KEPT[name]
    claims = {claim for claim, settings in own["claims"].items() if settings is not None}
    assert claims <= set(planned.decided_by)
    assert bool(planned.verdict) == bool(claims)


def test_mnist_has_the_layers_of_the_critique():
    config = loading.load(loading.read(CONFIG / "config.yaml", CONFIG / "mnist.yaml"))
    conditions = [condition for name in ("mnist", "mnist_full") for _, condition in config.conditions(name)]
    assert {condition.hidden for condition in conditions} == {(1024, 20, 20, 20)}
    assert {(condition.activation, condition.batch_size) for condition in conditions} == {
        *(("tanh", 128), ("relu", 128), ("tanh", "full"), ("relu", "full")),
    }
