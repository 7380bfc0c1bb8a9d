"""The page of the claims: one file that shows each verdict and, in it, the figure that it names."""

import base64
import re
from html.parser import HTMLParser

import pytest

from infoplane.claims.page import FigureFile, page
from infoplane.verdicts import HOLDS, UNDECIDED

STATISTIC = {
    "name": "compression",
    "unit": "bits",
    "estimate": 2.314,
    "low": 2.05,
    "high": 2.6,
    "scale": "linear",
    "side": "at least",
    "threshold": 1.0,
    "part": "compresses",
    "control": False,
    "networks": 10,
    "verdict": HOLDS,
    "margin": [None, 2.05],
}


@pytest.fixture
def findings():
    shared = {
        "source": "ST17",
        "experiments": ["main"],
        "estimators": ["binned"],
        "quote": "",
        "test": "Peak less last.",
    }
    control = {**STATISTIC, "name": "with dropout", "control": True, "part": "", "low": None, "verdict": UNDECIDED}
    return [
        {
            **shared,
            "name": "compresses",
            "number": 2,
            "statement": "Layers <compress> & forget.",
            "quote": "in their <own> words",
            "figure": "plane",
            "verdict": HOLDS,
            "statistics": [STATISTIC, control],
            "parts": [{"name": "compresses", "verdict": HOLDS, "holding": 1, "of": 1, "worst": 0}],
        },
        {
            **shared,
            "name": "empty",
            "number": 4,
            "statement": "Nothing.",
            "figure": "snr",
            "verdict": UNDECIDED,
            "statistics": [],
            "parts": [],
        },
    ]


FIGURES = {"plane": FigureFile("0123456789ab", b"\x89PNG one"), "snr": FigureFile("ba9876543210", b"\x89PNG two")}


class Reader(HTMLParser):
    """Text, pictures, and whatever would be fetched from elsewhere; tags must be closed in their order."""

    def __init__(self, text):
        super().__init__()
        self.text, self.pictures, self.elsewhere, self.open = "", {}, [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag not in ("img", "meta"):
            self.open.append(tag)
        if tag == "img":
            self.pictures[attrs["id"]] = base64.b64decode(attrs["src"].removeprefix("data:image/png;base64,"))
            assert "details" in self.open
        self.elsewhere += [attrs[key] for key in ("href", "src") if not attrs.get(key, "#").startswith(("#", "data:"))]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_each_claim_shows_its_verdict_its_numbers_and_its_figure(findings):
    read = Reader(page(findings, FIGURES))
    assert read.pictures == {"compresses.figure": b"\x89PNG one", "empty.figure": b"\x89PNG two"}
    assert read.elsewhere == []
    assert read.open == []
    for text in ("2. Layers <compress> & forget.", "“in their <own> words”", "Peak less last.", "[ST17]", HOLDS):
        assert text in read.text
    for text in ("compression n = 10", "2.31 [2.05, 2.6] bits", "≥ 1 bit", "up to 2.05 bits", "(1 of 1 hold)"):
        assert text in read.text
    assert read.text.index("controls") < read.text.index("with dropout")
    assert "0123456789ab" in read.text
    assert "Nothing in this config to decide it by" in read.text


def test_the_picture_is_the_one_that_is_given(findings):
    newer = FIGURES | {"plane": ("fedcba987654", b"\x89PNG newer")}
    read = Reader(page(findings, newer))
    assert read.pictures["compresses.figure"] == b"\x89PNG newer"
    assert "fedcba987654" in read.text
    assert "0123456789ab" not in read.text


def test_the_analysis_is_named_where_the_finding_names_it(findings):
    findings[0]["analysis"] = "abcdefabcdef"
    assert "analyses/abcdefabcdef/analysis.csv" in Reader(page(findings, FIGURES)).text


def test_a_figure_that_is_not_given_is_no_page(findings):
    with pytest.raises(Exception, match="snr"):
        page(findings, {"plane": FIGURES["plane"]})


def test_the_page_suits_dark_and_narrow_screens(findings):
    text = page(findings, FIGURES)
    assert "prefers-color-scheme: dark" in text
    assert re.search(r'name="viewport" content="width=device-width', text)
    assert "@media (max-width:" in text
