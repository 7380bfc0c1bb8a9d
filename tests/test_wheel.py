"""Installed without a clone: the workflow travels in the package, and a newcomer's session needs nothing else."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from infoplane import studies

ROOT = Path(__file__).parents[1]
TINY = {"replicates": 2, "hidden": [4, 3], "batch_size": 512, "epochs": 6, "snapshots": 4}


class Installed:
    """The package in a folder of its own; what it depends on is that of the running Python."""

    def __init__(self, folder: Path) -> None:
        self.site = folder / "site"
        # in place and without the network: hatchling is one of the tests' dependencies
        pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT))
        [wheel] = folder.glob("infoplane-*.whl")
        pip("install", "--no-deps", "--no-index", "--target", str(self.site), str(wheel))

    def run(self, program: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess:
        environment = {**os.environ, "PYTHONPATH": str(self.site), "PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1"}
        return subprocess.run(
            [program, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False
        )

    def infoplane(self, *arguments: str, cwd: Path) -> subprocess.CompletedProcess:
        return self.run(str(self.site / "bin/infoplane"), *arguments, cwd=cwd)

    def files(self) -> set[Path]:
        return set(self.site.rglob("*"))


def pip(*arguments: str) -> None:
    done = subprocess.run([sys.executable, "-m", "pip", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Installed:
    return Installed(tmp_path_factory.mktemp("installed"))


def test_what_is_imported_is_what_was_installed(installed, tmp_path):
    done = installed.run(
        sys.executable, "-P", "-c", "import infoplane.code as c; print(c.__file__, c.home())", cwd=tmp_path
    )
    package = installed.site / "infoplane"
    assert done.stdout.split() == [str(package / "code.py"), str(package / "_workflow")]
    assert (package / "py.typed").is_file()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--help"], 0, "audit"),
        (["run", "--help"], 0, "Snakemake"),
        (["plan"], 0, "information_plane"),
        (["audit", "none.pdf"], 2, "none.pdf: "),
        (["reference"], 2, "only in a clone of infoplane"),
        (["run"], 2, "config/config.yaml: not in this folder"),
        (["new", "study", "--data", "none.npz"], 2, "none.npz: there is no such file"),
    ],
)
def test_in_an_empty_folder_every_command_says_what_it_needs(installed, tmp_path, arguments, code, says):
    done = installed.infoplane(*arguments, cwd=tmp_path)
    assert says in done.stdout + done.stderr
    assert done.returncode == code
    if code:
        assert len(done.stderr.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_a_newcomers_session(installed, tmp_path):
    before = installed.files()
    assert installed.infoplane("new", "my study", cwd=tmp_path).returncode == 0
    study = tmp_path / "my study"
    config = yaml.safe_load((study / studies.CONFIG).read_text())
    config["defaults"] |= TINY
    del config["claims"]["no_overfitting"], config["figures"]["replicate_spread"], config["figures"]["learning_curves"]
    (study / studies.CONFIG).write_text(yaml.safe_dump(config))

    done = installed.infoplane("run", "--cores", "2", cwd=study)
    assert done.returncode == 0, done.stderr
    figures = study / "results/figures"
    wanted = {f"{name}.{suffix}" for name in config["figures"] for suffix in ("pdf", "png", "csv")}
    assert wanted <= {path.name for path in figures.iterdir()}
    claims = json.loads((study / "results/claims.json").read_text())["claims"]
    assert {claim["name"] for claim in claims} == config["claims"].keys()

    snakefile = installed.site / "infoplane/_workflow/Snakefile"
    plain = ("-m", "snakemake", "-s", str(snakefile), "--cores", "all")
    again = installed.run(sys.executable, *plain, cwd=study)
    assert again.returncode == 0, again.stderr
    assert "Nothing to be done" in again.stderr, "nothing is made again"

    audited = installed.infoplane("audit", "results/figures/information_plane.pdf", "--json", cwd=study)
    assert audited.returncode == 0, audited.stdout
    [file] = json.loads(audited.stdout)["files"]
    assert [link["stage"] for link in file["links"]] == ["figure", "analysis", "measurement", "training", "dataset"]
    assert {(link["bytes"], link["code"]) for link in file["links"]} == {("intact", "same")}
    assert installed.files() == before


def test_the_same_versions_as_from_a_clone(installed, tmp_path):
    """What a clone has made is what an installed package would make: same ids."""
    studies.create(tmp_path / "study")
    wheel = installed.infoplane("plan", "--json", cwd=tmp_path / "study")
    clone = subprocess.run(
        [sys.executable, "-P", "-c", "from infoplane.cli import main; main()", "plan", "--json"],
        cwd=tmp_path / "study",
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    ids = re.compile(r'"id": "([0-9a-f]{12})"')
    assert ids.findall(wheel.stdout) == ids.findall(clone.stdout) != []
