"""environment.lock pins the dependencies of pyproject.toml; environment.yml and the container install it; .ci/run refuses another."""

import hashlib
import importlib.util
import json
import re
import tomllib
from itertools import chain
from pathlib import Path

import yaml
from packaging.requirements import Requirement

from infoplane import code, environment

ROOT = Path(__file__).parents[1]


def test_conda_installs_the_lock():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    conda = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    assert conda == [f"python{project['requires-python']}", "pip", {"pip": [f"-r {environment.LOCK}"]}]


def pins() -> dict[str, set[str]]:
    """The versions of each package in the lock; there are several where they depend on Python's."""
    found: dict[str, set[str]] = {}
    for name, version in environment.PINNED.findall((ROOT / environment.LOCK).read_text()):
        found.setdefault(name, set()).add(version)
    return found


def test_the_lock_has_every_dependency_in_a_version_that_is_asked_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    asked = map(Requirement, (*project["dependencies"], *chain(*extras.values())))
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


def locked():
    """The script of .ci/run."""
    spec = importlib.util.spec_from_file_location("locked", ROOT / ".ci/locked.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_is_installed_is_compared_with_the_lock_both_ways():
    lock = "a-b==1.0 \\\n    --hash=sha256:00\nonly-there==3 ; sys_platform == 'win32' \\\n    --hash=sha256:00\nc==2\n"
    here = {"a-b": "1.0", "c": "2", "pip": "25", "infoplane": "0.1.0"}
    assert locked().differences(lock, here) == []
    assert locked().differences(lock, here | {"c": "2.1"}) == ["c is 2.1, locked 2"]
    assert locked().differences(lock, here | {"d": "4"}) == ["d is 4, locked not"]
    del here["a-b"]
    assert locked().differences(lock, here) == ["a-b is missing, locked 1.0"]


def test_results_of_another_lock_are_refused_in_one_line(monkeypatch, tmp_path):
    check, lock, results = locked(), tmp_path / environment.LOCK, tmp_path / "results"
    monkeypatch.setattr(check, "distributions", list)
    lock.write_text("")
    assert check.main(lock, results) == f"{lock}: {results} has no manifests"
    for number, named in enumerate((environment.digest(lock), "0" * 12, None)):
        folder = results / "datasets" / str(number)
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text(json.dumps({"environment": {"lock": named}}))
        if not number:
            assert check.main(lock, results) is None
    folders = results / "datasets"
    told = f"{lock}: {folders / '1'} names 000000000000, not {environment.digest(lock)}, and 1 more"
    assert check.main(lock, results) == told


def test_the_container_is_made_of_the_lock_as_the_readme_says():
    lines = (ROOT / "Containerfile").read_text().splitlines()
    installs = [line.removeprefix("RUN ").replace(" --no-cache-dir", "") for line in lines if "pip install" in line]
    commands = (ROOT / "README.md").read_text().split("<!-- .ci/run -->\n```\n")[1].split("\n```")[0].splitlines()
    assert installs == commands[:2]
    assert json.loads(lines[-1].removeprefix("CMD ")) == commands[2].split()
