"""The verdicts as the workflow makes them, the explorer that leads to what they are about, the report."""

import base64
import io
import json
import re

import pytest
from PIL import Image

from infoplane import embed
from tests.workflow.browser import PROGRAM, Browser
from tests.workflow.conftest import SMALL

CLAIMS = {
    "no_regularization": {"figure": "information_plane", "bits": 1e-9, "learned": 1},
    "data_processing": {"figure": "learning_curves", "bits": 12},
}
PICTURE = r"data:image/(?:png|gif);[^\"]*base64,([A-Za-z0-9+/=]+)"
FILM = {"kind": "information_plane_animation", "experiment": "main"}


@pytest.fixture(scope="module")
def judged(finished, tmp_path_factory):
    """A finished project with claims and a film; tests that change it copy it first."""
    project = finished.copy(tmp_path_factory.mktemp("judged") / "a project")
    project.set(claims=CLAIMS, figures__film=FILM)
    # the film shows what the plane shows, so they share an analysis
    assert project.make() == {"analysis": 2, "figure_film": 1, "verdict": 1, "figure_claims": 1, "page": 1}
    return project


@pytest.fixture
def project(judged, tmp_path):
    return judged.copy(tmp_path / "a project")


def verdicts(project):
    content = json.loads((project.folder / "results/claims.json").read_text())
    return {claim["name"]: claim for claim in content["claims"]}


def test_each_claim_names_its_statistics_and_what_it_was_decided_by(judged):
    page, macros = ((judged.folder / f"results/claims.{suffix}").read_text() for suffix in ("html", "tex"))
    assert set(verdicts(judged)) == set(CLAIMS)
    for claim in verdicts(judged).values():
        assert (judged.folder / "results/analyses" / claim["analysis"] / "analysis.csv").is_file()
        assert all({"estimate", "low", "high", "threshold", "verdict"} <= set(s) for s in claim["statistics"])
        shown = embed.read(judged.folder / "results/figures" / f"{claim['figure']}.png").manifest["id"]
        assert claim["statement"] in page
        assert rf"\@namedef{{infoplane@{claim['name']}@verdict}}{{{claim['verdict']}}}" in macros
        assert shown in page


def test_the_verdicts_are_put_into_a_page_by_a_command(judged, tmp_path):
    page = tmp_path / "README.md"
    page.write_text("# mine\n<!-- verdicts -->\nOUTDATED\n<!-- /verdicts -->\nend\n")
    done = judged.run("infoplane", "verdicts", "results/claims.json", "--into", str(page))
    assert done.returncode == 0, done.stderr
    text = page.read_text()
    assert text.startswith("# mine\n")
    assert text.endswith("<!-- /verdicts -->\nend\n")
    assert "OUTDATED" not in text
    for claim in verdicts(judged).values():
        assert f"| {claim['number']} | {claim['statement']} [{claim['source']}] | {claim['verdict']} |" in text
    assert embed.read(judged.folder / "results/claims.json").manifest["id"] in text
    page.write_text("nothing")
    refused = judged.run("infoplane", "verdicts", "results/claims.json", "--into", str(page))
    assert (refused.returncode, page.read_text()) == (2, "nothing")
    assert len(refused.stderr.strip().splitlines()) == 1


def test_another_threshold_turns_the_verdict_and_runs_nothing_else(project):
    assert verdicts(project)["data_processing"]["verdict"] == "holds"
    assert verdicts(project)["no_regularization"]["verdict"] != "does not hold"
    much = {**CLAIMS["no_regularization"], "bits": 12}
    project.set(claims={**CLAIMS, "no_regularization": much}, figures__film=FILM)
    assert project.make() == {"verdict": 1, "figure_claims": 1, "page": 1}
    assert verdicts(project)["no_regularization"]["verdict"] == "does not hold"


def test_a_figures_style_redraws_it_alone_and_the_page_quotes_its_new_version(project):
    path = "src/infoplane/figures/learning_curves.py"
    project.edit(path, "cross-entropy [nats]", "loss [nats]")
    assert project.would_run() == {"figure_learning_curves": 1, "page": 1}


