"""environment.yml repeats the dependencies of pyproject.toml, all of them and nothing else."""

import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]


def test_conda_and_pip_ask_for_the_same():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    conda = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    pip = next(entry["pip"] for entry in conda if isinstance(entry, dict))
    assert pip == ["-e ."]
    named = {entry for entry in conda if isinstance(entry, str)} - {"pip"}
    assert named == {*project["dependencies"], f"python{project['requires-python']}"}
