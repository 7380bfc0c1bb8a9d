"""environment.yml repeats the dependencies of pyproject.toml, all of them and nothing else; environment.lock pins them."""

import hashlib
import re
import tomllib
from pathlib import Path

import yaml
from packaging.requirements import Requirement

from infoplane import code, environment

ROOT = Path(__file__).parents[1]


def test_conda_and_pip_ask_for_the_same():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    conda = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    pip = next(entry["pip"] for entry in conda if isinstance(entry, dict))
    assert pip == ["-e ."]
    named = {entry for entry in conda if isinstance(entry, str)} - {"pip"}
    assert named == {*project["dependencies"], f"python{project['requires-python']}"}


def pins() -> dict[str, set[str]]:
    """The versions of each package in the lock; there are several where they depend on Python's."""
    found: dict[str, set[str]] = {}
    for name, version in environment.PINNED.findall((ROOT / environment.LOCK).read_text()):
        found.setdefault(name, set()).add(version)
    return found


def test_the_lock_has_every_dependency_in_a_version_that_is_asked_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    locking = ("share", "crate", "test", "cluster")
    asked = [Requirement(text) for text in (*project["dependencies"], *(t for extra in locking for t in extras[extra]))]
    locked = pins()
    for requirement in asked:
        if requirement.name != "infoplane":
            assert locked[requirement.name], requirement
            assert all(version in requirement.specifier for version in locked[requirement.name]), requirement


def test_each_pin_has_digests_and_nothing_says_where_to_get_it():
    text = (ROOT / environment.LOCK).read_text()
    blocks = re.split(r"^(?=[a-z0-9-]+==)", text, flags=re.MULTILINE)[1:]
    assert len(blocks) == sum(map(len, pins().values()))
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", block) for block in blocks)
    assert "://" not in text


def test_a_manifest_names_the_lock_only_if_the_packages_are_those_of_it(monkeypatch, tmp_path):
    text = "".join(f"{name}=={version}\n" for name, version in environment.packages().items() if name != "infoplane")
    monkeypatch.setattr(code, "home", lambda: tmp_path)
    assert environment.lock.__wrapped__() is None
    (tmp_path / environment.LOCK).write_text(text)
    assert environment.lock.__wrapped__() == hashlib.sha256(text.encode()).hexdigest()[:12]
    (tmp_path / environment.LOCK).write_text(text.replace("numpy==", "numpy==0."))
    assert environment.lock.__wrapped__() is None