def test_the_film_and_the_table_can_be_audited(judged):
    for file in ("figures/film.gif", "figures/film.csv", "figures/claims.pdf", "claims.json", "claims.html"):
        done = judged.run("infoplane", "audit", f"results/{file}")
        assert done.returncode == 0, done.stdout + done.stderr
    film = judged.folder / "film.gif"
    data = bytearray((judged.folder / "results/figures/film.gif").read_bytes())
    data[len(data) // 8] ^= 1
    film.write_bytes(data)
    assert judged.run("infoplane", "audit", str(film)).returncode == 1


def test_the_explorer_is_made_shown_and_made_again_with_the_same_bytes(project):
    project.set(claims=CLAIMS, figures__film=FILM, explorer={"experiment": "main"})
    # inputs are followed in each of the two parts; all else is measured already
    assert project.make() == {"measurement": 2, "analysis": 1, "explorer": 1}
    path = project.folder / "results/explorer.html"
    done = project.run("infoplane", "audit", str(path))
    assert done.returncode == 0, done.stdout + done.stderr
    before = embed.read(path)
    (project.folder / "results/explorers" / before.manifest["id"] / "explorer.html").write_text("damaged")
    assert project.make() == {"explorer": 1}
    assert embed.read(path).content == before.content
    if PROGRAM:
        with Browser() as browser:
            browser.open(path.as_uri())
            assert browser.wait("document.querySelectorAll('#chain-rows tr').length === 4")
            links = browser.evaluate("[...document.querySelectorAll('[data-claim]')].map((link) => link.hash)")
            assert len(links) == len(CLAIMS)
            assert all("condition=main" in link for link in links)
            assert browser.errors == []


@pytest.mark.parametrize(
    ("claim", "line"),
    [
        ({"kind": "two_phases", "figure": "plain"}, 'claims.x.figure: found "plain"; unknown name'),
        ({"kind": "two_fases", "figure": "fractions"}, "claims.x.kind: found"),
        ({"kind": "two_phases"}, "claims.x.figure: "),
        ({"kind": "small_data", "figure": "fractions", "bits": -1}, "claims.x.bits: found -1; allowed: greater than 0"),
        ({"kind": "small_data", "figure": "fractions", "estimator": "bind"}, 'claims.x.estimator: found "bind"'),
    ],
)
def test_a_wrong_claim_is_one_line(project, claim, line):
    project.set(claims={"x": claim})
    done = project.snakemake("-n")
    assert done.returncode != 0
    assert line in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@pytest.fixture(scope="module")
def report(judged, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    done = judged.snakemake("--report", str(path))
    assert done.returncode == 0, done.stderr
    return path


def test_the_report_holds_every_figure_and_the_claims_first(report):
    page = report.read_text()
    pictures = [base64.b64decode(text) for text in re.findall(PICTURE, page)]
    sizes = [Image.open(io.BytesIO(data)).size for data in pictures]
    assert len([size for size in sizes if min(size) > 100]) >= len(SMALL["figures"]) + 2
    groups = json.loads(re.search(r"var categories = (\{.*\});?$", page, re.MULTILINE)[1])
    assert sorted(groups) == ["1. Claims", "2. The paper", "4. Beyond"]  # as the menu sorts them


@pytest.mark.skipif(PROGRAM is None, reason="no Chromium or Chrome on this machine to open the report in")
def test_the_report_opens_in_a_browser_and_shows_every_figure(report, judged):
    with Browser() as browser:
        browser.open(report.as_uri())
        assert "1. Claims" in browser.evaluate("document.body.innerText")
        for name in [*SMALL["figures"], "claims", "film"]:
            suffix = "gif" if name == "film" else "png"
            (made,) = (judged.folder / "results").glob(f"figures/*/{name}.{suffix}")
            path = made.relative_to(judged.folder).as_posix()
            view = {"navbarMode": "resultinfo", "content": "img", "resultPath": path}
            browser.evaluate(f"app.setView({{...{json.dumps(view)}, contentPath: results['{path}'].data_uri}})")
            width = "Math.max(...[...document.querySelectorAll('img')].map(image => image.naturalWidth))"
            assert browser.wait(f"{width} > 300 && {width}"), path
        browser.open((judged.folder / "results/claims.html").as_uri())
        assert browser.evaluate("document.querySelectorAll('tbody').length") == len(CLAIMS)
        assert browser.errors == []
