"""`infoplane.measure`: the workflow's estimators on arrays from anywhere."""

import numpy as np
import pytest
import xarray as xr
from tests.measures.conftest import dataset, informations, layers, training

import infoplane
from infoplane.measures import ESTIMATORS

__all__ = ["dataset", "informations", "layers", "training"]

RNG = np.random.default_rng(0)
LABELS = np.arange(40) % 2
ONE = np.tanh(RNG.normal(size=(40, 3)))
EPOCHS = np.tanh(RNG.normal(size=(5, 40, 3)))
WIDE = np.tanh(RNG.normal(size=(5, 40, 6)))


def test_it_is_the_information_of_the_definition(informations):
    cells = np.arange(40) % 7
    p_x = RNG.dirichlet(np.ones(40))
    p_y = RNG.dirichlet(np.ones(3), 40)
    found = infoplane.measure(cells[:, None], p_x=p_x, p_y_given_x=p_y, estimator="exact")
    np.testing.assert_allclose([found.I_XT, found.I_TY, found.H_T], informations(cells, p_x, p_y), atol=1e-9)


def test_a_copy_of_the_label_knows_all_of_it_and_labels_may_be_texts():
    found = infoplane.measure(LABELS[:, None], labels=np.array(["cat", "dog"])[LABELS])
    assert float(found.I_XT) == pytest.approx(1)
    assert float(found.I_TY) == pytest.approx(1)


def test_it_has_the_dimensions_of_what_is_given():
    sizes = [infoplane.measure(given, LABELS).I_XT.sizes for given in (ONE, EPOCHS, [ONE, ONE[:, :1]], [EPOCHS, WIDE])]
    assert [dict(s) for s in sizes] == [{}, {"epoch": 5}, {"layer": 2}, {"epoch": 5, "layer": 2}]
    assert {"compression", "dpi_excess_XT"} <= set(infoplane.measure([EPOCHS, WIDE], LABELS))
    assert set(infoplane.measure(ONE, LABELS)) == {
        *("I_XT", "I_TY", "H_T", "I_ST", "I_XT_given_S", "saturated", "range_min", "range_max")
    }


def test_each_layer_and_epoch_is_measured_as_if_alone():
    whole = infoplane.measure(
        {"narrow": EPOCHS, "wide": WIDE}, LABELS, activation="tanh", epochs=[0, 1, 2, 5, 9], bins=8
    )
    assert whole.epoch.values.tolist() == [0, 1, 2, 5, 9]
    alone = infoplane.measure(WIDE[3], LABELS, activation="tanh", bins=8)
    assert float(whole.sel(name="wide", epoch=5).I_XT) == float(alone.I_XT)
    assert whole.sel(layer=2).I_TY.identical(whole.sel(name="wide").I_TY)
    functions = infoplane.measure([EPOCHS, WIDE], LABELS, activation=["sigmoid", "tanh"])
    assert functions.range_min.values.tolist() == [0, -1]


@pytest.mark.parametrize("kind", sorted(kind for kind in set(ESTIMATORS) - {"chain"} if ESTIMATORS[kind].reads_classes))
def test_every_estimator_of_layers_takes_arrays_and_labels(kind):
    found = infoplane.measure([EPOCHS, WIDE], LABELS, estimator=kind)
    assert set(ESTIMATORS[kind].quantities) <= set(found)
    assert all(v.attrs["units"] and v.attrs["long_name"] for v in found.variables.values())


def test_a_store_gives_what_the_workflow_measures_of_it(training, dataset):
    known = {"p_x": dataset.p_x, "p_y_given_x": dataset.p_y_given_x}
    found = infoplane.measure(training, **known, estimator="kde", noise_variance=0.1)
    xr.testing.assert_identical(found, ESTIMATORS["kde"](noise_variance=0.1).measure(training, dataset))
    own = infoplane.measure(training, **known, estimator=ESTIMATORS["adaptive"](bins=4))
    # sums go by class, and the classes that are not stated are numbered otherwise
    xr.testing.assert_allclose(own, ESTIMATORS["adaptive"](bins=4).measure(training, dataset))


