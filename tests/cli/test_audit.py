"""A file can be traced to the bytes and the code it came from, also from a lone copy; what is broken shows."""

import base64
import json
import shutil

import pytest
from PIL import Image

from infoplane import artifacts, embed
from infoplane.artifacts import Recipe

CHAIN = {
    "figures/plane.pdf": ["figure", "analysis"] + ["measurement"] * 2 + ["training"] * 2 + ["dataset"],
    "figures/curves.csv": ["figure", "analysis"] + ["training"] * 4 + ["dataset"],
    "claims.json": ["verdict", "analysis"] + ["measurement"] * 2 + ["training"] * 2 + ["dataset"],
    "claims.html": ["page", "verdict", "figure", "analysis", "analysis"]
    + ["measurement"] * 2
    + ["training"] * 2
    + ["dataset"],
}


def audited(project, file, *arguments):
    """Exit code, and the report on the one file."""
    code, found = project.json("audit", file, *arguments)
    assert found["broken"] == bool(code)
    assert len(found["files"]) == 1
    return code, found["files"][0]


def broken(report, key):
    """What is wrong, by stage."""
    return {link["stage"]: link[key] for link in report["links"] if link["broken"]}


def forged(path, change):
    """Write a file anew with another manifest inside."""
    found, data = embed.read(path), path.read_bytes()
    suffix = found.suffix
    from infoplane.embed import formats

    drawing, manifest = formats.split(formats.form(suffix), data)
    path.write_bytes(embed.insert(suffix, drawing, change(manifest)))


@pytest.mark.parametrize("name", CHAIN)
def test_the_chain_leads_from_a_lone_copy_to_the_dataset(project, tmp_path, name):
    copy = tmp_path / "renamed by a reviewer"
    shutil.copy(project.results / name, copy)
    code, report = audited(project, copy)
    assert (code, report["state"]) == (0, "intact")
    assert [link["stage"] for link in report["links"]] == CHAIN[name]
    states = {(x["bytes"], x["manifest"], x["record"], x["code"], x["planned"]) for x in report["links"]}
    assert states == {("intact", "same", "consistent", "same", True)}


def test_the_table_for_people(project):
    code, out, _ = project.run("audit", "results/figures/plane.png")
    assert code == 0
    assert "every link holds" in out
    assert "spherical, 2 replicates" in out


def test_changed_bytes_break_the_link(project):
    store = project.folders("trainings")[0] / "training.zarr.zip"
    store.write_bytes(store.read_bytes()[:-1] + b"?")
    code, report = audited(project, "results/figures/curves.pdf")
    assert (code, broken(report, "bytes")) == (1, {"training": "changed"})


def test_a_missing_artifact_breaks_the_link(project):
    shutil.rmtree(project.folders("datasets")[0])
    code, report = audited(project, "results/figures/plane.png")
    assert (code, broken(report, "bytes")) == (1, {"dataset": "missing"})


def test_a_changed_manifest_on_disk_breaks_the_link(project):
    path = project.folders("measurements")[0] / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "started": "1999-01-01T00:00:00Z"}))
    code, report = audited(project, "results/figures/both.png")
    assert (code, broken(report, "manifest")) == (1, {"measurement": "differs in started"})


@pytest.mark.parametrize(
    ("key", "value"),
    [("started", "1999-01-01T00:00:00Z"), ("label", "another"), ("seconds", 5.5), ("note", "added")],
)
def test_whatever_is_edited_in_the_manifest_inside_a_figure_shows(project, key, value):
    path = project.results / "figures/plane.png"
    forged(path, lambda manifest: {**manifest, key: value})
    code, report = audited(project, path)
    assert (code, report["state"], broken(report, "manifest")) == (1, "intact", {"figure": f"differs in {key}"})


def test_an_edited_environment_shows(project):
    def change(manifest):
        return {**manifest, "environment": {**manifest["environment"], "python": "2.7"}}

    path = project.results / "figures/plane.pdf"
    forged(path, change)
    code, report = audited(project, path)
    assert (code, broken(report, "manifest")) == (1, {"figure": "differs in environment"})
    assert report["links"][0]["environment"]["python"][0] == "2.7"


def test_a_verdict_that_is_turned_around_shows(project):
    path = project.results / "claims.json"
    path.write_text(path.read_text().replace('"holds"', '"does not hold"'))
    code, report = audited(project, path)
    assert (code, report["state"]) == (1, "changed")


