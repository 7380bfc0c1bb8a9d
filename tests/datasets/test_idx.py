"""MNIST's own format: read whole, plain or gzipped, and refused in one clear line."""

import gzip
import struct
import tracemalloc

import numpy as np
import pytest

from infoplane.datasets.files import Idx

CODES = {"u1": 8, "i1": 9, ">i2": 11, ">i4": 12, ">f4": 13, ">f8": 14}
IMAGES = np.random.default_rng(0).integers(0, 256, (20, 4, 3)).astype("u1")
LABELS = (np.arange(20) % 3).astype("u1")


def idx(array):
    """The bytes of an array, as the format's page says."""
    head = bytes([0, 0, CODES[array.dtype.str.lstrip("|")], array.ndim])
    return head + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def written(folder, images, labels, **keys):
    for name, content in (("images", images), ("labels", labels)):
        (folder / name).write_bytes(content)
    return Idx(path=folder / "images", labels_path=folder / "labels", **keys)


@pytest.mark.parametrize("packed", [bytes, gzip.compress])
def test_images_and_labels(tmp_path, packed):
    dataset = written(tmp_path, packed(idx(IMAGES)), packed(idx(LABELS)))
    data = dataset.distribution()
    np.testing.assert_allclose(data.x, IMAGES.reshape(20, 12) / 255, rtol=1e-6)
    np.testing.assert_array_equal(data.p_y_given_x.argmax("class"), LABELS)
    assert dataset.shape() == (20, 12, 3)
    assert dataset.files() == (tmp_path / "images", tmp_path / "labels")


@pytest.mark.parametrize("dtype", [">i2", ">i4", ">f4", ">f8", "i1"])
def test_other_numbers_are_not_scaled(tmp_path, dtype):
    images = np.arange(40).reshape(20, 2).astype(dtype)
    data = written(tmp_path, idx(images), idx(LABELS.astype(dtype))).distribution()
    np.testing.assert_array_equal(data.x, np.arange(40).reshape(20, 2))


def test_the_first_samples(tmp_path):
    dataset = written(tmp_path, idx(IMAGES), idx(LABELS), samples=6)
    assert dataset.shape() == (6, 12, 3)


@pytest.mark.parametrize(
    ("images", "labels", "said"),
    [
        (b"", idx(LABELS), "images: begins with b''; allowed: an idx file"),
        (b"PK\x03\x04 half a zip", idx(LABELS), "allowed: an idx file, plain or gzipped"),
        (idx(IMAGES)[:-1], idx(LABELS), "239 bytes, where its head promises 240; allowed: a whole idx file"),
        (idx(IMAGES) + b"!", idx(LABELS), "more bytes, where its head promises 240"),
        (idx(IMAGES)[:6], idx(LABELS), "allowed: a whole idx file"),
        (gzip.compress(idx(IMAGES))[:-12], idx(LABELS), "images: not readable (EOFError"),
        (idx(IMAGES), idx(LABELS[:-1]), "20 images, and 19 labels"),
        (idx(LABELS), idx(LABELS), "images: 1 axis; allowed: (sample, ...)"),
        (idx(IMAGES), idx(IMAGES), "allowed: one number per sample"),
        (idx(IMAGES), idx(LABELS * 0), "labels 0; allowed"),
        (idx(np.full((20, 2), np.nan, ">f8")), idx(LABELS), "NaN"),
        (b"\0\0\x0e\x02" + struct.pack(">II", 2**31, 2**31), idx(LABELS), "GB when unpacked; allowed: up to 4 GB"),
        (b"\0\0\x0e\xff" + b"\xff" * 1020, idx(LABELS), "255 axes; allowed: a whole idx file, of up to 8"),
        (gzip.compress(bytes([0, 0, 8, 2]) + struct.pack(">II", 10, 10) + bytes(10**7)), idx(LABELS), "more bytes"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line_and_little_memory(tmp_path, images, labels, said):
    dataset = written(tmp_path, images, labels)
    tracemalloc.start()
    with pytest.raises(ValueError, match="images: ") as caught:
        dataset.distribution()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500 + len(str(tmp_path))
    assert peak < 3e6


def test_a_missing_file_is_named(tmp_path):
    dataset = written(tmp_path, idx(IMAGES), idx(LABELS))
    (tmp_path / "labels").unlink()
    with pytest.raises(ValueError, match="labels: there is no such file"):
        dataset.distribution()
