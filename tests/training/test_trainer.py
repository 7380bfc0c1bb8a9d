"""What `train` writes, says and refuses."""

import errno
import re
import resource

import numpy as np
import pytest
import xarray as xr

from infoplane import stores
from infoplane.datasets.linear import LinearTeacher
from infoplane.datasets.replicates import draw
from infoplane.logs import logged
from infoplane.training import engine, trainer
from infoplane.training.store import Layer, Store
from infoplane.training.trainer import train

SETTING = {"epochs": 8, "snapshots": 5}


@pytest.fixture(scope="module")
def done(tmp_path_factory, condition, problem):
    """One finished job: (tree, messages, path)."""
    folder, messages = tmp_path_factory.mktemp("done"), []
    path = folder / "training.zarr.zip"
    train(condition(**SETTING), problem(), range(3), path, folder / "checkpoint", messages.append)
    assert sorted(p.name for p in folder.iterdir()) == ["checkpoint", "training.zarr.zip"]
    return stores.open_tree(path), messages, path


def test_names_units_and_chunks(done):
    tree = done[0]
    assert set(tree.children) == {"layer_1", "layer_2", "layer_3"}
    assert {"train_loss", "test_loss", "train_error", "test_error", "diverged_epoch"} == set(tree.dataset.data_vars)
    statistics = {"weight_norm", "gradient_mean_norm", "gradient_std_norm", "activation_min", "activation_max"}
    for node in tree.subtree:
        names = [variable.attrs["long_name"] for variable in node.variables.values()]
        assert len(set(names)) == len(names)
        assert all(variable.attrs["units"] for variable in node.variables.values())
    assert tree["epoch"].attrs == {"units": "epochs", "long_name": "completed epochs"}
    for number, (inputs, units) in enumerate([(5, 4), (4, 3), (3, 1)], 1):
        layer = tree[f"layer_{number}"]
        assert set(layer.data_vars) == {"activation", "weight", "bias"} | statistics
        assert layer["activation"].dims == ("replicate", "epoch", "sample", "unit")
        assert layer["weight"].dims == ("replicate", "epoch", "unit_in", "unit")
        assert layer["weight"].shape == (3, 5, inputs, units)
        assert layer["activation"].encoding["chunks"][2:] == (96, units)
    assert list(tree["epoch"].values[[0, 1, -1]]) == [0, 1, 8]


def test_records_are_consistent(done, problem):
    """Activations, losses and errors follow from the recorded weights; extremes from the activations."""
    tree, data = done[0], problem().isel(replicate=range(3))
    t = np.tile(data["x"].values.astype(float), (3, 5, 1, 1))
    for number, function in enumerate([np.tanh, np.tanh, lambda z: 1 / (1 + np.exp(-z))], 1):
        layer = tree[f"layer_{number}"]
        t = function(t @ layer["weight"].values + layer["bias"].values[:, :, None])
        np.testing.assert_allclose(layer["activation"], t, atol=2e-6)
        np.testing.assert_array_equal(layer["activation_max"], layer["activation"].max(("sample", "unit")))
        np.testing.assert_array_equal(layer["activation_min"], layer["activation"].min(("sample", "unit")))
        norm = np.sqrt((layer["weight"] ** 2).sum(("unit_in", "unit")))
        np.testing.assert_allclose(layer["weight_norm"], norm, rtol=1e-5)
    label, order = data["label"].values[:, None], data["order"].values
    loss, wrong = -np.log(np.where(label, t[..., 0], 1 - t[..., 0])), (t[..., 0] > 0.5) != label
    for part, members in {"train": order < round(0.85 * 96), "test": order >= 96 - round(0.15 * 96)}.items():
        for name, values in {"loss": loss, "error": wrong}.items():
            expected = [values[r][:, members[r]].mean(axis=1) for r in range(3)]
            np.testing.assert_allclose(tree[f"{part}_{name}"], expected, atol=1e-5)
    assert (tree["train_loss"].isel(epoch=-1) < tree["train_loss"].isel(epoch=0)).all()


def test_progress(done):
    assert done[1][0] == "epoch 0/8"
    assert done[1][-1].startswith("epoch 8/8, ")


def test_remaining_time_leaves_out_the_compilation(monkeypatch):
    """A first call of 100 s, then 10 epochs a second: 90 of 100 epochs need 9 s."""
    clock, messages = [0.0], []
    monkeypatch.setattr(trainer.time, "monotonic", lambda: clock[0])
    progress = trainer._Progress(0, 100, messages.append)
    for stop, seconds in [(1, 100.0), (5, 0.4), (10, 6.0), (100, 1.0)]:
        assert 1 <= progress.epochs_per_call() <= 8
        clock[0] += seconds
        progress.at(stop)
    assert messages == [
        "epoch 0/100",
        "epoch 1/100",
        "epoch 10/100, 1.41 epochs/s, 64 s left",
        "epoch 100/100, 13.4 epochs/s",
    ]


