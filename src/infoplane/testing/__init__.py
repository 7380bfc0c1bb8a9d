"""Checks of a kind of your own: an estimator, a dataset, an analysis, a figure, a claim (docs/python.md).

Each runs the kind on made-up data, in seconds and without TensorFlow, and raises AssertionError, in one line, where it
does not do what the workflow and its readers count on.
"""

from __future__ import annotations

import inspect
import io
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import xarray as xr
from jinja2 import StrictUndefined, Template, TemplateError

from infoplane import code, contracts, stores
from infoplane.analyses.base import Analysis, Run
from infoplane.analyses.table import csv, numbers
from infoplane.claims.base import Claim, Statistic, finding
from infoplane.datasets.base import Dataset
from infoplane.datasets.replicates import draw
from infoplane.figures.base import GROUPS, Drawing, Figure
from infoplane.measures.base import Estimator
from infoplane.section import Section
from infoplane.testing import examples
from infoplane.testing.examples import runs

__all__ = ["check_analysis", "check_claim", "check_dataset", "check_estimator", "check_figure", "runs"]

INSIDE = 0.01  # inches by which a drawing may reach over its page


def check_estimator(estimator: Estimator) -> xr.Dataset:
    """Measure a made-up training: dimensions, coordinates and units; NaN where a network diverged, and nowhere else.

    Replicates must not depend on which others are measured with them, nor a second measurement on the first.
    """
    _check_section(estimator)
    data = examples.dataset()
    training = examples.training(data, replicates=(2, 3, 4), diverged={4: 50})
    with _told("measure"):
        measured = estimator.measure(training, data)
        contracts.measurement(measured, training, estimator.quantities)
    again = estimator.measure(training, data)
    _hold(measured.identical(again), "measure: a second measurement of the same training is another one")
    lost = (measured["replicate"] == 4) & (measured["epoch"] >= 50)
    for name in estimator.quantities:
        missing = measured[name].isnull()
        _hold(
            missing.broadcast_equals(lost.broadcast_like(missing)),
            f"{name}: NaN elsewhere than where a network diverged",
        )
    parts = [estimator.measure(_part(training, chosen), data) for chosen in ([2], [3, 4])]
    for name in estimator.quantities:
        joined = xr.concat([part[name] for part in parts], "replicate")
        alike = np.allclose(joined, measured[name], equal_nan=True)
        _hold(alike, f"{name}: of a replicate it depends on which others are measured with it")
    return measured


def check_dataset(dataset: Dataset) -> xr.Dataset:
    """p(x) and p(y|x): probabilities, with units; the same each time, of the stated shape; then drawn and stored."""
    _check_section(dataset)
    with _told("distribution"):
        found = dataset.distribution()
        contracts.dataset(found)
    _hold(found.identical(dataset.distribution()), "distribution: a second call gives another one")
    shape = tuple(found.sizes[axis] for axis in ("sample", "feature", "class"))
    _hold(tuple(dataset.shape()) == shape, f"shape: says {tuple(dataset.shape())}, the distribution has {shape}")
    with _told("draw"):
        drawn = _stored(draw(found, seed=0, replicates=2))
        contracts.dataset(drawn)
    return drawn


def check_analysis(analysis: Analysis, given: Sequence[Run] | None = None) -> xr.DataTree:
    """Analyse runs, by default made-up ones: stored and read again it is the same, described, and a table."""
    _check_section(analysis)
    given = runs(analysis) if given is None else given
    with _told("analyse"):
        found = analysis.analyse(given)
        contracts.analysis(found)
        stored = _stored(found)
        csv(stored)
    _hold(stored.equals(found), "analyse: stored and read again it is not the same")
    _hold(len(found.children) == len(given), f"analyse: {len(found.children)} conditions of {len(given)} runs")
    return stored


