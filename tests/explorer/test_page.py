"""What is in the explorer's file: the numbers of the analysis, and nothing from elsewhere."""

import re
from html.parser import HTMLParser

import numpy as np

from infoplane import code
from infoplane.analyses.base import conditions
from infoplane.explorer.page import page
from infoplane.testing import examples

from .conftest import FINDINGS, PARAMETERS, VERSIONS
from .test_packing import unpacked


def test_the_same_data_give_the_same_bytes(analysis, text):
    assert page(analysis, FINDINGS, PARAMETERS, VERSIONS) == text


def test_it_holds_the_numbers_of_the_analysis(analysis, told):
    for node, packed in zip(conditions(analysis), told["conditions"], strict=True):
        arrays = unpacked(packed)
        assert packed["epochs"] == list(examples.EPOCHS)
        for name in ("binned", "kde"):
            for quantity in packed["estimators"][name]["quantities"]:
                known = node[quantity].sel(estimator=name).transpose("replicate", "layer", "epoch")
                np.testing.assert_allclose(arrays[f"{name}.{quantity}"][:-1], known, atol=0.00101)
                np.testing.assert_allclose(arrays[f"{name}.{quantity}"][-1], known.mean("replicate"), atol=0.00101)
        assert "I_XT_given_S" in packed["estimators"]["binned"]["quantities"]
        assert "I_XT_given_S" not in packed["estimators"]["kde"]["quantities"]
        snr = node["gradient_snr"].transpose("replicate", "layer", "epoch")
        np.testing.assert_allclose(10 ** arrays["snr"][:-1], snr, rtol=0.01)
        pattern = node["pattern"].transpose("replicate", "input", "layer", "feature", "epoch")
        np.testing.assert_allclose(arrays["pattern"], pattern, atol=0.00501)


def test_an_epoch_that_an_estimator_skips_is_not_in_its_numbers(analysis):
    thinned = analysis.copy(deep=True)
    for name in thinned.children:
        node = thinned[name].to_dataset()
        skipped = (node["estimator"] == "kde") & node["epoch"].isin([1, 5])
        thinned[name] = node.assign({q: node[q].where(~skipped) for q in ("I_XT", "I_TY")})
    found = page(thinned, FINDINGS, PARAMETERS, VERSIONS)
    assert '"kde":{"epochs":[0,2,10,20,50,100]' in found
    assert '"binned":{"epochs":[0,1,2,5,10,20,50,100]' in found


class _Elsewhere(HTMLParser):
    """Whatever would be fetched."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found += [value for key, value in attrs if key in ("src", "href") and not value.startswith("#")]


def test_it_needs_nothing_from_elsewhere_and_quotes_what_it_is_told(text):
    assert _Elsewhere(text).found == []
    assert not re.search(r"url\(|@import|import\(|fetch\(|https?://(?!www\.w3\.org/2000/svg)", text)
    assert "First &lt;b&gt;up" in text
    assert all(version in text for version in VERSIONS.values())


def test_without_claims_there_are_no_verdicts(analysis):
    found = page(analysis, [], {**PARAMETERS, "claims": {}}, VERSIONS)
    assert 'id="verdicts"' not in found
    assert 'id="plane"' in found


def test_files_of_the_page_are_short_and_count_for_its_version():
    folder = code.ROOT / "explorer"
    belongings = [file for file in folder.iterdir() if file.suffix in (".js", ".css", ".html")]
    assert all(len(file.read_text().splitlines()) < 300 for file in belongings)
    counted = " ".join(code._belongings(folder / "page.py"))
    assert all(f"{file.name}=" in counted for file in belongings)
