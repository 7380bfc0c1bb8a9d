"""Data files that anyone may have made: each that cannot be used is one line with its name, fast and in little memory."""

import os
import runpy
import struct
import tracemalloc
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.sparse
from scipy.io import savemat

from infoplane import artifacts, code, jobs, loading, plan
from infoplane.datasets.files import Mat, Npz

X, Y = np.eye(20, 3), np.arange(20) % 2


def header(shape, dtype="<f8"):
    """The head of an npy file that declares a shape and holds nothing."""
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


def zipped(path, **members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in members.items():
            packed.writestr(f"{name}.npy", data)


def cut(path, share):
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])


def flipped(path, place):
    data = bytearray(path.read_bytes())
    data[place % len(data)] ^= 0x55
    path.write_bytes(data)


NPZ = {
    "objects": (lambda path: np.savez(path, x=np.array([{}] * 4), y=Y[:4]), "without pickled objects"),
    "a declared shape beyond memory": (
        lambda path: zipped(path, x=header((10**9, 10**6)), y=header((20,))),
        "x: 8e+06 GB when unpacked",
    ),
    "a negative shape": (lambda path: zipped(path, x=header((-1, 3)), y=header((20,))), "npz"),
    "an object type": (lambda path: zipped(path, x=header((2, 3), "|O"), y=header((2,))), "without pickled"),
    "code in the head": (lambda path: zipped(path, x=header("__import__('os')"), y=header((2,))), "npz"),
    "a bomb": (lambda path: bomb(path), "x: 4.25 GB when unpacked; allowed: up to 4 GB"),
    "truncated": (lambda path: (np.savez(path, x=X, y=Y), cut(path, 0.7)), "npz"),
    "NaN": (lambda path: np.savez(path, x=np.full((4, 2), np.nan), y=Y[:4]), "NaN"),
    "complex": (lambda path: np.savez(path, x=X + 1j, y=Y), "complex128"),
    "text": (lambda path: np.savez(path, x=X.astype(str), y=Y), "allowed: numbers"),
    "empty": (lambda path: np.savez(path, x=X[:0], y=Y[:0]), "shape (0, 3)"),
    "dates": (lambda path: np.savez(path, x=X.astype("datetime64[s]"), y=Y), "allowed: numbers"),
    "a record": (lambda path: np.savez(path, x=np.zeros((4, 2), "i4,i4"), y=Y[:4]), "allowed: numbers"),
    "one class": (lambda path: np.savez(path, x=X, y=0 * Y), "labels 0; allowed"),
    "mismatched": (lambda path: np.savez(path, x=X, y=Y[:7]), "shape (7,)"),
    "probabilities for labels": (lambda path: np.savez(path, x=X, y=Y * 0.3), "labels 0, 0.3"),
    "beyond float32": (lambda path: np.savez(path, x=X * 1e39, y=Y), "beyond 3e38"),
    "negative beyond float32": (lambda path: np.savez(path, x=-X * 1e300, y=Y), "beyond 3e38"),
    "no npz but npy": (lambda path: np.save(path.open("wb"), X), "npz"),
    "a pickle": (lambda path: path.write_bytes(b"cos\nsystem\n(S'true'\ntR."), "npz"),
    "raw bytes": (lambda path: zipped(path, x=b"abc", y=b"abc"), "x"),
}
MAT = {
    "truncated": (lambda path: (savemat(path, {"F": X, "y": Y}), cut(path, 0.6)), "up to v7.2"),
    "truncated, compressed": (lambda path: (savemat(path, {"F": X, "y": Y}, do_compression=True), cut(path, 0.9)), "up to v7.2"),
    "version 7.3": (lambda path: path.write_bytes(b"MATLAB 7.3 MAT-file".ljust(124) + b"\0\2IM" + b"\x89HDF\r\n\x1a\n" * 90), "up to v7.2"),
    "objects": (lambda path: savemat(path, {"F": np.array([[{}, 1], [2, 3]], object), "y": Y[:2]}), "F: cell; allowed: a full matrix"),
    "a structure": (lambda path: savemat(path, {"F": {"a": 1}, "y": Y}), "F: struct; allowed: a full matrix"),
    "sparse": (lambda path: savemat(path, {"F": scipy.sparse.eye(20, 3), "y": Y}), "F: sparse; allowed: a full matrix"),
    "text": (lambda path: savemat(path, {"F": "hello", "y": Y}), "F: char; allowed: a full matrix"),
    "other names": (lambda path: savemat(path, {"G": X}), "holds no F and no y"),
    "beyond float32": (lambda path: savemat(path, {"F": X * 1e39, "y": Y}), "beyond 3e38"),
    "a declared shape beyond memory": (lambda path: declared(path), "F: 8e+09 GB when unpacked"),
}  # fmt: skip
CASES = [*((Npz, name, *case) for name, case in NPZ.items()), *((Mat, name, *case) for name, case in MAT.items())]


