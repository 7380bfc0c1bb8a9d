"""examples/plugin, which the how-to pages show: its kinds do what the workflow counts on."""

import importlib
import sys
import tomllib
from pathlib import Path

import pytest

from infoplane import testing

PLUGIN = Path(__file__).parents[1] / "examples/plugin"
POINTS = tomllib.loads((PLUGIN / "pyproject.toml").read_text())["project"]["entry-points"]
CHECKS = {
    "infoplane.datasets": testing.check_dataset,
    "infoplane.estimators": testing.check_estimator,
    "infoplane.analyses": testing.check_analysis,
    "infoplane.figures": testing.check_figure,
    "infoplane.claims": testing.check_claim,
}


@pytest.fixture(autouse=True)
def installed(monkeypatch):
    monkeypatch.syspath_prepend(PLUGIN)
    yield
    for module in [module for module in sys.modules if module.partition(".")[0] == "my_kinds"]:
        del sys.modules[module]


@pytest.mark.parametrize(("group", "kind"), [(group, kind) for group, kinds in POINTS.items() for kind in kinds])
def test_a_kind_of_ones_own(group, kind):
    module, _, name = POINTS[group][kind].partition(":")
    found = getattr(importlib.import_module(module), name)
    made = found(figure="final_error") if group == "infoplane.claims" else found()
    assert made.kind == kind
    CHECKS[group](made)
