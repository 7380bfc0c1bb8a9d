"""The page of the claims: one file that shows each verdict and, in it, the figure that it names."""

import base64
import re
from html.parser import HTMLParser

import pytest

from infoplane.claims.page import FigureFile, page
from infoplane.verdicts import HOLDS, UNDECIDED, threshold, value

STATISTIC = {"name": "compression", "unit": "bits", "estimate": 2.314, "low": 2.05, "high": 2.6, "side": "at least"}


@pytest.fixture
def findings():
    statistic = {**STATISTIC, "threshold": 1.0, "verdict": HOLDS}
    shared = {"source": "ST17", "experiments": ["main"], "estimators": ["binned"]}
    return [
        {
            "name": "compresses",
            "number": 2,
            "statement": "Layers <compress> & forget.",
            "figure": "plane",
            "verdict": HOLDS,
            "statistics": [statistic, {**statistic, "low": None, "verdict": UNDECIDED}],
            **shared,
        },
        {"name": "empty", "number": 4, "statement": "Nothing.", "figure": "snr", "verdict": UNDECIDED, "statistics": []}
        | shared,
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
        if tag not in ("img", "meta", "br"):
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
    for text in ("Layers <compress> & forget. [ST17]", "2.31 [2.05, 2.6] bits", "≥ 1 bits", "0123456789ab", HOLDS):
        assert text in read.text
    assert "nothing in this config to decide it by" in read.text


def test_the_picture_is_the_one_that_is_given(findings):
    newer = FIGURES | {"plane": ("fedcba987654", b"\x89PNG newer")}
    read = Reader(page(findings, newer))
    assert read.pictures["compresses.figure"] == b"\x89PNG newer"
    assert "fedcba987654" in read.text
    assert "0123456789ab" not in read.text


def test_the_analysis_is_named_where_the_finding_names_it(findings):
    findings[0]["analysis"] = "abcdefabcdef"
    assert "abcdefabcdef" in Reader(page(findings, FIGURES)).text


def test_a_figure_that_is_not_given_is_no_page(findings):
    with pytest.raises(Exception, match="snr"):
        page(findings, {"plane": FIGURES["plane"]})


def test_the_page_suits_dark_and_narrow_screens(findings):
    text = page(findings, FIGURES)
    assert "prefers-color-scheme: dark" in text
    assert re.search(r'name="viewport" content="width=device-width', text)
    assert "@media (max-width:" in text


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ({}, "2.31 [2.05, 2.6] bits"),
        ({"unit": ""}, "2.31 [2.05, 2.6]"),
        ({"high": None}, "2.31 [2.05, ∞ or none] bits"),
        ({"estimate": None, "low": None, "high": None}, "∞ or none"),
    ],
)
def test_a_number_is_shown_with_its_interval_and_unit(numbers, text):
    assert value({**STATISTIC, **numbers}) == text


def test_a_threshold_is_shown_with_its_side():
    assert threshold({**STATISTIC, "threshold": 1.5}) == "≥ 1.5 bits"
    assert threshold({**STATISTIC, "threshold": 0.3, "side": "at most", "unit": ""}) == "≤ 0.3"
