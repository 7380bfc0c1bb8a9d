"""A store is one file, whole or not at all; the same data gives the same bytes, and damaged bytes are noticed."""

import gc
import os
import time
import warnings
import zipfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import psutil
import pytest
import xarray as xr

from infoplane import stores

DATA = xr.Dataset(
    {"x": (("replicate", "sample"), np.arange(6.0).reshape(2, 3), {"units": "bits", "long_name": "something"})},
    coords={"replicate": ("replicate", [0, 1], {"units": "1", "long_name": "number of the replicate"})},
    attrs={"stage": "dataset", "settings": {"kind": "spherical", "gamma": 30.5, "hidden": [12, 10]}},
)
TREE = xr.DataTree.from_dict(
    {
        "/": xr.Dataset({"loss": ("replicate", [0.5, 0.25])}, DATA.coords, {"id": "0123"}),
        "/layer_1": DATA.rename(sample="unit").assign_attrs(activation="tanh"),
        "/layer_2/inner": xr.Dataset(attrs={"only": "attributes"}),
    }
)


def entry_of(path, name):
    """Where the bytes of an entry lie in the file: the first, and how many."""
    with zipfile.ZipFile(path) as packed:
        entry = packed.getinfo(name)
        return path.read_bytes().index(packed.read(name), entry.header_offset), entry.file_size


def flip(path, place):
    damaged = bytearray(path.read_bytes())
    damaged[place] ^= 1
    path.write_bytes(damaged)


@pytest.mark.parametrize(("data", "opener"), [(DATA, stores.open_dataset), (TREE, stores.open_tree)])
def test_what_is_written_is_read_back_from_one_file(tmp_path, data, opener):
    path = tmp_path / "dataset.zarr.zip"
    stores.write(data, path)
    assert list(tmp_path.iterdir()) == [path]
    with opener(path) as stored:
        xr.testing.assert_identical(stored.load(), data)


@pytest.mark.parametrize("data", [DATA, TREE])
def test_same_data_same_bytes_whenever_and_from_wherever(tmp_path, data, monkeypatch):
    one, two, three = (tmp_path / f"{n}.zarr.zip" for n in "123")
    stores.write(data, one)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 1e6)
    before = os.umask(0o077)
    try:
        stores.write(data, two)
    finally:
        os.umask(before)
    assert one.read_bytes() == two.read_bytes()
    if data is DATA:  # read from a store of other chunks and codecs
        chunks = {"x": {"chunks": (1, 1), "compressors": None}}
        data.to_zarr(tmp_path / "chunked.zarr", encoding=chunks, consolidated=False)
        stores.write(stores.open_dataset(tmp_path / "chunked.zarr"), three)
        assert one.read_bytes() == three.read_bytes()


def test_other_data_other_bytes(tmp_path):
    one, two = tmp_path / "1.zarr.zip", tmp_path / "2.zarr.zip"
    stores.write(DATA, one)
    stores.write(DATA.assign_attrs(stage="training"), two)
    assert one.read_bytes() != two.read_bytes()


