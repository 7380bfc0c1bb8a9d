"""The spherical dataset against the facts of the paper and of the geometry it is built on."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from infoplane import icosahedron
from infoplane.datasets.base import bit_patterns
from infoplane.datasets.spherical import Spherical, power_classes


def test_vertices_are_a_regular_icosahedron():
    vertices = icosahedron.vertices()
    assert vertices.shape == (12, 3)
    np.testing.assert_allclose(np.linalg.norm(vertices, axis=1), 1)
    cosines = (vertices @ vertices.T).round(12)
    # Each vertex sees itself, five neighbours, five across, and its antipode.
    for row in cosines:
        values, counts = np.unique(row, return_counts=True)
        np.testing.assert_allclose(values, [-1, -1 / np.sqrt(5), 1 / np.sqrt(5), 1])
        assert counts.tolist() == [1, 5, 5, 1]
    assert icosahedron.edges().shape == (30, 2)


def test_there_are_64_classes_each_of_whole_orbits_of_the_symmetry_group():
    classes = power_classes()
    assert classes.max() + 1 == 64
    # The orbits, found without any power spectrum: close the patterns under the rotations and reflections.
    patterns = bit_patterns(12)
    place = 2 ** np.arange(12)
    images = np.stack([patterns[:, perm] @ place for perm in _symmetries()])
    orbits = images.min(axis=0)
    assert len(_symmetries()) == 120
    # Burnside's lemma gives 82 orbits; the power spectrum cannot tell some of them apart, and splits none.
    assert len(np.unique(orbits)) == 82
    for orbit in np.unique(orbits):
        assert len(set(classes[orbits == orbit])) == 1


def _symmetries() -> list[list[int]]:
    """The 120 permutations of the vertices by the icosahedral group with reflections."""
    vertices = icosahedron.vertices()
    cosines = (vertices @ vertices.T).round(9)
    base = [0, *np.flatnonzero(np.isclose(cosines[0], 1 / np.sqrt(5)))[:2]]
    found = []
    for image in permutations(range(12), 3):
        if np.allclose(cosines[np.ix_(image, image)], cosines[np.ix_(base, base)]):
            matrix = np.linalg.solve(vertices[base], vertices[list(image)])
            closest = (vertices @ matrix @ vertices.T).argmax(axis=1).tolist()
            if sorted(closest) == list(range(12)) and closest not in found:
                found.append(closest)
    return found


def test_deterministic_labels_are_those_of_the_paper():
    data = Spherical(labels="deterministic").distribution()
    positive = data["p_y_given_x"].values[:, 1]
    assert set(positive) == {0.0, 1.0}
    assert positive.sum() == 2118
    active = data["x"].values.sum(axis=1)
    fractions = [positive[active == n].mean() for n in range(13)]
    np.testing.assert_allclose(fractions, [0] * 5 + [0.0758, 0.5758, 0.9242] + [1] * 5, atol=5e-5)


@settings(max_examples=20, deadline=None)
@given(st.floats(0.001, 0.999))
def test_information_of_the_labels_is_what_was_asked(information):
    data = Spherical(information=information).distribution()
    p_x, p_y_given_x = data["p_x"].values, data["p_y_given_x"].values
    p_y = p_x @ p_y_given_x
    with np.errstate(divide="ignore", invalid="ignore"):
        summands = np.nan_to_num(p_x[:, None] * p_y_given_x * np.log2(p_y_given_x / p_y))
    assert summands.sum() == pytest.approx(information, abs=1e-6)
    assert p_y[1] == pytest.approx(0.5, abs=0.06)


def test_default_labels_agree_with_the_sharp_rule_and_have_099_bits():
    soft, sharp = Spherical().distribution(), Spherical(labels="deterministic").distribution()
    assert Spherical().information == 0.99
    np.testing.assert_array_equal(soft["p_y_given_x"].argmax("class"), sharp["p_y_given_x"].argmax("class"))
    assert float(soft["p_y_given_x"][:, 1].mean()) == pytest.approx(0.517, abs=5e-4)


def test_patterns_are_all_of_twelve_bits_and_equally_likely():
    data = Spherical().distribution()
    assert len(np.unique(data["x"].values, axis=0)) == 4096
    np.testing.assert_array_equal(data["p_x"], 1 / 4096)
    np.testing.assert_allclose(data["p_y_given_x"].sum("class"), 1, rtol=1e-15)
    assert Spherical().shape() == data["p_y_given_x"].shape[:1] + data["x"].shape[1:] + (2,)


@pytest.mark.parametrize("information", [0, 1, -0.5, "much"])
def test_unreachable_information_is_refused(information):
    with pytest.raises(ValidationError, match="information"):
        Spherical(information=information)


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("labels", ["information", "deterministic"])
def test_the_label_depends_on_the_power_spectrum_alone(labels, shuffled):
    data = Spherical(labels=labels, shuffled=shuffled).distribution()
    classes = data["sufficient_class"].values
    p_s = np.bincount(classes) / len(classes)
    assert -(p_s * np.log2(p_s)).sum() == pytest.approx(5.5695, abs=5e-5)
    for number in range(64):
        within = data["p_y_given_x"].values[classes == number]
        assert np.array_equal(within, np.broadcast_to(within[0], within.shape))
