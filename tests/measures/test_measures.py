"""What every estimator and measure owes to the workflow, on a training as the trainer stores it."""

import tracemalloc

import numpy as np
import pytest
import xarray as xr

from infoplane import stores
from infoplane.measures import ESTIMATORS, MEASURES, base
from infoplane.measures.base import Estimator

OF_CLASSES = [kind for kind in ESTIMATORS if ESTIMATORS[kind].reads_classes]
OPTIONS = {"chain": {"draws": 300, "passes": 2}, "noisy": {"draws": 300, "noise_variance": 0.1}}


@pytest.fixture(scope="module")
def data(dataset):
    """Equally likely inputs, which knn needs."""
    return dataset.assign(p_x=xr.full_like(dataset.p_x, 1 / 200))


@pytest.fixture(scope="module")
def measured(training, data):
    return {kind: ESTIMATORS[kind](**OPTIONS.get(kind, {})).measure(training, data) for kind in OF_CLASSES}


@pytest.mark.parametrize("registry", [ESTIMATORS, MEASURES])
def test_kinds_are_named_and_fields_described(registry):
    for kind, measure in registry.items():
        assert measure().kind == kind
        fields = {name: field for name, field in measure.model_fields.items() if name != "kind"}
        assert all(field.description for field in fields.values()), kind
        assert measure.reads in ("training", "dataset")


@pytest.mark.parametrize("kind", OF_CLASSES)
def test_dimensions_coordinates_and_attributes(measured, training, kind):
    result = measured[kind]
    assert list(result.replicate.values) == [10, 11, 12]
    assert list(result.epoch.values) == list(training["layer_1"].epoch.values)
    assert list(result.layer.values) == [1, 2, 3]
    for name in ESTIMATORS[kind].quantities:
        assert result[name].dims[:3] == ("replicate", "epoch", "layer")
        assert result[name].attrs["units"] == "bits"
    for name in set(result.data_vars) | {"replicate", "epoch", "layer"}:
        assert result[name].attrs["units"], name
        assert result[name].attrs["long_name"], name


@pytest.mark.parametrize("kind", OF_CLASSES)
def test_nan_where_the_network_has_diverged_and_nowhere_else(measured, kind):
    for name in ESTIMATORS[kind].quantities:
        values = measured[kind][name]
        diverged = (values.replicate == 12) & (values.epoch == 100)
        assert values.isnull().broadcast_equals(diverged.broadcast_like(values)), name


@pytest.mark.parametrize("kind", OF_CLASSES)
def test_information_is_within_what_there_is(measured, data, kind):
    result = measured[kind]
    limit = float(measured["exact"].I_TY.max())  # the first layer, of 6 tanh units, tells all inputs apart
    for name, most in (("I_TY", limit), ("I_XT", np.log2(200))):
        if name in ESTIMATORS[kind].quantities:
            slack = 5 * result.get(f"{name}_standard_error", xr.zeros_like(result[name])).fillna(0)
            assert (result[name].fillna(0) <= most + slack + (0.15 if kind == "knn" else 1e-5)).all()


@pytest.mark.parametrize("kind", OF_CLASSES)
def test_replicates_can_be_measured_in_any_parts(measured, training, data, kind):
    def part(replicates):
        tree = training.map_over_datasets(lambda d: d.sel(replicate=replicates))
        return ESTIMATORS[kind](**OPTIONS.get(kind, {})).measure(tree, data)

    parts = [part([10]), part([11, 12])]
    joined = xr.concat(parts, "replicate", data_vars="minimal")
    xr.testing.assert_allclose(joined, measured[kind])


def test_half_precision_is_widened_first(training, data):
    """Stored as float16, measured as the float32 that it stands for."""

    def halve(layer):
        return layer.assign(activation=layer.activation.astype(np.float16)) if "activation" in layer else layer

    half = training.map_over_datasets(halve)
    wide = half.map_over_datasets(
        lambda d: d.assign(activation=d.activation.astype(np.float32)) if "activation" in d else d
    )
    for kind in ("binned", "exact", "kde"):
        xr.testing.assert_identical(ESTIMATORS[kind]().measure(half, data), ESTIMATORS[kind]().measure(wide, data))