def test_a_flipped_byte_is_noticed_when_it_is_read(tmp_path):
    path = tmp_path / "dataset.zarr.zip"
    stores.write(DATA, path)
    first, size = entry_of(path, "x/c/0/0")
    flip(path, first + size // 2)
    stored = stores.open_dataset(path)
    assert stored.replicate.values.tolist() == [0, 1]
    with pytest.raises(ValueError, match=rf"^{path}: damaged: Bad CRC-32 for file 'x/c/0/0'$"):
        stored.load()


def test_damaged_metadata_are_noticed_on_opening(tmp_path):
    path = tmp_path / "dataset.zarr.zip"
    stores.write(DATA, path)
    flip(path, entry_of(path, "zarr.json")[0])
    with pytest.raises(ValueError, match=rf"^{path}: damaged: Bad CRC-32 for file 'zarr.json'$"):
        stores.open_tree(path)


@pytest.mark.parametrize("share", [0, 0.3, 0.99])
@pytest.mark.parametrize("opener", [stores.open_dataset, stores.open_tree, lambda path: stores.open_parts([path])])
def test_a_cut_file_is_one_line(tmp_path, opener, share):
    path = tmp_path / "dataset.zarr.zip"
    stores.write(DATA, path)
    os.truncate(path, int(share * path.stat().st_size))
    with pytest.raises(ValueError, match=rf"^{path}: damaged: .*$"):
        opener(path)


def test_what_is_no_store_is_one_line(tmp_path):
    with pytest.raises(ValueError, match=r"/dataset\.zarr\.zip: missing$"):
        stores.open_dataset(tmp_path / "dataset.zarr.zip")
    with pytest.raises(ValueError, match=rf"^{tmp_path}: damaged: .*$"):
        stores.open_dataset(tmp_path)
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as other:
        other.writestr("a", "b")
    with pytest.raises(ValueError, match=r"/other\.zip: damaged: .*$"):
        stores.open_tree(tmp_path / "other.zip")


def test_an_error_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "dataset.zarr.zip"
    stores.write(DATA, path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="cannot serialize"):
        stores.write(DATA.assign(y=("replicate", [object(), object()])), path)

    def full(*arguments):
        raise OSError("no space")

    monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
    with pytest.raises(OSError, match="no space"):
        stores.write(DATA, path)
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == before


def test_a_folder_opens_as_its_packed_file(tmp_path):
    """The store that a training is writing, and those of recorders; what a killed run left half written is no part."""
    folder, path = tmp_path / "training.zarr", tmp_path / "training.zarr.zip"
    TREE.to_zarr(folder, consolidated=False)
    (folder / "layer_1/x/c/0/0.0123abcd.partial").write_bytes(b"half")
    stores.pack(folder, path)
    assert not any(".partial" in name for name in zipfile.ZipFile(path).namelist())
    xr.testing.assert_identical(stores.open_tree(folder).load(), stores.open_tree(path).load())
    xr.testing.assert_identical(stores.open_dataset(folder).load(), stores.open_dataset(path).load())
    assert folder.exists()


def test_other_programs_can_unpack_it(tmp_path):
    """An ordinary zip, stored: `unzip` makes the folder store of it, readable by everyone."""
    path = tmp_path / "dataset.zarr.zip"
    stores.write(DATA, path)
    with zipfile.ZipFile(path) as packed:
        assert packed.testzip() is None
        assert packed.namelist() == sorted(packed.namelist())
        assert {entry.external_attr >> 16 for entry in packed.infolist()} == {0o100644}
        packed.extractall(tmp_path / "dataset.zarr")
    xr.testing.assert_identical(xr.open_zarr(tmp_path / "dataset.zarr", consolidated=False).load(), DATA)


def test_parts_read_as_one_in_the_order_of_replicates(tmp_path):
    paths = [tmp_path / f"{n}.zarr.zip" for n in range(2)]
    for replicate, path in enumerate(paths):
        stores.write(DATA.isel(replicate=[replicate]), path)
    with stores.open_parts(paths) as whole:
        xr.testing.assert_identical(whole.load(), DATA)
    stores.write(DATA.isel(replicate=0, drop=True), paths[0])  # what depends on the dataset alone has no parts
    xr.testing.assert_identical(stores.open_parts(paths[:1]).load(), DATA.isel(replicate=0, drop=True))


def test_many_threads_read_one_lazy_store(tmp_path):
    values = np.random.default_rng(0).normal(size=(40, 1000))
    folder, path = tmp_path / "big.zarr", tmp_path / "big.zarr.zip"
    big = xr.Dataset({"x": (("epoch", "sample"), values)})
    big.to_zarr(folder, encoding={"x": {"chunks": (1, 1000)}}, consolidated=False)
    stores.pack(folder, path)
    with stores.open_dataset(path) as stored, ThreadPoolExecutor(8) as threads:
        read = list(threads.map(lambda epoch: stored.x.isel(epoch=epoch % 40).values, range(200)))
    np.testing.assert_array_equal(read, np.tile(values, (5, 1)))


def open_files():
    return {file.path for file in psutil.Process().open_files()}


@pytest.mark.parametrize("opener", [stores.open_dataset, stores.open_tree, lambda path: stores.open_parts([path] * 2)])
def test_files_are_closed(tmp_path, opener):
    """On `close`, and without it when the last of the data is forgotten; neither warns."""
    path = tmp_path / "dataset.zarr.zip"
    stores.write(DATA, path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with opener(path) as stored:
            stored.load()
            assert str(path) in open_files()
        assert str(path) not in open_files()
        again = opener(path)
        del again
        gc.collect()
        assert str(path) not in open_files()