def test_the_store_says_what_it_is(done, condition, problem, tmp_path):
    """What the caller has to say of a training is read back with it; nothing else depends on that."""
    attributes = {"label": "main, 85 %", "settings": {"hidden": [4, 3]}}
    path = tmp_path / "training.zarr.zip"
    setting = condition(**SETTING)
    train(setting, problem(), range(3), path, tmp_path / "checkpoint", lambda message: None, attributes)
    tree = stores.open_tree(path)
    assert tree.attrs == attributes
    xr.testing.assert_identical(tree.to_dataset().drop_attrs(deep=False), done[0].to_dataset())


def test_same_job_twice_has_the_same_bytes(done, train_store, condition, problem, digest):
    assert digest(train_store(condition(**SETTING), problem())[2]) == digest(done[2])


def test_parts_read_as_one(done, train_store, condition, problem):
    """Replicates 1 and 2 in a job of their own are those of the whole; stored as float16, to its rounding."""
    part = train_store(condition(precision="float16", **SETTING), problem(), range(1, 3))[0]
    assert list(part["replicate"].values) == [1, 2]
    for number in (1, 2, 3):
        here, there = part[f"layer_{number}"], done[0][f"layer_{number}"].isel(replicate=[1, 2])
        np.testing.assert_array_equal(here["weight"].sel(epoch=0), there["weight"].sel(epoch=0))
        np.testing.assert_allclose(here["weight"], there["weight"], rtol=1e-5, atol=1e-6)
        assert here["activation"].dtype == np.float16
        np.testing.assert_allclose(here["activation"], there["activation"], rtol=2**-11, atol=1e-6)


def test_softmax_of_three_classes(train_store, condition, problem):
    tree, _, _ = train_store(condition(output="softmax", batch_size="full"), problem(classes=3))
    output = tree["layer_3/activation"]
    assert tree["layer_3"].attrs == {"activation": "softmax", "units": 3}
    np.testing.assert_allclose(output.sum("unit"), 1, atol=1e-5)
    members = problem(classes=3)["order"].isel(replicate=range(3)) >= 96 - round(0.15 * 96)
    wrong = (output.argmax("unit") != problem(classes=3)["label"]).where(members).mean("sample")
    np.testing.assert_allclose(tree["test_error"], wrong.transpose("replicate", "epoch"), atol=1e-6)


def initial(monkeypatch, change):
    """Replace the initial weights by `change` of them."""
    original = engine.initial_weights

    def changed(*arguments):
        weights = original(*arguments)
        change(weights)
        return weights

    monkeypatch.setattr(engine, "initial_weights", changed)


def test_one_diverges_and_the_others_finish(done, train_store, condition, problem, monkeypatch):
    """Replicate 1 starts from weights that soon overflow: named once, NaN from then on, the rest as without it."""

    def enlarge(weights):
        weights[0][1] *= 1e15
        weights[2][1] *= 1e15

    settings = {**SETTING, "activation": "relu"}
    plain = train_store(condition(**settings), problem(), name="plain.zarr.zip")[0]
    initial(monkeypatch, enlarge)
    tree, messages, _ = train_store(condition(**settings), problem())
    named = [m for m in messages if "diverged" in m]
    epoch = int(tree["diverged_epoch"][1])
    assert named == [f"replicate 1 diverged in epoch {epoch}: its weights or its loss are not finite"]
    assert list(tree["diverged_epoch"].values) == [-1, epoch, -1]
    assert 0 < epoch <= 8
    after = tree["epoch"].values >= epoch
    for node in tree.subtree:
        for name, variable in node.data_vars.items():
            if name != "diverged_epoch":
                assert np.isnan(variable.values[1, after]).all(), name
                np.testing.assert_array_equal(variable.values[::2], plain[node.path][name].values[::2])


def test_all_diverge(train_store, condition, problem, tmp_path):
    line = "all 3 replicates diverged by epoch 1: lower learning_rate (1e+20) or initializer_scale (0.88)"
    with pytest.raises(ValueError, match=f"^{re.escape(line)}$"):
        train_store(condition(activation="relu", learning_rate=1e20), problem())
    assert not (tmp_path / "training.zarr.zip").exists()