def test_range_is_stated_and_taken_over_all_epochs(training, data):
    limits = ESTIMATORS["binned"]().measure(training, data)
    assert (limits.range_min.sel(layer=1) == -1).all()
    assert (limits.range_max.sel(layer=1) == 1).all()
    assert (limits.range_min.sel(layer=3) == 0).all()
    observed = ESTIMATORS["binned"](range="observed").measure(training, data)
    for number in (1, 2, 3):
        t = training[f"layer_{number}"].activation
        np.testing.assert_allclose(observed.range_min.sel(layer=number), t.min(["epoch", "sample", "unit"]))
        np.testing.assert_allclose(observed.range_max.sel(layer=number), t.max(["epoch", "sample", "unit"]))
    # a ReLU has no upper limit
    np.testing.assert_array_equal(limits.range_max.sel(layer=2), observed.range_max.sel(layer=2))


def test_one_stack_of_snapshots_is_in_memory_at_a_time(tmp_path, data, monkeypatch):
    monkeypatch.setattr(base, "STACK_BYTES", 2**20)
    shape = (5, 60, 200, 100)
    coords = {"replicate": np.arange(5), "epoch": np.arange(60)}
    t = np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)
    ends = np.ones(shape[:2])
    layer = xr.Dataset(
        {
            "activation": (("replicate", "epoch", "sample", "unit"), t),
            "activation_min": (("replicate", "epoch"), -ends),
            "activation_max": (("replicate", "epoch"), ends),
        },
        coords=coords,
        attrs={"activation": "tanh"},
    )
    tree = xr.DataTree.from_dict({"/": xr.Dataset(coords=coords), "/layer_1": layer})
    chunks = {"/layer_1": {"activation": {"chunks": (5, 1, 200, 100)}}}
    tree.to_zarr(tmp_path / "t.zarr", encoding=chunks, consolidated=False)
    stores.pack(tmp_path / "t.zarr", tmp_path / "t.zarr.zip")
    stored = stores.open_tree(tmp_path / "t.zarr.zip")
    tracemalloc.start()
    ESTIMATORS["binned"]().measure(stored, data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < min(t.nbytes / 3, 6 * base.STACK_BYTES)


@pytest.mark.parametrize("kind", ["binned", "adaptive", "exact", "specific"])
def test_stacks_of_snapshots_change_nothing(data, training, kind, monkeypatch):
    whole = ESTIMATORS[kind]().measure(training, data)
    monkeypatch.setattr(base, "STACK_BYTES", 1)
    xr.testing.assert_allclose(ESTIMATORS[kind]().measure(training, data), whole, rtol=0, atol=1e-12)


def test_layers_lie_below_the_bound_of_their_dataset(measured, data):
    bound = MEASURES["bound"](steps=30).measure(None, data)
    for kind in ("binned", "adaptive", "exact"):
        found = measured[kind]
        highest = xr.apply_ufunc(np.interp, found.I_XT, kwargs={"xp": bound.I_X.values, "fp": bound.I_Y.values})
        distance = highest - found.I_TY
        assert float(distance.min()) > -1e-3
        assert distance.notnull().equals(found.I_XT.notnull())


@pytest.mark.parametrize("kind", OF_CLASSES)
@pytest.mark.parametrize(
    ("snapshots", "epochs"), [(2, [0, 100]), (3, [0, 10, 100]), (4, [0, 1, 10, 100]), (9, [0, 1, 10, 100])]
)
def test_fewer_snapshots_are_those_of_all(measured, training, data, kind, snapshots, epochs):
    few = ESTIMATORS[kind](snapshots=snapshots, **OPTIONS.get(kind, {})).measure(training, data)
    assert few.epoch.values.tolist() == epochs
    whole = measured[kind].sel(epoch=epochs)
    for name in ("I_TY", "dpi_excess_TY", *({"range_min", "range_max"} & set(whole))):
        xr.testing.assert_allclose(few[name], whole[name])


def test_every_estimator_is_an_estimator():
    assert all(issubclass(measure, Estimator) for measure in ESTIMATORS.values())
