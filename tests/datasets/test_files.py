"""Datasets of the user: read whole, without pickle, and refused in one clear line."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.io import savemat

from infoplane.datasets.base import from_arrays
from infoplane.datasets.files import Mat, Npz

X = np.random.default_rng(0).integers(0, 2, (20, 3))
Y = np.arange(20) % 2


def npz(tmp_path, **content):
    path = tmp_path / "mine.npz"
    np.savez(path, **content)
    return Npz(path=path)


@given(
    arrays(np.float32, (7, 2), elements=st.floats(-1e3, 1e3, width=32)),
    st.permutations([0, 1, 2, 0, 1, 2, 2]),
)
def test_from_arrays_is_uniform_over_samples_and_certain_of_labels(x, y):
    data = from_arrays(x, np.array(y))
    np.testing.assert_array_equal(data["x"], x)
    np.testing.assert_allclose(data["p_x"], 1 / 7)
    np.testing.assert_array_equal(data["p_y_given_x"].argmax("class"), y)
    assert set(np.unique(data["p_y_given_x"])) == {0.0, 1.0}
    np.testing.assert_array_equal(data["p_y_given_x"].sum("class"), 1)


@pytest.mark.parametrize("labels", [Y[None, :], Y[:, None], Y[:, None].astype(float), Y[:, None].astype(bool)])
def test_mat_in_the_authors_layout(tmp_path, labels):
    path = tmp_path / "var_u.mat"
    savemat(path, {"F": X.astype(np.uint8), "y": labels})
    dataset = Mat(path=path)
    np.testing.assert_array_equal(dataset.distribution()["x"], X)
    np.testing.assert_array_equal(dataset.distribution()["p_y_given_x"].argmax("class"), Y)
    assert dataset.files() == (path,)
    assert dataset.shape() == (20, 3, 2)


def test_npz(tmp_path):
    dataset = npz(tmp_path, x=X / 3, y=Y, something_else=np.zeros(3))
    np.testing.assert_allclose(dataset.distribution()["x"], X / 3, rtol=1e-6)
    np.testing.assert_array_equal(dataset.distribution()["p_y_given_x"].argmax("class"), Y)
    assert dataset.files() == (tmp_path / "mine.npz",)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"x": X}, "holds no y"),
        ({"X": X, "labels": Y}, "holds no x and no y"),
        ({"x": X[:, 0], "y": Y}, "shape (20,); allowed: numbers of shape (samples, features)"),
        ({"x": X.reshape(4, 5, 3), "y": Y[:4]}, "shape (4, 5, 3)"),
        ({"x": X.astype(str), "y": Y}, "<U21"),
        ({"x": X.astype(complex), "y": Y}, "complex128"),
        ({"x": X[:0], "y": Y[:0]}, "shape (0, 3)"),
        ({"x": np.where(X, np.nan, 0), "y": Y}, "NaN"),
        ({"x": X, "y": Y[:-1]}, "shape (19,); allowed: one number per sample, shape (20,)"),
        ({"x": X, "y": np.eye(2)[Y]}, "shape (20, 2)"),
        ({"x": X, "y": 2 * Y - 1}, "labels -1, 1; allowed: 0, 1, ..."),
        ({"x": X, "y": Y + 1}, "labels 1, 2"),
        ({"x": X, "y": 0.5 * Y}, "labels 0, 0.5"),
        ({"x": X, "y": np.where(Y, np.nan, 0)}, "labels 0, nan"),
        ({"x": X, "y": 0 * Y}, "labels 0; allowed"),
        ({"x": X, "y": 3 * Y}, "labels 0, 3"),
        ({"x": np.zeros((200, 1)), "y": np.arange(200)}, "labels 0, 1, 2, 3, 4, ...; allowed"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line(tmp_path, content, said):
    dataset = npz(tmp_path, **content)
    with pytest.raises(ValueError, match=r"mine\.npz") as caught:
        dataset.distribution()
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


class Bomb:
    """An object whose unpickling would run code."""

    def __reduce__(self):
        return print, ("boom",)


def test_pickled_objects_are_refused(tmp_path, capsys):
    dataset = npz(tmp_path, x=np.array([Bomb()] * 3), y=np.array([0, 1, 0]))
    with pytest.raises(ValueError, match="without pickled objects"):
        dataset.distribution()
    assert "boom" not in capsys.readouterr().out


@pytest.mark.parametrize("kind", [Mat, Npz])
@pytest.mark.parametrize("damage", [b"", b"not what its name says", b"PK\x03\x04 half a zip"])
def test_damaged_files_are_refused_in_one_line(tmp_path, kind, damage):
    path = tmp_path / "damaged"
    path.write_bytes(damage)
    with pytest.raises(ValueError, match=r"damaged: .*allowed") as caught:
        kind(path=path).distribution()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", [Mat, Npz])
def test_a_missing_file_is_named(tmp_path, kind):
    with pytest.raises(ValueError, match=r"nowhere\.dat: there is no such file"):
        kind(path=tmp_path / "nowhere.dat").distribution()
