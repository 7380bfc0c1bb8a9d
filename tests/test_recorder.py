"""`ActivationRecorder` records a user's own model as infoplane records its ensembles."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import infoplane
from infoplane import stores
from infoplane.measures import ESTIMATORS
from infoplane.training.backend import keras
from infoplane.training.schedule import snapshot_epochs

EPOCHS = 6
EXAMPLE = Path(__file__).parents[1] / "examples/digits_cnn.py"


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    x = rng.random((60, 6, 6, 1)).astype("float32")
    return x, (x.mean(axis=(1, 2, 3)) > 0.5).astype(int)


def network():
    keras.utils.set_random_seed(3)
    model = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            keras.layers.Conv2D(3, 2, activation="relu", name="convolution"),
            keras.layers.Flatten(),
            keras.layers.Dense(4, activation="tanh", name="dense"),
            keras.layers.Dense(2, activation="softmax", name="label"),
        ]
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


def record(folder, data, epochs=EPOCHS, callbacks=(), name="training.zarr.zip", **options):
    model, store = network(), folder / name
    recorder = infoplane.ActivationRecorder(store, *data, snapshots=4, **options)
    model.fit(*data, epochs=epochs, batch_size=16, verbose=0, callbacks=[recorder, *callbacks])
    return model, stores.open_tree(store)


@pytest.mark.parametrize("pool", [False, True])
def test_the_last_snapshot_is_the_trained_model(tmp_path, data, pool):
    model, tree = record(tmp_path, data, pool=pool)
    x, y = data
    assert tree["epoch"].values.tolist() == snapshot_epochs(EPOCHS, 4).tolist()
    inner = keras.Model(model.inputs, [model.get_layer(n).output for n in ("convolution", "dense", "label")])
    filters, dense, label = inner.predict(x, verbose=0)
    filters = filters.mean(axis=(1, 2)) if pool else filters.reshape(len(x), -1)
    for number, expected in enumerate((filters, dense, label), 1):
        layer = tree[f"layer_{number}"]
        np.testing.assert_allclose(layer["activation"][0, -1], expected, rtol=1e-4, atol=1e-6)
        assert float(layer["activation_max"][0, -1]) == pytest.approx(expected.max(), rel=1e-4)
    loss = model.evaluate(x, y, batch_size=60, verbose=0)
    assert float(tree["train_loss"][0, -1]) == pytest.approx(loss, rel=1e-4)
    assert float(tree["train_error"][0, -1]) == pytest.approx(np.mean(label.argmax(1) != y), abs=1e-6)
    np.testing.assert_allclose(tree["layer_2/weight"][0, -1], model.get_layer("dense").get_weights()[0], rtol=1e-6)
    assert [tree[f"layer_{n}"].attrs["activation"] for n in (1, 2, 3)] == ["relu", "tanh", "softmax"]


def test_chosen_layers_and_a_split(tmp_path, data):
    trained = np.arange(60) < 40
    model, tree = record(tmp_path, data, layers=["dense"], trained=trained)
    assert list(tree.children) == ["layer_1"]
    wrong = model.predict(data[0], verbose=0).argmax(1) != data[1]
    assert float(tree["train_error"][0, -1]) == pytest.approx(wrong[trained].mean(), abs=1e-6)
    assert float(tree["test_error"][0, -1]) == pytest.approx(wrong[~trained].mean(), abs=1e-6)


def test_a_fit_that_stops_early_has_fewer_epochs(tmp_path, data):
    stop = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: setattr(stop.model, "stop_training", True))
    _, tree = record(tmp_path, data, callbacks=[stop])
    assert tree["epoch"].values.tolist() == [0, 1]
    assert tree["layer_2/activation"].shape[1] == 2


def test_one_file_or_a_folder_as_the_name_says(tmp_path, data):
    packed, folder = record(tmp_path, data)[1], record(tmp_path, data, name="training.zarr")[1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["training.zarr", "training.zarr.zip"]
    assert (tmp_path / "training.zarr").is_dir()
    assert (tmp_path / "training.zarr.zip").is_file()
    xr.testing.assert_identical(packed.load(), folder.load())


def test_estimators_measure_it(tmp_path, data):
    _, tree = record(tmp_path, data)
    p_y = np.eye(2)[data[1]]
    dataset = xr.Dataset(
        {
            "p_x": ("sample", np.full(60, 1 / 60)),
            "p_y_given_x": (("sample", "class"), p_y),
            "label": (("replicate", "sample"), data[1][None].astype(np.int8)),
        },
        {"replicate": [0]},
    )
    measured = ESTIMATORS["binned"](kind="binned").measure(tree, dataset)
    assert measured["I_XT"].shape == (1, tree.sizes["epoch"], 3)
    assert float(measured["I_XT"].max()) <= np.log2(60) + 1e-9
    assert (measured["I_TY"] <= 1 + 1e-9).all()


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"layers": ["dens"]}, "layers: the model has no dens; allowed: convolution"),
        ({"precision": "float64"}, "precision: found float64; allowed: float32, float16"),
        ({"trained": [True]}, r"trained: found shape \(1,\); allowed: \(60,\)"),
    ],
)
def test_what_does_not_fit_is_one_line_and_leaves_nothing(tmp_path, data, options, line):
    with pytest.raises(ValueError, match=line):
        record(tmp_path, data, **options)
    assert list(tmp_path.iterdir()) == []


def test_an_existing_store_is_kept(tmp_path, data):
    (tmp_path / "training.zarr.zip").touch()
    with pytest.raises(ValueError, match="exists already"):
        record(tmp_path, data)


def test_labels_beyond_the_models_classes(tmp_path, data):
    with pytest.raises(ValueError, match="y: labels 0 to 7; allowed: 0 to 1"):
        record(tmp_path, (data[0], np.where(data[1] == 1, 7, 0)))


def test_importing_infoplane_does_not_import_tensorflow():
    code = "import infoplane, sys; assert 'tensorflow' not in sys.modules; infoplane.ActivationRecorder"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_the_example_ends_with_its_plane(tmp_path):
    command = [sys.executable, str(EXAMPLE), "--epochs", "3", "--folder", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ})
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out/information_plane.png").stat().st_size > 10_000