def test_full_disk(done, condition, problem, tmp_path, digest, monkeypatch):
    """Writes fail from some epoch on, the log's too (the system's limit on files): one line, no store; then it goes on."""
    path, checkpoint, log = tmp_path / "training.zarr.zip", tmp_path / "checkpoint", tmp_path / "job.log"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    monkeypatch.setattr(trainer, "REPORT_SECONDS", 0)

    def fill(message):
        if message.startswith("epoch 4"):
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))

    try:
        with pytest.raises(SystemExit) as stopped, logged(log):
            train(condition(**SETTING), problem(), range(3), path, checkpoint, fill)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    mended = "once that is mended, the job goes on from there"
    assert str(stopped.value) == f"cannot write {checkpoint}: File too large; {mended} (log: {log})"
    assert not path.exists()
    messages = []
    train(condition(**SETTING), problem(), range(3), path, checkpoint, messages.append)
    assert messages[0].startswith("goes on from epoch ")
    assert digest(path) == digest(done[2])


def test_refuses_what_it_cannot_do(train_store, condition, problem, tmp_path):
    with pytest.raises(ValueError, match="output: sigmoid needs two classes, the dataset has 3: write output: softmax"):
        train_store(condition(), problem(classes=3))
    with pytest.raises(ValueError, match=r"train_fraction: 0\.001 of 96 samples is none"):
        train_store(condition(train_fraction=0.001), problem())
    with pytest.raises(ValueError, match=r"optimizer_options: Keras refuses .*'clipnorm': 1.* for sgd"):
        train_store(condition(optimizer_options={"clipnorm": 1, "clipvalue": 1}), problem())
    (tmp_path / "training.zarr.zip").touch()
    with pytest.raises(ValueError, match="exists already"):
        train_store(condition(), problem())


def test_a_store_that_goes_to_another_file_system_is_copied(
    condition, problem, train_store, tmp_path, monkeypatch, digest
):
    _, _, linked = train_store(condition(), problem())

    def onto_another(source, target):
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr("os.link", onto_another)
    _, _, copied = train_store(condition(), problem(), name="copied.zarr.zip")
    assert digest(copied) == digest(linked)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copied.zarr.zip", "training.zarr.zip"]


def test_a_store_that_was_lost_on_its_way_is_not_trained_again(done, condition, problem, train_store, tmp_path, digest):
    """A full disk, say, or a time limit, between the end of a training and that of its job."""
    checkpoint, lost, messages = tmp_path / "checkpoint", tmp_path / "lost", []
    train(condition(**SETTING), problem(), range(3), lost, checkpoint)
    lost.unlink()
    train(condition(**SETTING), problem(), range(3), tmp_path / "store", checkpoint, messages.append)
    assert messages[0] == "goes on from epoch 8 of 8"
    assert digest(tmp_path / "store") == digest(done[2])


def test_what_a_chunk_cannot_hold_is_a_line_before_anything_is_trained(tmp_path):
    wide = [Layer("tanh", 2**15, (2**15, 2**14))]
    with pytest.raises(
        ValueError, match=r"^layer 1: the weights of one network are 2\.0 GiB in each snapshot; allowed: l"
    ):
        Store(tmp_path / "store", wide, [0], [0, 1], 100, "float32")
    with pytest.raises(ValueError, match=r"^layer 1: the activations of one network are 2\.5 GiB"):
        Store(tmp_path / "store", [Layer("tanh", 2**15, None)], [0], [0, 1], 20480, "float32")


def test_large_weights_are_split_over_chunks(condition, problem, train_store, monkeypatch):
    tree, _, _ = train_store(condition(), problem())
    monkeypatch.setattr("infoplane.training.store.CHUNK_BYTES", 40)
    split, _, _ = train_store(condition(), problem(), name="split.zarr.zip")
    assert split["layer_1/weight"].encoding["chunks"][:2] == (1, 4)
    xr.testing.assert_identical(split.load(), tree.load())


def test_losses_and_errors_of_real_valued_targets(condition, train_store):
    """Mean squared error, and the share of the targets' variance that is left, as anyone would compute them."""
    dataset = draw(LinearTeacher(features=5, samples=100).distribution(), 0, 3)
    tree, _, _ = train_store(condition(output="linear", activation="linear", batch_size=20), dataset)
    output = tree["layer_3/activation"].isel(unit=0).values
    for part, members in (("train", dataset.order < 85), ("test", dataset.order >= 85)):
        for r in range(3):
            target = dataset.target.values[r, members[r]]
            squares = ((output[r][:, members[r]] - target) ** 2).mean(1)
            np.testing.assert_allclose(tree[f"{part}_loss"][r], squares, rtol=1e-5)
            np.testing.assert_allclose(tree[f"{part}_error"][r], squares / target.var(), rtol=1e-5)
    assert tree["train_loss"].attrs == {"units": "1", "long_name": "mean squared error on the training samples"}
    assert "cross-entropy" not in str([v.attrs for v in tree.to_dataset().variables.values()])


def test_an_output_that_does_not_fit_the_targets_is_a_line(condition, problem, train_store):
    with pytest.raises(ValueError, match="output: found linear; allowed with this dataset: sigmoid or softmax"):
        train_store(condition(output="linear"), problem())
