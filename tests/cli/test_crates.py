"""RO-Crates of results: judged by roc-validator, read again by rocrate, and by ourselves."""

import base64
import hashlib
import json
import shutil
import sys
import zipfile
from pathlib import Path

import pytest
import responses
import rocrate
import yaml
from prov.constants import PROV_ATTR_ACTIVITY, PROV_ATTR_ENTITY
from prov.model import ProvActivity, ProvAssociation, ProvDocument, ProvEntity, ProvGeneration, ProvUsage
from requests_cache import CachedSession
from rocrate.rocrate import ROCrate
from rocrate_validator import models, services

from infoplane import artifacts, loading, plan
from infoplane.sharing import transfers

BY = ["--author", "Ada Byron", "--orcid", "0000-0002-1825-0097", "--affiliation", "A University <https://example.org>"]
CONTEXT = "https://w3id.org/ro/crate/1.1/context"
# Whatever is software should have an absolute URI, but the scripts and the Snakefile are files of the crate.
NOT_FOR_FILES = "process-run-crate-0.5_5.1"


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """The validator's cache of the web with the context of RO-Crate 1.1: that of 1.3, which rocrate brings, and the
    four terms of Bioschemas as 1.1 has them; sha256, which 1.1 has not, is left out."""
    terms = json.loads((Path(rocrate.__file__).parent / "data/ro-crate.jsonld").read_text())["@context"]
    for name in ("ComputationalWorkflow", "FormalParameter"):
        terms[name] = f"https://bioschemas.org/{name}"
    for name in ("input", "output"):
        terms[name] = f"https://bioschemas.org/ComputationalWorkflow#{name}"
    del terms["sha256"]
    path = tmp_path_factory.mktemp("cache") / "web"
    with responses.RequestsMock() as web:
        web.get(CONTEXT, json={"@context": terms}, content_type="application/ld+json")
        CachedSession(cache_name=str(path), backend="sqlite", allowable_methods=("GET",)).get(CONTEXT)
    return path


def judged(crate, cache, severity):
    """What roc-validator finds, by check: the entities."""
    settings = models.ValidationSettings(
        rocrate_uri=str(crate),
        profile_identifier="provenance-run-crate-0.5",
        requirement_severity=severity,
        offline=True,
        cache_path=cache,
        skip_availability_check=True,
    )
    found: dict[str, set[str]] = {}
    for issue in services.validate(settings).issues:
        found.setdefault(issue.check.identifier, set()).add(str(issue.violatingEntity))
    return found


@pytest.fixture
def crate(project, tmp_path):
    out = tmp_path / "crate"
    code, told = project.json("crate", *BY, out)
    assert code == 0
    return out, told


def test_it_is_a_provenance_run_crate_with_all_that_is_recommended(crate, cache):
    assert judged(crate[0], cache, "RECOMMENDED").keys() <= {NOT_FOR_FILES}


def test_the_validator_sees_what_is_wrong(crate, cache):
    path = crate[0] / "ro-crate-metadata.json"
    metadata = json.loads(path.read_text())
    for entity in metadata["@graph"]:
        entity.pop("instrument", None)
    path.write_text(json.dumps(metadata))
    assert "process-run-crate-0.5_1.1" in judged(crate[0], cache, "REQUIRED")


def entities(crate):
    return {entity["@id"]: entity for entity in json.loads((crate / "ro-crate-metadata.json").read_text())["@graph"]}


def refs(value):
    return [part["@id"] for part in (value if isinstance(value, list) else [value]) if isinstance(part, dict)]


def test_each_artifact_has_the_action_that_made_it(project, crate):
    out, told = crate
    found = entities(out)
    manifests = [json.loads(path.read_text()) for path in project.results.glob("*/*/manifest.json")]
    assert told["artifacts"] == len(manifests)
    for manifest in manifests:
        action = found[f"#{manifest['stage']}-{manifest['id']}"]
        folder = f"results/{artifacts.FOLDERS[manifest['stage']]}/{manifest['id']}/"
        assert refs(action["result"]) == [folder]
        read = {ref.split("/")[-2] for ref in refs(action["object"]) if ref.startswith("results/")}
        assert read == set(manifest["input_contents"])
        assert action["startTime"] == manifest["started"].replace("Z", "+00:00")
        values = [found[ref] for ref in refs(action["object"]) if ref.startswith("#")]
        told = {value["name"]: value["value"] for value in values}
        for key in ("epochs", "seed", "bins", "kind"):
            assert told.get(key) == manifest["parameters"].get(key)
        versions = {found[ref]["name"]: found[ref]["value"] for ref in refs(action["environment"])}
        assert versions["numpy"] == manifest["environment"]["packages"]["numpy"]
        assert versions["processor"] == manifest["environment"]["processor"]


def test_its_files_are_those_that_were_made_and_the_stores_are_known_by_digest(project, crate):
    out, _ = crate
    found = entities(out)
    for id_, entity in found.items():
        if "File" in entity["@type"] and id_.startswith("results/"):
            assert artifacts.digest(out / id_) == entity["sha256"] == artifacts.digest(project.folder / id_)
    for store in project.results.glob("*/*/*.zarr.zip"):
        digest = hashlib.sha256(store.read_bytes()).digest()
        name = f"ni:///sha-256;{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"
        there = (out / store.relative_to(project.folder)).exists()
        assert there == (store.parent.parent.name == "analyses")
        assert there or found[name]["contentSize"] == str(store.stat().st_size)
    assert project.run("audit", next((out / "results/figures").glob("*/plane.pdf")))[0] == 0


def test_the_config_inside_asks_for_the_same_artifacts(project, crate):
    config = loading.load(yaml.safe_load((crate[0] / "config/config.yaml").read_text()))
    made = {path.parent.name for path in project.results.glob("*/*/manifest.json")}
    assert plan.make(config).ids() == made


