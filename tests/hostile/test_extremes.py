"""What is allowed is drawn and decided: the smallest networks, ensembles, trainings and datasets, and the deepest."""

import io
from functools import cache
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
from jinja2 import StrictUndefined, Template
from tests.measures.conftest import layer_of, tree_of

from infoplane import code, loading, stores
from infoplane.analyses import ANALYSES
from infoplane.analyses.base import Run
from infoplane.analyses.table import csv, numbers
from infoplane.claims import CLAIMS
from infoplane.claims.base import finding
from infoplane.claims.page import page
from infoplane.condition import Condition
from infoplane.datasets.linear import LinearTeacher
from infoplane.datasets.replicates import draw
from infoplane.datasets.rules import Parity
from infoplane.figures import FIGURES
from infoplane.figures.verdicts import Verdicts
from infoplane.measures.binned import Binned
from infoplane.measures.bound import Bound
from infoplane.measures.gaussian import Gaussian
from infoplane.measures.gradients import Gradients
from infoplane.measures.kde import Kde
from infoplane.measures.specific import Specific
from infoplane.measures.units import Units
from infoplane.measures.weights import Weights

TEACHER = {"features": 6, "relevant": 3, "samples": 10}
SIZES = {
    "one unit, one network, one epoch, two bins": {"hidden": (1,), "replicates": 1, "epochs": (0, 1), "samples": 4},
    "fifty layers": {"hidden": (3,) * 50, "replicates": 2, "epochs": (0, 1, 5), "samples": 16},
}


def training(hidden, replicates, epochs, samples):
    """The store of a made-up training of tanh layers and one sigmoid unit."""
    rng = np.random.default_rng(0)
    layers = []
    for units, name in (*((units, "tanh") for units in hidden), (1, "sigmoid")):
        values = rng.uniform(0.1, 0.9, (replicates, len(epochs), samples, units)).astype(np.float32)
        layers.append(layer_of(values, name, rng))
    tree = tree_of(layers, range(replicates), epochs)
    names = ("train_loss", "test_loss", "train_error", "test_error")
    curves = {name: (("replicate", "epoch"), rng.random((replicates, len(epochs)))) for name in names}
    return tree, xr.Dataset(curves, tree.coords)


def students(hidden, replicates, epochs, samples):
    """Made-up linear networks of the same size, measured with their teacher."""
    rng = np.random.default_rng(1)
    layers = []
    for inputs, units in pairwise((TEACHER["features"], *hidden, 1)):
        values = rng.uniform(0.1, 0.9, (replicates, len(epochs), samples, units)).astype(np.float32)
        layers.append(layer_of(values, "linear", rng, inputs))
    return Gaussian().measure(tree_of(layers, range(replicates), epochs), LinearTeacher(**TEACHER).distribution())


@pytest.fixture(scope="module", params=SIZES)
def world(request, tmp_path_factory):
    size, folder = SIZES[request.param], tmp_path_factory.mktemp("world")
    bits = int(np.log2(size["samples"]))
    data = draw(Parity(bits=bits).distribution(), 0, size["replicates"])
    tree, curves = training(**size)
    estimators = {"binned": Binned(bins=2), "kde": Kde(), "specific": Specific(bins=2)}
    measures = {"weights": Weights(), "units": Units(), "gradients": Gradients(), "bound": Bound()}
    made = {name: measure.measure(tree, data) for name, measure in {**estimators, **measures}.items()}
    measured = {}
    for name, measurement in {**made, "gaussian": students(**size)}.items():
        stores.write(measurement, folder / f"{name}.zarr.zip")
        measured[name] = stores.open_dataset(folder / f"{name}.zarr.zip").load()
    condition = Condition(hidden=size["hidden"], replicates=size["replicates"], epochs=size["epochs"][-1], snapshots=2)
    run = Run("main", condition, {}, measured, curves, data)

    @cache
    def stored(kind: str, settings: str) -> xr.DataTree:
        analysis = ANALYSES[kind].model_validate_json(settings)
        stores.write(analysis.analyse([run]), folder / "analysis.zarr.zip")
        return stores.open_tree(folder / "analysis.zarr.zip").load()

    def analysed(section) -> xr.DataTree:
        """What a figure draws or a claim decides by; what they share is analysed once."""
        analysis = section.analysis()
        return stored(analysis.kind, analysis.model_dump_json())

    return SimpleNamespace(run=run, analysed=analysed)


def of_kind(registry, kind, **settings):
    fields = registry[kind].model_fields
    settings = {"compare": ("binned", "kde"), "drawn_as": "strip", "figure": "x", **settings}
    return registry[kind](kind=kind, **{key: value for key, value in settings.items() if key in fields})


def pictured(figure) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=40)
    return stream.getvalue()


@pytest.mark.parametrize("kind", FIGURES)
def test_every_figure_is_drawn_and_has_its_caption(world, kind, request):
    """Fifty layers are drawn with `--campaign 1`: their panels take minutes."""
    figure = of_kind(FIGURES, kind)
    analysis = world.analysed(figure)
    if len(world.run.condition.hidden) > 9 and not request.config.getoption("campaign"):
        return
    drawing = figure.draw(analysis)
    assert pictured(drawing.figure).startswith(b"\x89PNG")
    assert (drawing.animation is not None) == figure.animated
    assert len(csv(analysis).splitlines()) > 1
    caption = (code.home() / f"workflow/report/{kind}.rst").read_text()
    assert Template(caption, undefined=StrictUndefined).render(numbers(analysis)).strip()


def test_every_claim_is_decided_and_the_page_made(world):
    findings = []
    for kind in CLAIMS:
        claim = of_kind(CLAIMS, kind)
        findings.append(finding(kind, claim, world.analysed(claim)))
    assert {found["verdict"] for found in findings} <= {"holds", "does not hold", "undecided"}
    picture = pictured(Verdicts().draw(findings).figure)
    assert "two_phases" in page(findings, {"x": ("0" * 12, picture)}) or findings


def test_a_dataset_without_a_test_sample_is_refused(tmp_path):
    for samples in (2, 3, 4):
        np.savez(tmp_path / "few.npz", x=np.eye(samples), y=np.arange(samples) % 2)
        values = {"defaults": {"dataset": "few", "batch_size": 1}, "experiments": {"main": {}}}
        values["datasets"] = {"few": {"kind": "npz", "path": str(tmp_path / "few.npz")}}
        if samples == 4:
            assert loading.load(values).defaults.batch_size == 1
            continue
        with pytest.raises(
            loading.ConfigError, match=rf'^defaults.dataset: found "few"; it has {samples} samples, and'
        ):
            loading.load(values)
