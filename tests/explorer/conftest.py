"""The explorer of made-up runs: two conditions with what an analysis of the workflow has."""

import json
import re

import pytest
from tests.workflow.browser import Browser

from infoplane import stores
from infoplane.analyses.explorer import Explorer
from infoplane.explorer.page import page
from infoplane.testing import examples

FINDINGS = [
    {
        "name": "two_phases",
        "number": 1,
        "statement": "First <b>up</b>, then left.",
        "source": "ST17",
        "verdict": "holds",
    },
    {"name": "drift", "number": 5, "statement": "Drift.", "source": "ST17", "verdict": "undecided"},
    {"name": "elsewhere", "number": 9, "statement": "Elsewhere.", "source": "S18", "verdict": "does not hold"},
]
ABOUT = {"kind": "two_phases", "experiments": ["main"], "estimators": ["kde"]}
PARAMETERS = {
    "experiment": ["main"],
    "claims": {
        "two_phases": ABOUT,
        "drift": {**ABOUT, "kind": "drift_diffusion", "estimators": []},
        "elsewhere": {**ABOUT, "experiments": ["another"]},
    },
}
READY = "document.querySelector('#plates li') !== null"
VERSIONS = {"explorer": "0123456789ab", "analysis": "ba9876543210"}


@pytest.fixture(scope="session")
def analysis(tmp_path_factory):
    """As it is read from its store."""
    section = Explorer(compare=("binned", "kde"))
    path = tmp_path_factory.mktemp("explorer") / "analysis.zarr.zip"
    stores.write(section.analyse(examples.runs(section)), path)
    with stores.open_tree(path) as tree:
        return tree.load()


@pytest.fixture(scope="session")
def text(analysis):
    return page(analysis, FINDINGS, PARAMETERS, VERSIONS)


@pytest.fixture(scope="session")
def told(text):
    """The numbers in the page, as JSON."""
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)[1])


@pytest.fixture(scope="module")
def address(text, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "explorer.html"
    path.write_text(text)
    return path.as_uri()


@pytest.fixture(scope="module")
def started():
    with Browser() as browser:
        yield browser


@pytest.fixture
def browser(started, address):
    """A browser at the page as it is first opened; it must not have complained in the end."""
    started.errors.clear()
    opened(started, address)
    yield started
    assert started.errors == []


def opened(browser, address):
    browser.open("about:blank")
    browser.open(address)
    assert browser.wait(READY)