def test_an_estimator_that_runs_the_network_does_not_take_arrays():
    with pytest.raises(ValueError, match=r"^estimator: chain .*allowed: .*binned"):
        infoplane.measure(ONE, LABELS, estimator="chain")


class Tensor:
    """PyTorch's, as far as it matters: no array before it has left its graph and its device."""

    def __init__(self, values, steps=("detach", "cpu")):
        self.values, self.steps = values, steps

    def detach(self):
        return Tensor(self.values, [s for s in self.steps if s != "detach"])

    def cpu(self):
        return Tensor(self.values, [s for s in self.steps if s != "cpu"])

    def __array__(self, dtype=None, copy=None):
        if self.steps:
            raise RuntimeError(f"Use tensor.{self.steps[0]}() first")
        return np.asarray(self.values, dtype)


def test_tensors_are_arrays():
    found = infoplane.measure({"one": Tensor(ONE)}, Tensor(LABELS))
    xr.testing.assert_identical(found, infoplane.measure({"one": ONE}, LABELS))


def test_a_nan_makes_its_epoch_nan_and_no_other():
    lost = EPOCHS.copy()
    lost[3, 2, 1] = np.nan
    assert infoplane.measure(lost, LABELS, activation="tanh").I_XT.isnull().values.tolist() == [0, 0, 0, 1, 0]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ((ONE,), "labels, p_y_given_x: found neither; allowed: one of the two"),
        ((ONE, LABELS[:5]), r"labels: found shape \(5,\); allowed: one label per sample, \(40,\)"),
        ((ONE, ONE[:, 0]), "labels: found numbers that are not whole; allowed: classes"),
        ((ONE, np.arange(40) * 1e5, {"p_y_given_x": 1}), "labels, p_y_given_x: found both"),
        ((ONE[:, 0], LABELS), r"activations: found float64 of shape \(40,\); allowed: numbers \(sample, unit\)"),
        ((EPOCHS[None], LABELS), r"make units, a.reshape\(len\(a\), -1\)"),
        ((ONE.astype(str), LABELS), "activations: found <U32 of shape"),
        ((ONE * 1e300, LABELS), "activations: found values beyond float32"),
        (([ONE, EPOCHS], LABELS), r"activations: found layer 1 \(1, 40, 3\), layer 2 \(5, 40, 3\); allowed: as many"),
        (({}, LABELS), "activations: found no layer"),
        ((EPOCHS, LABELS, {"epochs": [0, 1]}), r"epochs: found \[0, 1\]; allowed: 5 rising whole numbers"),
        ((EPOCHS, LABELS, {"activation": ["tanh", "relu"]}), "activation: found 2 names; allowed: one, or 1"),
        (
            (ONE, LABELS, {"p_x": np.ones(40)}),
            r"p_x: found values below 0, or sums other than 1; allowed: probabilities",
        ),
        ((ONE, None, {"p_y_given_x": np.ones((40, 2))}), "p_y_given_x: found values below 0, or sums other than 1"),
        ((ONE, LABELS, {"estimator": "bined"}), "estimator: found 'bined'; did you mean `binned`"),
        ((ONE, LABELS, {"bins": 1}), "bins: found 1; allowed: greater than or equal to 2"),
        ((ONE, LABELS, {"bin": 10}), "bin: unknown key; did you mean `bins`"),
        ((ONE, LABELS, {"estimator": ESTIMATORS["knn"](), "bins": 3}), "bins: found a key beside an estimator"),
        ((ONE, LABELS, {"estimator": "knn", "p_x": np.arange(40) / 780}), "knn: every sample must be equally likely"),
        ((ONE, LABELS, {"estimator": "specific", "input": 40}), "input: there is no sample 40; the last is 39"),
        (("none.zarr.zip", LABELS), "none.zarr.zip: missing"),
    ],
)
def test_what_cannot_be_taken_is_one_line(arguments, line):
    *positional, options = arguments if isinstance(arguments[-1], dict) and arguments[-1] else (*arguments, {})
    with pytest.raises(ValueError, match=line) as error:
        infoplane.measure(*positional, **options)
    assert "\n" not in str(error.value)
