"""The figures of the information plane, and of what is told from it, show the data's numbers."""

import io
from itertools import combinations, pairwise

import numpy as np
import pytest
import xarray as xr
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PathCollection
from PIL import Image
from pydantic import ValidationError

from infoplane.figures.data_processing import DataProcessing
from infoplane.figures.estimator_comparison import EstimatorComparison
from infoplane.figures.information_plane import InformationPlane
from infoplane.figures.information_plane_animation import InformationPlaneAnimation
from infoplane.figures.information_plane_snapshots import InformationPlaneSnapshots
from infoplane.figures.learning_curves import LearningCurves
from infoplane.figures.replicate_spread import ReplicateSpread


def dots(axes):
    return np.concatenate([c.get_offsets() for c in axes.collections if isinstance(c, PathCollection)])


def test_points_are_the_means_over_replicates(world, draw):
    data = world.information()
    (axes, _) = draw(InformationPlane(), [world.run(measurements={"binned": data})]).figure.axes
    expected = np.stack([data["I_XT"].mean("replicate"), data["I_TY"].mean("replicate")], axis=-1)
    np.testing.assert_allclose(dots(axes), expected.reshape(-1, 2))
    (lines,) = [c for c in axes.collections if isinstance(c, LineCollection)]
    np.testing.assert_allclose(np.stack(lines.get_segments()), expected)  # one line per epoch through all layers
    assert axes.get_xlabel().endswith("[bits]")
    assert axes.get_ylabel().endswith("[bits]")


@pytest.mark.parametrize("kind", [InformationPlane, LearningCurves])
def test_titles_of_conditions_that_differ_in_two_keys_do_not_overlap(world, draw, kind):
    varied = [{"batch_size": size, "learning_rate": rate} for size in (64, "full") for rate in (0.05, 0.5)]
    figure = draw(kind(), [world.run(keys, **keys) for keys in varied]).figure
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    titles = [axes.title.get_window_extent(renderer) for axes in figure.axes if axes.get_title()]
    assert len(titles) >= 4
    assert not any(one.overlaps(other) for one, other in combinations(titles, 2))


def test_points_are_coloured_by_epoch_alike_in_all_panels(world, draw):
    runs = [world.run({"learning_rate": rate}, learning_rate=rate) for rate in (0.1, 0.2)]
    *panels, bar = draw(InformationPlane(), runs).figure.axes
    colors = [next(c for c in axes.collections if isinstance(c, PathCollection)).get_facecolors() for axes in panels]
    np.testing.assert_array_equal(*colors)
    assert len(np.unique(colors[0], axis=0)) == len(world.epochs) - 1  # epochs 0 and 1 share one
    assert bar.get_ylabel() == "epoch"
    assert [axes.get_title() for axes in panels] == ["learning rate 0.1", "learning rate 0.2"]


def test_names_of_layers_lie_on_no_point_and_on_no_name(world, draw):
    """Also where a path ends below its earlier points, and where the path of one layer passes over another's end."""
    plane = world.information()
    fall = xr.DataArray(np.linspace(0.5, 0.0, len(world.epochs)), dims="epoch")
    plane["I_TY"] = (0.1 * plane["layer"] + fall + 0 * plane["I_TY"]).transpose("replicate", "epoch", "layer")
    plane["I_XT"][:] = np.array([10.0, 7.0, 4.0, 1.5])
    runs = [world.run({"seed": n}, measurements={"binned": plane.copy()}, seed=n) for n in range(3)]
    figure = draw(InformationPlane(), runs).figure
    for axes in figure.axes[:-1]:
        names = [text.get_window_extent() for text in axes.texts]
        points = axes.transData.transform(dots(axes))
        assert len(names) == 4
        assert not any(name.count_contains(points) for name in names)
        assert all(name.count_overlaps(names) == 1 for name in names)  # itself


def test_diverged_replicates_do_not_reach_the_means(world, draw):
    data = world.information()
    kept = data["I_XT"][[0, 2, 3]].mean("replicate").values
    data["I_XT"][1, 3:] = np.nan
    drawing = draw(InformationPlane(), [world.run(measurements={"binned": data})])
    np.testing.assert_allclose(dots(drawing.figure.axes[0])[:, 0].reshape(kept.shape), kept)


@pytest.mark.parametrize("bound", ["upper", "lower"])
def test_the_asked_bound_is_drawn(world, draw, bound):
    data = world.information()
    bounds = xr.concat([data - 0.5, data], xr.IndexVariable("bound", ["lower", "upper"]))
    drawing = draw(InformationPlane(bound=bound), [world.run(measurements={"binned": bounds})])
    shift = 0 if bound == "upper" else 0.5
    expected = data["I_TY"].mean("replicate").values - shift
    np.testing.assert_allclose(dots(drawing.figure.axes[0])[:, 1].reshape(expected.shape), expected)


