"""The committed schema and table of keys are those of today's models."""

import json
from pathlib import Path

import pytest
import yaml

from infoplane import code, reference
from infoplane.condition import Condition
from infoplane.config import Config

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
    for name in ("config.yaml", "paper.yaml", "critique.yaml", "mnist.yaml"):
        first = (ROOT / "config" / name).read_text().splitlines()[0]
        assert first == "# yaml-language-server: $schema=schema.json"


def test_every_key_is_described():
    schema = json.loads(reference.files()[Path("config/schema.json")])
    silent = {
        f"{name}.{key}"
        for name, model in [("Config", schema), *schema["$defs"].items()]
        for key, info in model.get("properties", {}).items()
        if "description" not in info and key != "kind"
    }
    assert not silent


def test_every_section_and_every_other_key_is_in_the_table():
    text = reference.files()[Path("config/README.md")]
    headed = {key for key in Config.model_fields if f"## `{key}`" in text}
    in_rows = {key for key in Config.model_fields if f"\n| `{key}` | " in text}
    assert headed | in_rows == Config.model_fields.keys()
    assert not headed & in_rows


def test_the_files_of_an_installed_package_are_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(code, "home", lambda: tmp_path)
    with pytest.raises(ValueError, match="only in a clone of infoplane; the keys of this one are in "):
        reference.write()
    assert not list(tmp_path.iterdir())


def test_the_defaults_shown_in_the_config_are_keys_of_the_model():
    shown = yaml.safe_load((ROOT / "config/config.yaml").read_text())["defaults"]
    assert Condition(**shown).model_dump().keys() == Condition().model_dump().keys()
