"""Networks that diverge: NaN from then on in all that the trainer records of them, and in all that is measured."""

import warnings

import numpy as np
import pytest
import xarray as xr

from infoplane.measures import ESTIMATORS, MEASURES
from infoplane.statistics import mean_interval

EPOCHS = [0, 1, 10, 100]
OF_CLASSES = [kind for kind in ESTIMATORS if ESTIMATORS[kind].reads_classes]
OPTIONS = {"noisy": {"draws": 200}}
VARIANTS = [(kind, {}) for kind in OF_CLASSES] + [
    ("binned", {"preset": "shwartz_ziv"}),
    ("binned", {"preset": "saxe"}),
    ("binned", {"width": 0.1}),
    ("binned", {"range": "observed"}),
    ("kde", {"relative": True}),
    ("noisy", {"relative": True}),
]


@pytest.fixture(scope="module")
def data(dataset):
    return dataset.assign(p_x=xr.full_like(dataset.p_x, 1 / 200))


def measure(kind, training, data, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return {**ESTIMATORS, **MEASURES}[kind](**OPTIONS.get(kind, {}) | options).measure(training, data)


@pytest.mark.parametrize(("kind", "options"), VARIANTS)
def test_the_healthy_are_measured_as_if_alone(kind, options, data, trained):
    mixed = measure(kind, trained([None, 2, 0]), data, **options)
    alone = measure(kind, trained([None, None, None]), data, **options)
    for name in ESTIMATORS[kind].quantities:
        xr.testing.assert_identical(mixed[name].sel(replicate=0), alone[name].sel(replicate=0))
        assert mixed[name].sel(replicate=1, epoch=EPOCHS[:2]).notnull().all()
        assert mixed[name].sel(replicate=1, epoch=EPOCHS[2:]).isnull().all()
        assert mixed[name].sel(replicate=2).isnull().all()


@pytest.mark.parametrize("kind", [*OF_CLASSES, "gradients", "weights", "units"])
def test_nothing_is_left(kind, data, trained):
    result = measure(kind, trained([0, 0]), data)
    expected = [n for n in result.data_vars if not n.endswith("_random") and result[n].dtype.kind == "f"]
    for name in set(expected) - {"noise_variance", "range_min", "range_max"}:
        assert result[name].isnull().all(), name


@pytest.mark.parametrize("kind", ["gradients", "weights"])
def test_gradients_and_weights_of_the_healthy(kind, data, trained):
    mixed, alone = (measure(kind, trained(at), data) for at in ([None, 2, 0], [None] * 3))
    xr.testing.assert_identical(mixed.sel(replicate=0), alone.sel(replicate=0))
    curve = mixed["gradient_snr" if kind == "gradients" else "weight_norm"]
    assert curve.sel(replicate=1, epoch=EPOCHS[:2]).notnull().all()
    assert curve.sel(replicate=1, epoch=EPOCHS[2:]).isnull().all()


@pytest.mark.parametrize(("kind", "options"), VARIANTS)
def test_activations_of_any_finite_size(kind, options, data, trained):
    """A ReLU network on its way to infinity: 1e30 is no error, and no warning."""
    result = measure(kind, trained([None, 3], scale=1e30), data, **options)
    for name in {"I_XT", "I_TY"} & set(ESTIMATORS[kind].quantities):
        assert np.isfinite(result[name].sel(replicate=0)).all()


def test_summaries_leave_them_out(data, trained):
    result = measure("binned", trained([None, None, None, 2, 0]), data)
    whole = measure("binned", trained([None, None, None]), data)
    mixed, alone = (mean_interval(each.compression, "bits", "compression") for each in (result, whole))
    assert mixed.notnull().all()
    xr.testing.assert_identical(mixed, alone)