def test_a_file_that_was_saved_anew_is_not_broken(project):
    path = project.results / "figures/plane.png"
    with Image.open(path) as image:
        from PIL.PngImagePlugin import PngInfo

        info = PngInfo()
        info.add_text("infoplane", image.text["infoplane"])
        image.save(path, pnginfo=info, compress_level=1)
    code, report = audited(project, path)
    assert (code, report["state"]) == (0, "re-saved")
    assert "the same to look at" in project.run("audit", path)[1]


def test_an_edited_drawing_is_broken(project):
    path = project.results / "figures/plane.png"
    with Image.open(path) as image:
        from PIL.PngImagePlugin import PngInfo

        info, edited = PngInfo(), image.copy()
        info.add_text("infoplane", image.text["infoplane"])
    edited.putpixel((5, 5), (1, 2, 3, 4))
    edited.save(path, pnginfo=info)
    code, report = audited(project, path)
    assert (code, report["state"]) == (1, "changed")


def emptied(manifest):
    """A figure of nothing, with an id that follows."""
    made_of = {**manifest, "inputs": {}, "input_contents": {}, "chain": {"records": {}, "environments": {}}}
    return {**made_of, "id": Recipe.from_json(made_of).id}


def reparameterized(manifest):
    """Other parameters, with an id that follows."""
    made_of = {**manifest, "parameters": {**manifest["parameters"], "name": "another"}}
    return {**made_of, "id": Recipe.from_json(made_of).id}


def contradicting(manifest):
    """More epochs than the id says."""
    training = next(r for r in manifest["chain"]["records"].values() if r["stage"] == "training")
    training["parameters"]["epochs"] = 10_000
    return manifest


def of_other_bytes(manifest):
    """A training that read another dataset than the chain has."""
    training = next(r for r in manifest["chain"]["records"].values() if r["stage"] == "training")
    training["input_contents"] = {id_: {"dataset.zarr.zip": "0" * 64} for id_ in training["input_contents"]}
    return manifest


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (emptied, "a figure is not made of nothing"),
        (reparameterized, "consistent"),  # but there is no such artifact
        (contradicting, "its id does not follow"),
        (of_other_bytes, "other bytes"),
    ],
)
def test_a_forged_manifest_is_broken(project, change, says):
    path = project.results / "figures/plane.png"
    forged(path, change)
    code, report = audited(project, path)
    assert code == 1
    assert any(says in record for record in broken(report, "record").values())


def test_todays_config_code_and_environment_are_compared(project, monkeypatch):
    project.configure(estimators={"binned": {"bins": 20}})
    code, report = audited(project, "results/figures/plane.pdf")
    planned = {link["stage"]: link["planned"] for link in report["links"]}
    assert code == 0
    assert planned == {"figure": False, "analysis": False, "measurement": False, "training": True, "dataset": True}
    from infoplane.tracing import audit

    monkeypatch.setattr(audit.code, "digest", lambda *roots: "0" * 16)
    now = {**audit.environment(), "python": "4.0"}
    monkeypatch.setattr(audit, "environment", lambda: now)
    code, report = audited(project, "results/figures/plane.pdf")
    assert code == 0
    assert {link["code"] for link in report["links"]} == {"changed"}
    assert {link["environment"]["python"][1] for link in report["links"]} == {"4.0"}


def test_code_that_is_no_longer_there_is_gone(project):
    path = project.results / "figures/plane.pdf"
    forged(path, lambda manifest: {**manifest, "roots": ["infoplane.was_removed"]})
    _, report = audited(project, path)
    assert report["links"][0]["code"] == "gone"


def test_each_file_in_a_report_is_audited(project, tmp_path):
    def uri(path, kind):
        return f'"data:{kind};charset=utf8;filename={path.name};base64,{base64.b64encode(path.read_bytes()).decode()}"'

    figures = project.results / "figures"
    page = tmp_path / "report.html"
    shown = [uri(figures / "plane.png", "image/png"), uri(figures / "curves.pdf", "application/pdf")]
    page.write_text(f"<html><script>let results = [{', '.join(shown)}]</script></html>")
    code, found = project.json("audit", page)
    assert (code, [report["file"] for report in found["files"]]) == (0, ["plane.png", "curves.pdf"])
    code, out, _ = project.run("audit", page)
    assert "2 files inside" in out
    for folder in project.folders("analyses"):
        (folder / "analysis.csv").write_text("else\n")
    code, found = project.json("audit", page)
    assert (code, [report["broken"] for report in found["files"]]) == (1, [True, True])


