"""`infoplane.runs` and `infoplane.plane`: what a workflow has made, by settings; small stores, real plan and manifests."""

import shutil

import numpy as np
import pytest
import xarray as xr
from tests.analyses.conftest import EPOCHS, curves, derived, information

import infoplane
from infoplane import jobs, loading, plan, stores
from infoplane.upkeep import forecast

CONFIG = {
    "defaults": {"replicates": 4, "replicates_per_job": 2, "hidden": [5, 4, 3], "epochs": 256},
    "experiments": {"main": {"vary": {"activation": ["tanh", "relu"]}}},
    "datasets": {"spherical": {}},
    "estimators": {"binned": {"bins": 30}},
    "figures": {"plane": {"kind": "information_plane"}},
}


def write(job):
    stage, replicates = job.attributes["stage"], job.parameters.get("replicates", [0, 4])
    if stage == "dataset":
        stores.write(xr.Dataset({"p_x": ("sample", np.full(4, 0.25))}), job.folder / "dataset.zarr.zip")
    elif stage == "training":
        mine = curves().isel(replicate=slice(*replicates))
        stores.write(xr.DataTree.from_dict({"/": mine, "/layer_1": xr.Dataset()}), job.folder / "training.zarr.zip")
    else:
        with stores.open_dataset(job.inputs["training"][0] / "training.zarr.zip") as trained:
            bins = job.parameters["bins"]
            mine = derived(information()).sel(replicate=trained.replicate).assign_attrs(bins=bins)
        stores.write(mine, job.folder / "measurement.zarr.zip")


def make(folder, **changes):
    planned = plan.make(loading.load({**CONFIG, **changes}))
    for artifact in forecast.behind(planned.ends()):
        if artifact.stage in ("dataset", "training", "measurement"):
            jobs.make(artifact.recipe, artifact.label, folder, write)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jobs, "check_code", lambda recipe: None)  # nobody edits it meanwhile, and it takes long
        make(folder)
        make(folder, estimators={"binned": {"bins": 50}}, experiments={"main": {}})
    return folder


def test_runs_are_a_table_of_settings(results):
    runs = infoplane.runs(results)
    assert len(runs) == 2
    assert runs.table.columns.tolist() == ["dataset", "hidden", "activation", "epochs", "replicates"]
    assert runs.table.activation.tolist() == ["tanh", "relu"] or runs.table.activation.tolist() == ["relu", "tanh"]
    assert "relu" in repr(runs)
    assert "<td>relu</td>" in runs._repr_html_()


def test_a_run_is_found_by_settings_and_opens_what_there_is_of_it(results):
    [run] = infoplane.runs(results).sel(activation="relu", hidden=(5, 4, 3))
    assert (run.settings["dataset"], run.settings["dataset_kind"], run.settings["replicates"]) == (
        "spherical",
        "spherical",
        4,
    )
    xr.testing.assert_allclose(run.curves().load().drop_attrs(), curves())
    assert [tree.sizes["replicate"] for tree in run.trainings()] == [2, 2]
    assert run.dataset().sizes == {"sample": 4}
    xr.testing.assert_allclose(run.measurement("binned").I_XT, information().I_XT)


def test_measurements_of_one_name_are_told_apart_by_settings(results):
    [run] = infoplane.runs(results).sel(activation="tanh")
    assert sorted(settings["bins"] for settings in run.measurements["binned"]) == [30, 50]
    assert run.measurement("binned", bins=50).attrs["bins"] == 50
    with pytest.raises(
        ValueError, match=r"settings: found 2 measurements binned of {}; there are: bins (30; bins 50|50; bins 30)"
    ):
        run.measurement("binned")


def test_a_part_that_is_missing_leaves_out_what_is_after_it(results, tmp_path):
    shutil.copytree(results, tmp_path / "results")
    first = [run.folders[0] for run in infoplane.runs(tmp_path / "results")]
    second = infoplane.runs(tmp_path / "results")[0].folders[1]
    shutil.rmtree(second)
    [run] = [run for run in infoplane.runs(tmp_path / "results") if run.folders[0] == first[0]]
    assert run.settings["replicates"] == 2
    assert run.measurement("binned", bins=30).replicate.values.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"activatio": "relu"}, "activatio: unknown setting; did you mean `activation`"),
        ({"activation": "gelu"}, 'activation gelu: no such run; there are: activation "(relu|tanh)", "(relu|tanh)"'),
    ],
)
def test_what_is_not_there_is_one_line(results, settings, line):
    with pytest.raises(ValueError, match=line):
        infoplane.runs(results).sel(**settings)


