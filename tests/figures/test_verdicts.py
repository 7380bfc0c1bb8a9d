"""The table of the verdicts."""

import textwrap

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex

from infoplane.claims import CLAIMS
from infoplane.claims.base import finding
from infoplane.figures.verdicts import WRAP_PART, Verdicts
from infoplane.verdicts import COLORS, value


@pytest.fixture
def findings(world):
    run = world.run({"dataset": "committee"}, batch_size="full")
    claims = {kind: CLAIMS[kind](kind=kind, experiment="main", figure="f") for kind in CLAIMS}
    return [finding(kind, claim, claim.analysis().analyse([run])) for kind, claim in claims.items()]


def test_every_claim_has_a_row_and_nothing_overlaps(findings):
    figure = Verdicts().draw(findings).figure
    shown = [text.get_text() for text in figure.axes[0].texts]
    for found in findings:
        assert str(found["number"]) in shown
        for part in found["parts"]:
            assert all(line in shown for line in textwrap.wrap(part["name"], WRAP_PART))
            assert f"{part['holding']} of {part['of']}" in shown
            assert value(found["statistics"][part["worst"]]) in shown
    renderer = FigureCanvasAgg(figure).get_renderer()
    boxes = [text.get_window_extent(renderer) for text in figure.axes[0].texts if text.get_text()]
    page = figure.bbox
    assert all(page.x0 <= box.x0 and box.x1 <= page.x1 for box in boxes)
    for i, a in enumerate(boxes):
        for b in boxes[i + 1 :]:
            assert min(a.x1, b.x1) - max(a.x0, b.x0) < 1 or min(a.y1, b.y1) - max(a.y0, b.y0) < 1.5


def test_the_verdicts_are_marked_in_their_colours(findings):
    squares = [line for line in Verdicts().draw(findings).figure.axes[0].lines if line.get_marker() == "s"]
    assert [to_hex(square.get_color()) for square in squares] == [COLORS[found["verdict"]] for found in findings]


def test_it_is_drawn_from_the_verdicts_and_asks_for_no_experiment():
    assert Verdicts.reads == "verdict"
    assert Verdicts().resolved() == {"kind": "claims"}