def test_it_works_without_a_config_and_results(project, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    from infoplane.cli import options

    monkeypatch.setattr(options.code, "home", lambda: tmp_path)
    code, report = audited(project, project.results / "figures/plane.png")
    assert code == 1
    assert {(link["bytes"], link["planned"]) for link in report["links"]} == {("missing", None)}


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("no.pdf", None, "there is no such file"),
        ("text.pdf", b"hello", "not a PDF, PNG, GIF, HTML, JSON or CSV file"),
        ("broken.pdf", b"%PDF-1.4 and no more", "damaged"),
        ("broken.png", b"\x89PNG\r\n\x1a\n and no more", "damaged"),
        ("page.html", b"<html></html>", "no infoplane manifest inside"),
        ("[red]name.pdf", None, "[red]name.pdf"),
    ],
)
def test_what_is_no_file_of_ours_is_one_line(project, tmp_path, name, content, line):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    code, out, err = project.run("audit", tmp_path / name)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert line in err


def nested(depth):
    value = {}
    for _ in range(depth):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    "manifest",
    [
        {},
        {"id": "/"},
        {"chain": []},
        {"stage": "secret"},
        {"id": "../../../etc"},
        {"id": "/etc/passwd0"},
        {"id": "A" * 12},
        {"inputs": {"analysis": "/etc/passwd"}},
        {"inputs": []},
        {"inputs": {"../..": "0" * 12}},
        {"parameters": []},
        {"parameters": nested(600)},
        {"environment": {}},
        {"environment": "/etc"},
        {"roots": ["workflow/scripts/../../../etc.py"]},
        {"roots": ["os"]},
        {"roots": "infoplane"},
        {"content": 3},
        {"seconds": "soon"},
        {"chain": {"records": {"0" * 12: {}}, "environments": {}}},
        {"chain": {"records": {}, "environments": 1}},
    ],
    ids=lambda value: json.dumps(value)[:40],
)
@pytest.mark.parametrize("name", ["plane.csv", "plane.png"])
def test_a_hostile_manifest_is_one_line(project, name, manifest):
    path = project.results / "figures" / name
    forged(path, (lambda _: {}) if manifest == {} else lambda old: {**old, **manifest})
    code, out, err = project.run("audit", path)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert path.name in err


@pytest.mark.parametrize(
    "text", ["[]", "3", "null", '"text"', "[" * 3000, "{", "\ud800".encode("utf-8", "surrogatepass")]
)
def test_a_manifest_that_is_no_mapping_is_one_line(project, text):
    path = project.results / "figures/plane.csv"
    mark = b"# infoplane: "
    rest = path.read_bytes().rpartition(mark)[0]
    path.write_bytes(rest + mark + (text.encode() if isinstance(text, str) else text) + b"\n")
    code, out, err = project.run("audit", path)
    assert (code, out, len(err.splitlines())) == (2, "", 1)


def test_nothing_in_a_file_reaches_the_terminal_as_more_than_text(project):
    path = project.results / "figures/plane.csv"
    forged(path, lambda manifest: {**manifest, "label": "\x1b[31m[bold]red[/nothing] \u202e\x07 :smile: [final]"})
    code, out, err = project.run("audit", path)
    assert code == 1
    assert not {"\x1b", "\x07", "\u202e"} & set(out + err)
    assert "\\x1b[31m[bold]red[/nothing] \\u202e\\x07 :smile: [final]" in out


def test_a_chain_that_leads_in_a_circle_or_nowhere_ends(project):
    def change(manifest):
        records = manifest["chain"]["records"]
        id_, training = next((i, r) for i, r in records.items() if r["stage"] == "training")
        training["inputs"] = {"dataset": id_}
        records["0" * 12] = {**training, "id": "0" * 12}
        return manifest

    path = project.results / "figures/plane.csv"
    forged(path, change)
    code, report = audited(project, path)
    assert code == 1
    assert "nothing in the chain reads it" in {link["record"] for link in report["links"]}


def test_artifacts_are_digested_once_for_all_files_of_a_page(project, tmp_path, monkeypatch):
    shown = [project.results / f"figures/{name}" for name in ("plane.png", "plane.pdf", "both.png")]
    uris = [f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}" for path in shown]
    (tmp_path / "report.html").write_text(f"<html>{' '.join(uris)}</html>")
    counted, files = [], artifacts.files
    monkeypatch.setattr(artifacts, "files", lambda folder: counted.append(folder) or files(folder))
    project.json("audit", tmp_path / "report.html")
    assert len(counted) == len(set(counted))
