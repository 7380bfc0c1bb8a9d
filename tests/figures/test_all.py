"""What holds for every figure: nothing cut off, legible at a paper's width, no traces left behind."""

import io
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
import xarray as xr
from jinja2 import StrictUndefined, Template
from matplotlib.text import Text

from infoplane.analyses.table import numbers
from infoplane.figures import FIGURES

WIDTHS = (3.4, 7.0)
OF_NETWORKS = [kind for kind in FIGURES if FIGURES[kind](kind=kind).analysis().experiments()]


@pytest.fixture(params=["one condition", "three conditions", "seven hidden layers"])
def runs(request, world):
    if request.param == "three conditions":
        return [world.run({"train_fraction": f}, train_fraction=f) for f in (0.05, 0.45, 0.85)]
    layers = 8 if request.param == "seven hidden layers" else 4
    return [world.run(measurements={"binned": world.information(layers=layers)})]


@pytest.mark.parametrize("kind", FIGURES)
def test_nothing_is_cut_off_and_everything_is_legible(kind, runs, draw):
    figure = draw(FIGURES[kind](kind=kind), runs).figure
    assert figure.get_figwidth() in WIDTHS
    drawn, page = figure.get_tightbbox(), figure.bbox_inches
    assert drawn.x0 > -0.01
    assert drawn.y0 > -0.01
    assert drawn.x1 < page.x1 + 0.01
    assert drawn.y1 < page.y1 + 0.01
    texts = [t for t in figure.findobj(Text) if t.get_text().strip() and t.get_visible()]
    assert min(text.get_fontsize() for text in texts) >= 6
    for axes in figure.axes:
        assert axes.has_data() or axes.get_label() == "<colorbar>"


@pytest.mark.parametrize("kind", FIGURES)
def test_a_stored_analysis_gives_the_same_bytes_and_nothing_is_left_behind(kind, world):
    before = dict(mpl.rcParams)
    figure = FIGURES[kind](kind=kind)
    analysis = figure.analysis().analyse([world.run({"hidden": (5, 4, 3), "batch_size": "full"})])
    pictures = []
    for read in (analysis, world.stored(analysis)):
        stream = io.BytesIO()
        figure.draw(read).figure.savefig(stream, format="png", metadata={"Software": None})
        pictures.append(stream.getvalue())
    assert pictures[0] == pictures[1]
    assert plt.get_fignums() == []
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("kind", OF_NETWORKS)
def test_the_analysis_names_the_replicates_that_were_used(kind, world):
    analysis = FIGURES[kind](kind=kind).analysis().analyse([diverging(world, [1])])
    used = 1 if kind == "bull" else 3  # the bull looks into one network
    assert [(c["replicates"], c["replicates_used"]) for c in numbers(analysis)["conditions"]] == [(4, used)]


@pytest.mark.parametrize("kind", OF_NETWORKS)
def test_without_any_replicate_left_the_error_says_so(kind, world):
    with pytest.raises(ValueError, match=r"all 4 replicates diverged|replicate 0 diverged"):
        FIGURES[kind](kind=kind).analysis().analyse([diverging(world, range(4))])


def diverging(world, replicates):
    """A run in which some replicates are lost after epoch 8."""

    def lose(data):
        kept = (data["epoch"] <= 8) | ~data["replicate"].isin(list(replicates))
        return data.map(lambda v: v.where(kept) if {"replicate", "epoch"} <= set(v.dims) else v)

    cells = world.cells()
    cells["shares_cell"] = cells["shares_cell"] & lose(xr.ones_like(cells, float))["shares_cell"].notnull()
    measured = {n: lose(getattr(world, n)()) for n in ("gradients", "weights")}
    measured |= {"binned": lose(world.information()), "gaussian": lose(world.gaussian()), "specific": cells}
    return world.run(measurements=measured, curves_=lose(world.curves()))


@pytest.mark.parametrize("kind", FIGURES)
def test_every_key_is_described(kind):
    section = FIGURES[kind]
    assert section.model_fields["kind"].default == kind
    assert all(field.description for name, field in section.model_fields.items() if name != "kind")


@pytest.mark.parametrize("kind", FIGURES)
def test_the_caption_quotes_the_numbers(kind, runs, world):
    quoted = numbers(world.stored(FIGURES[kind](kind=kind).analysis().analyse(runs)))
    template = Path(__file__, "../../../workflow/report", f"{kind}.rst").resolve().read_text()
    caption = Template(template, undefined=StrictUndefined).render(quoted)
    assert "{" not in caption
    for condition in quoted["conditions"]:
        assert str(condition["replicates_used"]) in caption
        assert condition["name"] in caption