def test_an_estimator_that_was_not_asked_for_is_one_line(results):
    with pytest.raises(ValueError, match="name: found 'bined'; measured of this run: did you mean `binned`"):
        infoplane.runs(results)[0].measurement("bined")


@pytest.mark.parametrize("folder", ["none", "."])
def test_a_folder_without_runs_is_one_line(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=r"none: there is no such folder|\.: no training is there"):
        infoplane.runs(folder)


def points(figure):
    """What is drawn as points, one array (point, 2) for each panel, and the texts at their ends."""
    drawn = [axes.collections[1].get_offsets().data for axes in figure.axes if axes.get_label() != "<colorbar>"]
    texts = [[t.get_text() for t in axes.texts] for axes in figure.axes if axes.get_label() != "<colorbar>"]
    return drawn, texts


def test_the_plane_of_runs_has_a_panel_for_each(results):
    runs = infoplane.runs(results).sel(activation="relu")
    [drawn], [texts] = points(infoplane.plane(runs))
    mean = information().mean("replicate")
    np.testing.assert_allclose(drawn, np.stack([mean.I_XT, mean.I_TY], -1).reshape(-1, 2))
    assert ", ".join(texts).count("T_") == 4
    both = infoplane.plane([runs[0], runs[0]], titles=["a", "b"])
    assert [axes.get_title() for axes in both.axes[:2]] == ["a", "b"]
    assert [run.get_title() for run in infoplane.plane(infoplane.runs(results), bins=30).axes[:2]] == [
        f"activation {run.settings['activation']}" for run in infoplane.runs(results)
    ]


def test_the_plane_of_measured_arrays_names_their_layers():
    rng = np.random.default_rng(0)
    layers = {"first": rng.random((len(EPOCHS), 40, 3)), "second": rng.random((len(EPOCHS), 40, 1)) > 0.5}
    measured = infoplane.measure(layers, np.arange(40) % 2, epochs=EPOCHS)
    [drawn], [texts] = points(infoplane.plane(measured))
    assert len(drawn) == 2 * len(EPOCHS)
    assert set(texts) == {"first", "second"}
    [one], [name] = points(infoplane.plane({"alone": measured.isel(epoch=0, layer=1, drop=True)}))
    assert (len(one), name) == (1, ["$T_{1}$"])
    bounded = infoplane.measure(layers, np.arange(40) % 2, estimator="kde")
    lower, upper = (points(infoplane.plane(bounded, bound=bound))[0][0] for bound in ("lower", "upper"))
    assert (lower[::2, 0] < upper[::2, 0]).all()  # of the first layer: where points coincide, the bounds meet


def test_names_that_do_not_fit_beside_the_paths_are_a_key_below(recwarn):
    rng = np.random.default_rng(0)
    layers = {f"encoder.layers.{n}.attention": rng.random((2, 40, 3)) for n in range(30)}
    figure = infoplane.plane(infoplane.measure(layers, np.arange(40) % 2, epochs=[0, 9]))
    _, [texts] = points(figure)
    assert texts == ["$T_{1-30}$"]
    key = figure.axes[0].get_legend()
    assert [text.get_text() for text in key.get_texts()] == [f"$T_{{{n + 1}}}$ {name}" for n, name in enumerate(layers)]
    label, whole = figure.axes[0].xaxis.label.get_window_extent(), figure.bbox
    extent = key.get_window_extent()
    assert extent.y1 < label.y0
    assert 0 <= extent.x0 < extent.x1 <= whole.x1
    assert extent.y0 >= 0
    assert figure.axes[0].get_position().height * figure.get_figheight() > 1.5
    assert not recwarn.list


def test_the_plane_of_a_run_without_the_estimator_names_it(results):
    with pytest.raises(ValueError, match="estimator: found 'kde'; measured of this run: allowed: binned"):
        infoplane.plane(infoplane.runs(results), estimator="kde")


@pytest.mark.parametrize(
    ("measured", "options", "line"),
    [
        (np.ones((3, 2)), {}, "measured: found ndarray; allowed: what `infoplane.measure` returns"),
        ([], {}, "titles: found 0 for 0 panels"),
        (information().drop_vars("I_XT"), {}, "measured: found no I_XT; allowed: an estimator that gives both"),
        (
            information().expand_dims(bound=["lower", "upper"]),
            {"bound": "middle"},
            "bound: found 'middle'; allowed: lower",
        ),
        (information() * np.nan, {}, "all 4 replicates diverged"),
    ],
)
def test_what_cannot_be_drawn_is_one_line(measured, options, line):
    with pytest.raises(ValueError, match=line):
        infoplane.plane(measured, **options)