def test_unknown_keys_are_refused():
    with pytest.raises(ValidationError):
        InformationPlane(bounds="upper")


def test_snapshots_show_each_replicate_at_start_transition_and_end(world, draw):
    data = world.information(replicates=5)
    run = world.run(measurements={"binned": data})
    drawing = draw(InformationPlaneSnapshots(), [run])
    for axes, epoch in zip(drawing.figure.axes, (0, 16, 256), strict=True):  # 16 is recorded, and nearest to 20
        at = data.sel(epoch=epoch).transpose("layer", "replicate")
        np.testing.assert_allclose(dots(axes), np.stack([at["I_XT"], at["I_TY"]], axis=-1).reshape(-1, 2))
    assert [axes.get_title() for axes in drawing.figure.axes] == [
        "initial weights",
        "transition, epoch 16",
        "epoch 256",
    ]


def test_snapshots_say_where_there_is_no_transition(world, draw):
    drawing = draw(InformationPlaneSnapshots(), [world.run(measurements={"gradients": world.gradients(change=np.nan)})])
    assert drawing.figure.axes[1].get_title() == "no transition, epoch 16"


def test_the_film_has_a_frame_per_snapshot_and_holds_the_last(world, draw):
    data = world.information()
    drawing = draw(InformationPlaneAnimation(frame_ms=100), [world.run(measurements={"binned": data})])
    film = Image.open(io.BytesIO(drawing.animation))
    assert film.n_frames == len(world.epochs)
    pictures, times = [], []
    for frame in range(film.n_frames):
        film.seek(frame)
        pictures.append(np.asarray(film.convert("RGB")))
        times.append(film.info["duration"])
    assert times == [100] * (len(world.epochs) - 1) + [1500]
    assert all((a != b).any() for a, b in pairwise(pictures))
    # The still picture is the last frame: every replicate where the last epoch has it.
    last = data.isel(epoch=-1).transpose("layer", "replicate")
    shown = drawing.figure.axes[0].collections[1].get_offsets()
    np.testing.assert_allclose(shown, np.stack([last["I_XT"], last["I_TY"]], axis=-1).reshape(-1, 2))
    assert drawing.figure.axes[0].get_title() == "epoch 256"


def test_the_film_leaves_the_mean_path_behind_each_layer(world, draw):
    data = world.information()
    panel = draw(InformationPlaneAnimation(), [world.run(measurements={"binned": data})]).figure.axes[0]
    mean = data.mean("replicate")
    for trail, layer in zip(panel.lines[:4], data["layer"].values, strict=True):
        path = mean.sel(layer=layer)
        np.testing.assert_allclose(trail.get_xydata(), np.stack([path["I_XT"], path["I_TY"]], axis=-1))


def test_estimators_side_by_side_each_in_the_epochs_that_it_has_looked_at(world, draw):
    seen = {"binned": world.information(), "sparse": world.information(compression=0).isel(epoch=[0, 4, 9])}
    drawing = draw(EstimatorComparison(compare=("binned", "sparse")), [world.run(measurements=seen)])
    assert [axes.get_title() for axes in drawing.figure.axes[:2]] == ["binned", "sparse"]
    for axes, plane in zip(drawing.figure.axes, seen.values(), strict=False):
        mean = plane[["I_XT", "I_TY"]].mean("replicate")
        np.testing.assert_allclose(dots(axes), np.stack([mean["I_XT"], mean["I_TY"]], axis=-1).reshape(-1, 2))


def test_bands_hold_the_replicates_between_the_tenth_and_the_ninetieth_percentile(world, draw):
    data = world.information(replicates=11)
    panel = draw(ReplicateSpread(), [world.run(measurements={"binned": data})]).figure.axes[0]
    for layer, (line, area) in enumerate(zip(panel.lines, panel.collections, strict=True)):
        values = data["I_XT"].isel(layer=layer)
        np.testing.assert_allclose(line.get_ydata(), values.mean("replicate"))
        corners = area.get_paths()[0].vertices
        # Of 11 sorted values the second and the last but one are the 10th and 90th percentiles.
        low, high = np.sort(values.sel(epoch=256))[[1, 9]]
        assert corners[corners[:, 0] == 256, 1].min() == pytest.approx(low)
        assert corners[corners[:, 0] == 256, 1].max() == pytest.approx(high)


def test_each_pair_of_layers_has_a_point_per_replicate_and_epoch(world, draw):
    data = world.information()
    panels = draw(DataProcessing(), [world.run(measurements={"binned": data})]).figure.axes
    for axes, name in zip(panels, ("I_XT", "I_TY"), strict=True):
        rise = (data[name] - data[name].shift(layer=1)).isel(layer=slice(1, None))
        np.testing.assert_allclose(dots(axes)[:, 1], rise.transpose("layer", "replicate", "epoch").values.ravel())
        assert axes.get_xticklabels()[0].get_text() == "$T_{1}$\n$T_{2}$"
