"""What differs between two figures, artifacts, or configs, link by link, down to the numbers."""

import json
import shutil

import pytest
import yaml

from infoplane.tracing import numbers


@pytest.fixture
def two(project, tmp_path):
    """Two files of each name: of the config as it is, and of another number of bins."""
    shutil.copytree(project.results / "figures", tmp_path / "before")
    shutil.copy(project.results / "claims.json", tmp_path / "before")
    project.configure(
        estimators={"binned": {"bins": 20}}, claims={"no_regularization": {"figure": "plane", "bits": 2.5}}
    )
    project.make()
    project.before = tmp_path / "before"
    return project


def links(project, *arguments):
    code, found = project.json("diff", *arguments)
    assert found["same"] == (code == 0)
    return code, {(link["stage"], link["label"]): link for link in found["differences"]}


def test_a_file_does_not_differ_from_itself_nor_from_its_artifact(project):
    path = project.results / "figures/plane.pdf"
    id_ = next(folder.name for folder in project.folders("figures") if (folder / "plane.pdf").is_file())
    assert links(project, path, path) == (0, {})
    assert links(project, path, id_) == (0, {})
    assert "the same" in project.run("diff", path, path.with_suffix(".csv"))[1]


def test_what_differs_is_told_where_it_begins(two):
    code, found = links(two, two.before / "plane.pdf", two.results / "figures/plane.pdf")
    assert code == 1
    assert [stage for stage, _ in found] == ["figure", "analysis", "measurement", "measurement"]
    measured = [link for (stage, _), link in found.items() if stage == "measurement"]
    assert all(link["parameters"] == {"bins": [30, 20]} for link in measured)
    assert all(
        link["label"].endswith(f"replicates {n} to {n}")
        for n, link in enumerate(sorted(measured, key=lambda x: x["label"]))
    )
    analysis = next(link for (stage, _), link in found.items() if stage == "analysis")
    assert (analysis["parameters"], analysis["inputs"]) == ({}, {"measurement": 2})


def test_numbers_of_analyses_are_compared(two):
    _, found = links(two, two.before / "plane.pdf", two.results / "figures/plane.pdf")
    analysis = next(link for (stage, _), link in found.items() if stage == "analysis")
    one, other = (float(int(analysis[side], 16)) for side in "ab")
    expected = {
        "name": "/condition_1/I_XT_mean", "differs": "1 of 3 values", "max_difference": abs(one - other), "units": "bits",
    }  # fmt: skip
    assert analysis["numbers"] == [expected]
    out = two.run("diff", two.before / "plane.pdf", two.results / "figures/plane.pdf")[1]
    assert f"at most {abs(one - other):.3g} bits" in out
    assert "bins: 30 -> 20" in out


def test_claims_that_differ_are_named_with_their_statistics(two):
    _, found = links(two, two.before / "claims.json", two.results / "claims.json")
    verdict = found["verdict", "the verdicts"]
    assert verdict["parameters"] == {"no_regularization.bits": [1.0, 2.5]}
    assert verdict["numbers"][0]["differs"] == "threshold 1.0 in A, 2.5 in B"


def test_a_turned_verdict_is_told(tmp_path):
    claim = {"name": "c", "verdict": "holds", "statistics": [{"name": "s", "estimate": 1.0, "unit": "bits"}]}
    turned = {"name": "c", "verdict": "does not hold", "statistics": [{"name": "s", "estimate": 3.0, "unit": "bits"}]}
    for name, value in (("a", claim), ("b", turned)):
        (tmp_path / name).write_text(json.dumps({"claims": [value]}))
    found = numbers.of_verdicts(tmp_path / "a", tmp_path / "b")
    assert [(n.name, n.max_difference) for n in found] == [("c", None), ("c: s", 2.0)]


def test_numbers_that_are_not_there_are_not_compared(two):
    shutil.rmtree(two.results / "analyses")
    code, found = links(two, two.before / "plane.pdf", two.results / "figures/plane.pdf")
    analysis = next(link for (stage, _), link in found.items() if stage == "analysis")
    assert (code, analysis["numbers"]) == (1, [])
    assert "missing" in analysis["not_compared"]


def test_links_that_only_one_chain_has(project):
    _, found = links(project, project.results / "figures/plane.pdf", project.results / "figures/both.pdf")
    trainings = [link for (stage, _), link in found.items() if stage == "training"]
    assert {link["a"] for link in trainings} == {None}
    assert len(trainings) == 2
    assert "only in B" in project.run("diff", "results/figures/plane.pdf", "results/figures/both.pdf")[1]


def test_code_and_environment_that_differ_are_told(project):
    path = project.results / "figures/plane.csv"
    from tests.cli.test_audit import forged

    copy = project.folder / "copy.csv"
    shutil.copy(path, copy)

    def change(manifest):
        environment = {**manifest["environment"], "python": "2.7"}
        return {**manifest, "code": "0" * 16, "id": "0" * 12, "environment": environment}

    forged(copy, change)
    _, found = links(project, path, copy)
    figure = found["figure", "plane"]
    assert "today's is that of A" in figure["code"]
    assert figure["environment"]["python"][1] == "2.7"


def test_configs_are_compared_by_setting_and_by_version(project):
    (project.folder / "more.yaml").write_text(yaml.safe_dump({"estimators": {"binned": {"bins": 20}}}))
    code, found = project.json("diff", "config/config.yaml", "more.yaml")
    assert (code, found["settings"]) == (1, {"estimators.binned.bins": [30, 20]})
    assert found["versions"]["training"] == [0, 4, 0]
    assert found["versions"]["measurement"] == [4, 0, 4]
    assert project.run("diff", "config/config.yaml", "config/config.yaml")[0] == 0


@pytest.mark.parametrize("pair", [("nowhere", "0" * 12), ("0" * 12, "0" * 12), ("config/config.yaml", "0" * 12)])
def test_what_cannot_be_compared_is_one_line(project, pair):
    code, out, err = project.run("diff", *pair)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