def bomb(path):
    """4.25 GB of zeros in some kB, as the directory of the zip has it."""
    np.savez_compressed(path, x=np.zeros((1000, 1000)), y=Y)
    data, size = bytearray(path.read_bytes()), struct.pack("<I", 8_000_128)
    place = data.rfind(b"PK\x01\x02", 0, data.rfind(b"x.npy"))
    at = data.index(size, place)
    data[at : at + 4] = struct.pack("<I", 4_250_000_000)
    path.write_bytes(data)


def declared(path):
    """A file whose F says that it has 10^18 numbers."""
    savemat(path, {"F": np.zeros((11, 13)), "y": Y})
    data = path.read_bytes()
    path.write_bytes(data.replace(struct.pack("<ii", 11, 13), struct.pack("<ii", 10**9, 10**9), 1))


@pytest.mark.parametrize(
    ("kind", "name", "make", "said"), CASES, ids=[f"{case[0].__name__} {case[1]}" for case in CASES]
)
def test_a_file_that_cannot_be_used_is_one_line(tmp_path, kind, name, make, said):
    path = tmp_path / "mine.data.npz"
    make(path)
    tracemalloc.start()
    with pytest.raises(ValueError, match=r"mine\.data\.npz: ") as caught:
        kind(path=path).shape()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert said in str(caught.value)
    assert str(caught.value).isprintable()
    assert peak < 50e6


@pytest.mark.parametrize("kind", [Npz, Mat])
@pytest.mark.parametrize("name", ["fifo", "loop", "nowhere", ".", "x" * 5000, "a\0b"])
def test_what_is_no_file_is_one_line(tmp_path, kind, name):
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(ValueError, match="there is no such file"):
        kind(path=tmp_path / name).shape()


def test_a_name_with_anything_in_it_is_only_a_name(tmp_path):
    path = tmp_path / "a '{x}' $(touch pwned) <b> {{ 7*7 }}\nnext.npz"
    np.savez(path, x=X, y=Y)
    assert Npz(path=path).shape() == (20, 3, 2)
    path.write_bytes(b"")
    values = {"defaults": {"dataset": "d", "batch_size": 2}, "experiments": {"main": {}}, "datasets": {"d": {"kind": "npz", "path": str(path)}}}  # fmt: skip
    with pytest.raises(loading.ConfigError) as error:
        loading.load(values)
    assert str(error.value).startswith("datasets.d: ")
    assert str(error.value).isprintable()


def test_a_file_that_changes_after_the_plan_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setattr(jobs, "check_code", lambda recipe: None)
    path = tmp_path / "mine.npz"
    np.savez(path, x=X, y=Y)
    values = {"defaults": {"dataset": "d", "batch_size": 2}, "experiments": {"main": {}}, "figures": {"learning_curves": {}}}  # fmt: skip
    planned = plan.make(loading.load({**values, "datasets": {"d": {"kind": "npz", "path": str(path)}}}))
    (dataset,) = planned.stages["dataset"].values()
    log, output = [str(tmp_path / "job.log")], [str(tmp_path / "results" / dataset.place)]
    np.savez(path, x=X + 1, y=Y)
    params = SimpleNamespace(order=dataset.order, get=lambda name: None)
    told = {"snakemake": SimpleNamespace(log=log, output=output, params=params)}
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(code.home() / "workflow/scripts/dataset.py"), told)
    assert ended.value.code == f"{path}: changed since this run was planned; run again (log: {log[0]})"
    assert not list(tmp_path.glob("results/datasets/*"))


@pytest.mark.parametrize("kind", [Npz, Mat])
def test_damage_at_any_byte_is_one_line_or_none(tmp_path, kind):
    path = tmp_path / "mine.npz"
    save = (lambda: np.savez_compressed(path, x=X, y=Y)) if kind is Npz else (lambda: savemat(path, {"F": X, "y": Y}))
    save()
    said = []
    for place in np.random.default_rng(0).integers(0, path.stat().st_size, 60):
        save()
        before = artifacts.digest(path)
        flipped(path, place)
        assert artifacts.digest(path) != before
        try:
            kind(path=path).shape()
        except ValueError as error:
            said.append(str(error))
    assert said
    assert all(line.startswith(str(path)) and line.isprintable() for line in said)