def test_rocrate_reads_it_again_from_a_zip_with_the_stores(project, tmp_path):
    out = tmp_path / "study.zip"
    assert project.run("crate", *BY, "--stores", "--title", "A study", out)[0] == 0
    crate = ROCrate(out)
    assert crate.name == "A study"
    assert crate.mainEntity.id == "Snakefile"
    assert crate.license.id == "https://spdx.org/licenses/MIT"
    with zipfile.ZipFile(out) as packed:
        names = set(packed.namelist())
    stores = {str(path.relative_to(project.folder)) for path in project.results.glob("*/*/*.zarr.zip")}
    assert (
        stores | {"LICENSE", "CITATION.cff", "README.md", "zenodo.json", "environment.yml", "environment.lock"} <= names
    )


def test_what_zenodo_is_told(crate):
    told = json.loads((crate[0] / "zenodo.json").read_text())["metadata"]
    assert told["creators"] == [{"name": "Ada Byron", "orcid": "0000-0002-1825-0097", "affiliation": "A University"}]
    assert (told["license"], told["upload_type"], told["access_right"]) == ("mit", "dataset", "open")
    assert {"identifier": "https://arxiv.org/abs/1703.00810", "relation": "isSupplementTo"} in told[
        "related_identifiers"
    ]


@pytest.mark.parametrize("target", ["plane", "results/figures/plane.png"])
def test_a_crate_of_one_figure_has_what_is_behind_it(project, tmp_path, target):
    code, told = project.json("crate", *BY, target, tmp_path / "one")
    stages = sorted(path.parent.parent.name for path in (tmp_path / "one/results").glob("*/*/manifest.json"))
    assert (code, told["artifacts"]) == (0, len(stages))
    assert stages == ["analyses", "datasets", "figures", "measurements", "measurements", "trainings", "trainings"]


def test_what_is_damaged_or_missing_goes_into_no_crate(project, tmp_path):
    store = project.folders("trainings")[0] / "training.zarr.zip"
    store.write_bytes(b"?")
    code, _, err = project.run("crate", *BY, tmp_path / "crate")
    assert (code, len(err.splitlines())) == (2, 1)
    assert f"{store.relative_to(project.folder)}: changed" in err
    shutil.rmtree(store.parent)
    code, _, err = project.run("crate", *BY, tmp_path / "crate")
    assert (code, len(err.splitlines())) == (2, 1)
    assert f"nothing has the id {store.parent.name}" in err
    assert not list(tmp_path.glob("*crate*"))


def test_what_goes_while_a_crate_is_made_is_one_line(project, monkeypatch, tmp_path):
    gone, behind = project.folders("trainings")[0], transfers.everything_behind

    def then_removed(*arguments):
        found = behind(*arguments)
        if ("training", gone.name) in found:
            shutil.rmtree(gone, ignore_errors=True)
        return found

    monkeypatch.setattr(transfers, "everything_behind", then_removed)
    code, _, err = project.run("crate", *BY, tmp_path / "crate")
    assert (code, err) == (2, f"results: nothing has the id {gone.name}\n")
    assert not list(tmp_path.glob("*crate*"))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nothing", "out"], "nothing: neither a figure nor an id of the plan"),
        (["config"], "config: is there already; name a new one"),
        (["nowhere/out"], "nowhere/out: there is no folder nowhere"),
        (["--orcid", "0000-0002-1825-0098", "out"], "--orcid 0000-0002-1825-0098: not an ORCID"),
        (["--affiliation", "A <b", "out"], "--affiliation A <b: a name is needed"),
    ],
)
def test_wrong_arguments_are_one_line(project, arguments, says):
    code, out, err = project.run("crate", *BY, *arguments)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert err.startswith(says)
    assert not (project.folder / "out").exists()


def test_without_the_extra_a_line_says_what_to_install(project, monkeypatch):
    monkeypatch.setitem(sys.modules, "rocrate.rocrate", None)
    code, _, err = project.run("crate", *BY, "out")
    assert (code, len(err.splitlines())) == (2, 1)
    assert "pip install 'infoplane[crate]'" in err


def test_prov_says_the_same(project, tmp_path):
    """Read again by prov: every job used what its manifest says, when it says, and nothing is without its maker."""
    assert project.run("crate", "--format", "prov", *BY, tmp_path / "prov.json")[0] == 0
    document = ProvDocument.deserialize(tmp_path / "prov.json")
    manifests = {path.parent.name: json.loads(path.read_text()) for path in project.results.glob("*/*/manifest.json")}
    used: dict[str, set[str]] = {id_: set() for id_ in manifests}
    for usage in document.get_records(ProvUsage):
        job, entity = (
            usage.get_attribute(name).copy().pop().localpart for name in (PROV_ATTR_ACTIVITY, PROV_ATTR_ENTITY)
        )
        used[job].add(entity)
    assert used == {id_: set(manifest["input_contents"]) for id_, manifest in manifests.items()}
    for job in document.get_records(ProvActivity):
        manifest = manifests[job.identifier.localpart]
        assert job.get_startTime().strftime("%Y-%m-%dT%H:%M:%SZ") == manifest["started"]
    entities = {entity.identifier.localpart for entity in document.get_records(ProvEntity)}
    made = {next(iter(g.get_attribute(PROV_ATTR_ENTITY))).localpart for g in document.get_records(ProvGeneration)}
    assert entities == made == manifests.keys()
    associated = document.get_records(ProvAssociation)
    assert {next(iter(a.get_attribute(PROV_ATTR_ACTIVITY))).localpart for a in associated} == manifests.keys()
