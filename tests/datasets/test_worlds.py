"""The other worlds: rules without symmetry or structure, labels without a rule, and real images."""

import subprocess
import sys
from itertools import combinations

import numpy as np
import pytest
from pydantic import ValidationError

from infoplane.datasets import DATASETS
from infoplane.datasets.images import Digits, Mnist
from infoplane.datasets.rules import Committee, Parity
from infoplane.datasets.spherical import Spherical, power_spectrum

GENERATED = [Spherical(), Committee(), Committee(bits=5, members=1), Parity(), Parity(bits=3), Digits()]


def positive(dataset):
    return dataset.distribution()["p_y_given_x"].values[:, 1]


@pytest.mark.parametrize("dataset", GENERATED, ids=repr)
def test_every_dataset_is_a_distribution_of_the_promised_shape(dataset):
    data = dataset.distribution()
    assert dataset.shape() == (data.sizes["sample"], data.sizes["feature"], data.sizes["class"])
    assert {name: data[name].dtype for name in data} == {
        "x": "f4",
        "p_x": "f8",
        "p_y_given_x": "f8",
        "sufficient_class": "i4",
    }
    assert float(data["p_x"].sum()) == pytest.approx(1)
    np.testing.assert_allclose(data["p_y_given_x"].sum("class"), 1)
    assert all({"units", "long_name"} <= set(variable.attrs) for variable in data.data_vars.values())
    assert dataset.files() == ()
    assert data.identical(dataset.distribution())


@pytest.mark.parametrize("members", [1, 3, 7])
def test_committee_is_odd_under_complement_and_has_no_symmetry(members):
    label = positive(Committee(members=members))
    np.testing.assert_array_equal(label + label[::-1], 1)  # pattern k's complement is pattern 4095 - k
    # The orbits of the spherical data mix both labels: that symmetry says little about this rule.
    orbit = np.unique(power_spectrum(), axis=0, return_inverse=True)[1].ravel()
    fractions = np.bincount(orbit, label) / np.bincount(orbit)
    assert np.mean((fractions > 0) & (fractions < 1)) > 0.8


def test_a_committee_of_one_is_a_perceptron():
    data = Committee(bits=8, members=1).distribution()
    signs, label = 2 * data["x"].values - 1, 2 * data["p_y_given_x"].values[:, 1] - 1
    weights = np.zeros(8)
    for _ in range(2000):  # the perceptron rule ends, as its theorem says, on a separable set alone
        wrong = np.flatnonzero(label * (signs @ weights) <= 0)
        if not len(wrong):
            break
        weights += label[wrong[0]] * signs[wrong[0]]
    np.testing.assert_array_equal(np.sign(signs @ weights), label)


def test_an_even_committee_is_refused():
    with pytest.raises(ValidationError, match="odd number"):
        Committee(members=4)


def test_parity_hides_in_every_subset_of_the_bits():
    data = Parity(bits=5).distribution()
    x, label = data["x"].values.astype(int), data["p_y_given_x"].values[:, 1]
    np.testing.assert_array_equal(label, np.bitwise_xor.reduce(x, axis=1))
    for size in range(5):
        for kept in combinations(range(5), size):
            cell = x[:, kept] @ 2 ** np.arange(size)
            np.testing.assert_array_equal(np.bincount(cell, label) / np.bincount(cell), 0.5)


def test_shuffled_labels_keep_their_distribution_and_lose_the_rule():
    plain, shuffled = positive(Spherical()), positive(Spherical(shuffled=True))
    np.testing.assert_array_equal(np.sort(plain), np.sort(shuffled))
    assert abs(np.corrcoef(plain, shuffled)[0, 1]) < 0.05
    np.testing.assert_array_equal(shuffled, positive(Spherical(shuffled=True)))


def test_digits_are_images_scaled_to_one():
    data = Digits().distribution()
    assert (float(data["x"].min()), float(data["x"].max())) == (0, 1)
    classes = data["p_y_given_x"].values.argmax(axis=1)
    assert np.bincount(classes).min() > 170
    # A zero has a hole in the middle, a one has ink there.
    middle = data["x"].values.reshape(-1, 8, 8)[:, 3:5, 3:5].mean(axis=(1, 2))
    assert middle[classes == 0].mean() < 0.2 < 0.7 < middle[classes == 1].mean()


def fake_mnist():
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (1000, 28, 28), np.uint8), np.arange(1000, dtype=np.uint8) % 10
    return (images[:600], labels[:600]), (images[600:], labels[600:])


def test_mnist_is_flattened_scaled_and_cut(monkeypatch):
    import keras

    monkeypatch.setattr(keras.datasets.mnist, "load_data", fake_mnist)
    data = Mnist(samples=700).distribution()
    (train, y_train), (test, y_test) = fake_mnist()
    np.testing.assert_allclose(data["x"][:600], train.reshape(600, 784) / 255, rtol=1e-6)
    np.testing.assert_allclose(data["x"][600:], test[:100].reshape(100, 784) / 255, rtol=1e-6)
    digits = np.concatenate([y_train, y_test[:100]])
    np.testing.assert_array_equal(data["p_y_given_x"].argmax("class"), digits)
    assert Mnist(samples=700).shape() == (700, 784, 10)


def test_mnist_without_network_says_where_to_put_the_file(monkeypatch):
    import keras

    def offline():
        raise Exception("URL fetch failure on\n mnist.npz: None -- [Errno 101] Network is unreachable")

    monkeypatch.setattr(keras.datasets.mnist, "load_data", offline)
    with pytest.raises(ValueError, match=r"place Keras's file at ~/\.keras/datasets/mnist\.npz") as caught:
        Mnist().distribution()
    assert "\n" not in str(caught.value)


def test_registry_names_each_kind_by_its_own_word_and_stays_light():
    for kind, cls in DATASETS.items():
        assert cls.model_fields["kind"].default == kind
        assert all(field.description for name, field in cls.model_fields.items() if name != "kind")
    loaded = "import sys; from infoplane.datasets import DATASETS; list(DATASETS.values()); print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True).stdout
    assert not {"tensorflow", "keras", "sklearn"} & set(modules.split())
