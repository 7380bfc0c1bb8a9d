"""The committed schema and table of keys are those of today's models."""

from pathlib import Path

import pytest
import yaml

from infoplane import reference
from infoplane.condition import Condition

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(("path", "text"), reference.files().items(), ids=str)
def test_the_committed_copy_is_current(path, text):
    assert (ROOT / path).read_text() == text, "run `infoplane reference` and commit what it writes"


def test_editors_find_the_schema_in_the_first_line():
    for name in ("config.yaml",):
        first = (ROOT / "config" / name).read_text().splitlines()[0]
        assert first == "# yaml-language-server: $schema=schema.json"


def test_every_key_of_a_condition_is_described():
    assert all(field.description for field in Condition.model_fields.values())


def test_the_defaults_shown_in_the_config_are_keys_of_the_model():
    shown = yaml.safe_load((ROOT / "config/config.yaml").read_text())["defaults"]
    assert Condition(**shown).model_dump().keys() == Condition().model_dump().keys()
