"""The committed schema and table of keys are those of today's models."""

import json
from pathlib import Path

import pytest
import yaml

from infoplane import reference
from infoplane.condition import Condition

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("path", reference.files(), ids=str)
def test_the_committed_copy_is_current(path):
    current = (ROOT / path).read_text() == reference.files()[path]
    assert current, "run `infoplane reference` and commit what it writes"


def test_the_schema_knows_the_bounds_and_the_names():
    schema = json.loads(reference.files()[Path("config/schema.json")])
    condition = schema["$defs"]["Condition"]["properties"]
    assert condition["epochs"]["minimum"] == 1
    assert "tanh" in condition["activation"]["enum"]
    assert schema["additionalProperties"] is False


def test_editors_find_the_schema_in_the_first_line():
    for name in ("config.yaml",):
        first = (ROOT / "config" / name).read_text().splitlines()[0]
        assert first == "# yaml-language-server: $schema=schema.json"


def test_every_key_of_a_condition_is_described():
    assert all(field.description for field in Condition.model_fields.values())


def test_the_defaults_shown_in_the_config_are_keys_of_the_model():
    shown = yaml.safe_load((ROOT / "config/config.yaml").read_text())["defaults"]
    assert Condition(**shown).model_dump().keys() == Condition().model_dump().keys()
