"""A figure can be traced to the bytes and the code it came from, also from a lone copy; what is broken shows."""

import json
import shutil

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo


def audit(project, figure, *arguments):
    done = project.run("infoplane", "audit", str(figure), "--json", *arguments)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.mark.parametrize("suffix", ["pdf", "png"])
def test_the_chain_leads_from_a_lone_copy_to_the_dataset(finished, tmp_path, suffix):
    copy = tmp_path / "renamed by a reviewer"
    shutil.copy(finished.folder / f"results/figures/information_plane.{suffix}", copy)
    code, report = audit(finished, copy)
    assert code == 0
    assert [link["stage"] for link in report["links"]] == ["figure"] + 2 * ["measurement"] + 2 * ["training"] + [
        "dataset"
    ]
    assert all(
        (link["bytes"], link["record"], link["code"], link["planned"]) == ("intact", "consistent", "same", True)
        for link in report["links"]
    )


def test_the_table_for_people(finished):
    done = finished.run("infoplane", "audit", "results/figures/gradient_snr.png")
    assert done.returncode == 0
    assert "every link holds" in done.stdout
    assert "dataset" in done.stdout


def test_changed_bytes_break_the_link(project):
    store = next((project.folder / "results/trainings").glob("*"))
    chunk = max((path for path in store.rglob("c/*") if path.is_file()), key=lambda path: path.stat().st_size)
    chunk.write_bytes(chunk.read_bytes()[:-1] + b"?")
    code, report = audit(project, "results/figures/fractions.pdf")
    broken = {link["id"]: link["bytes"] for link in report["links"] if link["broken"]}
    assert (code, broken) == (1, {store.name: "changed"})


def test_a_missing_store_breaks_the_link(project):
    store = next((project.folder / "results/datasets").glob("*"))
    shutil.rmtree(store)
    code, report = audit(project, "results/figures/fractions.png")
    assert (code, [link["bytes"] for link in report["links"] if link["broken"]]) == (1, ["missing"])


def test_an_edited_drawing_shows(project):
    figure = project.folder / "results/figures/fractions.png"
    with Image.open(figure) as image:
        text, edited = image.text, image.copy()
    edited.putpixel((50, 50), tuple(255 - value for value in edited.getpixel((50, 50))))
    info = PngInfo()
    info.add_text("infoplane", text["infoplane"])
    edited.save(figure, pnginfo=info)
    code, report = audit(project, figure)
    assert (code, report["links"][0]["bytes"]) == (1, "changed")


def test_an_edited_pdf_shows(project):
    figure = project.folder / "results/figures/fractions.pdf"
    data = bytearray(figure.read_bytes())
    data[len(data) // 4] ^= 1
    figure.write_bytes(bytes(data))
    done = project.run("infoplane", "audit", str(figure))
    assert done.returncode != 0
    assert "Traceback" not in done.stderr


def test_a_manifest_that_contradicts_itself_shows(project):
    folder = next((project.folder / "results/figures").glob("fractions.pdf")).parent
    figure = folder / "fractions.png"
    with Image.open(figure) as image:
        manifest, copy = json.loads(image.text["infoplane"]), image.copy()
    training = next(record for record in manifest["chain"].values() if record["stage"] == "training")
    training["parameters"]["epochs"] = 10_000
    info = PngInfo()
    info.add_text("infoplane", json.dumps(manifest))
    copy.save(figure, pnginfo=info)
    code, report = audit(project, figure)
    assert code == 1
    assert [link["record"] for link in report["links"] if link["broken"]] == [
        "its id does not follow from its parameters, inputs and code"
    ]


def test_todays_config_and_code_are_compared(project):
    project.set(estimators__binned__bins=20)
    code, report = audit(project, "results/figures/information_plane.pdf")
    assert code == 0
    planned = {link["stage"]: link["planned"] for link in report["links"]}
    assert planned == {"figure": False, "measurement": False, "training": True, "dataset": True}
    module = project.folder / "src/infoplane/measures/binned.py"
    module.write_text(module.read_text() + "\n\nADDED = 1\n")
    _, report = audit(project, "results/figures/information_plane.pdf")
    code_now = {link["stage"]: link["code"] for link in report["links"]}
    assert code_now == {"figure": "same", "measurement": "changed", "training": "same", "dataset": "same"}


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("no.pdf", None, "there is no such file"),
        ("text.pdf", b"hello", "not a PDF, PNG or GIF file"),
        ("broken.pdf", b"%PDF-1.4 and no more", "damaged"),
        ("broken.png", b"\x89PNG\r\n\x1a\n and no more", "damaged"),
    ],
)
def test_what_is_no_figure_of_ours_is_one_line(finished, tmp_path, name, content, line):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    done = finished.run("infoplane", "audit", str(tmp_path / name))
    assert done.returncode == 2
    assert line in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_an_image_from_elsewhere_is_one_line(finished, tmp_path):
    Image.new("RGB", (4, 4)).save(tmp_path / "other.png")
    done = finished.run("infoplane", "audit", str(tmp_path / "other.png"))
    assert done.returncode == 2
    assert "no infoplane manifest inside" in done.stderr


def test_plan_lists_conditions_ids_and_what_exists(finished):
    listed = json.loads(finished.run("infoplane", "plan", "--json").stdout)
    assert [condition["varied"] for condition in listed["experiments"]["fraction"]] == [
        {"train_fraction": 0.45},
        {"train_fraction": 0.85},
    ]
    for condition in listed["experiments"]["main"]:
        for artifact in condition["artifacts"]:
            assert artifact["exists"]
            assert (finished.folder / f"results/{artifact['stage']}s/{artifact['id']}/manifest.json").is_file()
    changed = json.loads(finished.run("infoplane", "plan", "--json", "--config", "estimators.binned.bins=9").stdout)
    exists = {
        a["stage"]: a["exists"]
        for a in changed["experiments"]["main"][0]["artifacts"]
        if a["what"].startswith("binned")
    }
    assert exists == {"measurement": False}
    assert not any(figure["exists"] for figure in changed["figures"] if figure["what"] == "information_plane")