def check_figure(figure: Figure, given: Sequence[Run] | None = None, caption: str | None = None) -> Drawing:
    """Draw the analysis of runs: twice the same bytes, nothing cut off, and a caption that quotes its numbers.

    `caption` is a Jinja template; by default `workflow/report/<kind>.rst`, or the .rst beside the figure's module.
    """
    _check_section(figure)
    analysis = check_analysis(figure.analysis(), given)
    _hold(figure.group in GROUPS, f"group: {figure.group!r}; allowed: {', '.join(GROUPS)}")
    before = dict(mpl.rcParams)
    drawing = figure.draw(analysis)
    _hold(isinstance(drawing, Drawing), f"draw: returns {type(drawing).__name__}; needed: a Drawing")
    _hold((drawing.animation is not None) == figure.animated, f"animated: says {figure.animated}, the drawing differs")
    _hold(_png(drawing) == _png(figure.draw(analysis)), "draw: a second drawing of the same analysis has other bytes")
    _hold(dict(mpl.rcParams) == before, "draw: leaves matplotlib's settings changed")
    drawn, page = drawing.figure.get_tightbbox(), drawing.figure.bbox_inches
    inside = min(drawn.x0, drawn.y0, page.x1 - drawn.x1, page.y1 - drawn.y1) > -INSIDE
    _hold(inside, "draw: something reaches over the page")
    file = code.home() / f"workflow/report/{figure.kind}.rst"
    beside = Path(inspect.getfile(type(figure))).with_suffix(".rst")
    file = beside if beside.is_file() else file
    _hold(caption is not None or file.is_file(), f"caption: {file} is missing")
    try:
        Template(caption or file.read_text(), undefined=StrictUndefined).render(numbers(analysis))
    except TemplateError as error:
        _hold(False, f"caption: {error}")
    return drawing


def check_claim(claim: Claim, given: Sequence[Run] | None = None) -> dict[str, Any]:
    """Decide a claim by runs: what it finds is plain and complete. Of one condition it may say nothing."""
    _check_section(claim)
    _hold(claim.number >= 1 and claim.statement.endswith("."), "number, statement: needed: 1 or more, and a sentence")
    _hold(bool(claim.source), "source: is empty; needed: the paper that makes the claim")
    analysis = check_analysis(claim.analysis(), given)
    statistics = claim.statistics(analysis)
    _hold(all(isinstance(s, Statistic) for s in statistics), "statistics: needed: a list of Statistic")
    found = finding("claim", claim, analysis)
    _hold(json.loads(json.dumps(found)) == found, "finding: is not made of plain values")
    return found


def _check_section(section: Section) -> None:
    fields = type(section).model_fields
    kind = getattr(section, "kind", None)
    _hold("kind" in fields and fields["kind"].default == kind, "kind: has no default that is its name")
    bare = [name for name, field in fields.items() if name != "kind" and not field.description]
    _hold(not bare, f"{', '.join(bare)}: no description")
    _hold(bool(type(section).__doc__), f"{type(section).__name__}: no docstring, which config/README.md quotes")
    _hold(type(section).restored(section.resolved()) == section, "resolved: its values do not give the section again")


@contextmanager
def _told(step: str) -> Iterator[None]:
    """What is wrong in a step is said as an AssertionError, in one line with the step's name."""
    try:
        yield
    except ValueError as error:
        raise AssertionError(f"{step}: {' '.join(str(error).split())}") from error


def _hold(true: bool, otherwise: str) -> None:
    if not true:
        raise AssertionError(otherwise)


def _part(training: xr.DataTree, replicates: Sequence[int]) -> xr.DataTree:
    def chosen(node: xr.Dataset) -> xr.Dataset:
        return node.sel(replicate=replicates)

    return training.map_over_datasets(chosen)


def _stored(data: Any) -> Any:
    """The data as the next stage reads it."""
    opener: Callable[[Path], Any] = stores.open_tree if isinstance(data, xr.DataTree) else stores.open_dataset
    with tempfile.TemporaryDirectory() as folder:
        stores.write(data, Path(folder, "data.zarr.zip"))
        with opener(Path(folder, "data.zarr.zip")) as opened:
            return opened.load()


def _png(drawing: Drawing) -> bytes:
    stream = io.BytesIO()
    drawing.figure.savefig(stream, format="png", metadata={"Software": None})
    return stream.getvalue()
