"""Stores explain themselves: what is read back from disk has, variable by variable, units and a name of its own."""

import pytest

from infoplane import stores
from infoplane.condition import Condition
from infoplane.datasets import DATASETS
from infoplane.datasets.linear import LinearTeacher
from infoplane.datasets.replicates import draw
from infoplane.measures import ESTIMATORS, MEASURES

SIZE = {"hidden": (3, 2), "epochs": 4, "snapshots": 3, "batch_size": 4, "replicates": 2}
OPTIONS = {"noisy": {"draws": 20}, "chain": {"draws": 20}, "bound": {"steps": 5}}
SECTIONS = {kind: registry[kind](**OPTIONS.get(kind, {})) for registry in (ESTIMATORS, MEASURES) for kind in registry}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A dataset, a training of it and every measurement of that, written as the workflow writes them."""
    from infoplane.training.trainer import train

    folder = tmp_path_factory.mktemp("stores")
    linear = tmp_path_factory.mktemp("linear")
    teacher = draw(LinearTeacher(features=4, relevant=2, samples=20).distribution(), seed=1, replicates=2)
    student = Condition(**SIZE, activation="linear", output="linear")
    train(student, teacher, range(2), linear / "training.zarr.zip", linear / "checkpoint", lambda message: None)
    with stores.open_tree(linear / "training.zarr.zip") as training:
        stores.write(SECTIONS["gaussian"].measure(training, teacher), folder / "gaussian.zarr.zip")
    stores.write(draw(DATASETS["parity"](bits=4).distribution(), seed=1, replicates=2), folder / "dataset.zarr.zip")
    with stores.open_dataset(folder / "dataset.zarr.zip") as dataset:
        condition = Condition(**SIZE, activation_noise=0.1)
        train(condition, dataset, range(2), folder / "training.zarr.zip", folder / "checkpoint", lambda message: None)
        with stores.open_tree(folder / "training.zarr.zip") as training:
            for kind in SECTIONS.keys() - {"gaussian"}:
                section = SECTIONS[kind]
                measured = section.measure(training if section.reads == "training" else None, dataset)
                stores.write(measured, folder / f"{kind}.zarr.zip")
    return folder


@pytest.mark.parametrize("name", ["dataset", "training", *SECTIONS])
def test_every_variable_has_units_and_a_name_of_its_own(folder, name):
    with stores.open_tree(folder / f"{name}.zarr.zip") as tree:
        for node in tree.subtree:
            described = {name: variable.attrs for name, variable in node.variables.items()}
            assert all(attrs["units"] and attrs["long_name"] for attrs in described.values())
            names = [attrs["long_name"] for attrs in described.values()]
            assert len(set(names)) == len(names), described


def test_layers_call_the_same_things_the_same(folder):
    with stores.open_tree(folder / "training.zarr.zip") as tree:
        first, *others = ({name: v.attrs for name, v in tree[layer].variables.items()} for layer in tree.children)
        assert others == [first, first]


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_estimates_are_not_called_activations(folder, kind):
    """xarray hands attributes on to whatever is computed: `I_XT` of an activation was an "activation of each unit"."""
    expected = {
        "I_XT": ("bits", "I(X;T)"),
        "I_TY": ("bits", "I(T;Y)"),
        "H_T": ("bits", "H(T)"),
        "compression": ("bits", "compression: peak minus final I(X;T)"),
        "compression_onset": ("epochs", "last epoch at which less than 5 % of the compression is lost"),
        "dpi_count_XT": ("layers", "layers that violate data processing in I(X;T)"),
        "dpi_count_TY": ("layers", "layers that violate data processing in I(T;Y)"),
        "range_min": ("1", "lower end of the bins"),
        "epoch": ("epochs", "completed epochs"),
    }
    with stores.open_dataset(folder / f"{kind}.zarr.zip") as stored:
        assert {"I_TY", "epoch", "dpi_count_TY"} <= set(stored.variables)
        found = {n: (v.attrs["units"], v.attrs["long_name"]) for n, v in stored.variables.items() if n in expected}
        assert found == {name: described for name, described in expected.items() if name in stored.variables}


def test_what_was_measured_keeps_its_own_attributes(folder):
    """Taking the names off what is computed takes them off no tree or dataset of the caller's."""
    with (
        stores.open_dataset(folder / "dataset.zarr.zip") as dataset,
        stores.open_tree(folder / "training.zarr.zip") as training,
    ):
        SECTIONS["specific"].measure(training, dataset)
        assert training["layer_1/activation"].attrs["long_name"] == "activation of each unit"
        assert training["layer_1/activation"].epoch.attrs == {"units": "epochs", "long_name": "completed epochs"}
        assert dataset.p_x.attrs["long_name"] == "probability p(x)"
    with stores.open_dataset(folder / "specific.zarr.zip") as stored:
        assert stored.shares_cell.attrs["input"] == 0
