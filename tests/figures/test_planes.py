"""The figures of the information plane show the data's numbers."""

import io
from itertools import combinations, pairwise

import numpy as np
import pytest
import xarray as xr
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PathCollection
from PIL import Image
from pydantic import ValidationError

from infoplane.figures.information_plane import InformationPlane
from infoplane.figures.information_plane_animation import InformationPlaneAnimation
from infoplane.figures.information_plane_snapshots import InformationPlaneSnapshots
from infoplane.figures.learning_curves import LearningCurves


def dots(axes):
    return np.concatenate([c.get_offsets() for c in axes.collections if isinstance(c, PathCollection)])


def test_points_are_the_means_over_replicates(world):
    data = world.information()
    (axes, _) = InformationPlane().draw([world.run(measurements={"binned": data})]).figure.axes
    expected = np.stack([data["I_XT"].mean("replicate"), data["I_TY"].mean("replicate")], axis=-1)
    np.testing.assert_allclose(dots(axes), expected.reshape(-1, 2))
    (lines,) = [c for c in axes.collections if isinstance(c, LineCollection)]
    np.testing.assert_allclose(np.stack(lines.get_segments()), expected)  # one line per epoch through all layers
    assert axes.get_xlabel().endswith("[bits]")
    assert axes.get_ylabel().endswith("[bits]")


@pytest.mark.parametrize("kind", [InformationPlane, LearningCurves])
def test_titles_of_conditions_that_differ_in_two_keys_do_not_overlap(world, kind):
    varied = [{"batch_size": size, "learning_rate": rate} for size in (64, "full") for rate in (0.05, 0.5)]
    figure = kind().draw([world.run(keys, **keys) for keys in varied]).figure
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    titles = [axes.title.get_window_extent(renderer) for axes in figure.axes if axes.get_title()]
    assert len(titles) >= 4
    assert not any(one.overlaps(other) for one, other in combinations(titles, 2))


def test_points_are_coloured_by_epoch_alike_in_all_panels(world):
    runs = [world.run({"learning_rate": rate}, learning_rate=rate) for rate in (0.1, 0.2)]
    *panels, bar = InformationPlane().draw(runs).figure.axes
    colors = [next(c for c in axes.collections if isinstance(c, PathCollection)).get_facecolors() for axes in panels]
    np.testing.assert_array_equal(*colors)
    assert len(np.unique(colors[0], axis=0)) == len(world.epochs) - 1  # epochs 0 and 1 share one
    assert bar.get_ylabel() == "epoch"
    assert [axes.get_title() for axes in panels] == ["learning rate 0.1", "learning rate 0.2"]


def test_names_of_layers_lie_on_no_point_and_on_no_name(world):
    """Also where a path ends below its earlier points, and where the path of one layer passes over another's end."""
    plane = world.information()
    fall = xr.DataArray(np.linspace(0.5, 0.0, len(world.epochs)), dims="epoch")
    plane["I_TY"] = (0.1 * plane["layer"] + fall + 0 * plane["I_TY"]).transpose("replicate", "epoch", "layer")
    plane["I_XT"][:] = np.array([10.0, 7.0, 4.0, 1.5])
    runs = [world.run({"seed": n}, measurements={"binned": plane.copy()}, seed=n) for n in range(3)]
    figure = InformationPlane().draw(runs).figure
    for axes in figure.axes[:-1]:
        names = [text.get_window_extent() for text in axes.texts]
        points = axes.transData.transform(dots(axes))
        assert len(names) == 4
        assert not any(name.count_contains(points) for name in names)
        assert all(name.count_overlaps(names) == 1 for name in names)  # itself


def test_diverged_replicates_do_not_reach_the_means(world):
    data = world.information()
    kept = data["I_XT"][[0, 2, 3]].mean("replicate").values
    data["I_XT"][1, 3:] = np.nan
    drawing = InformationPlane().draw([world.run(measurements={"binned": data})])
    np.testing.assert_allclose(dots(drawing.figure.axes[0])[:, 0].reshape(kept.shape), kept)


def test_numbers_are_the_ends_and_peaks(world):
    data = world.information()
    (numbers,) = InformationPlane().draw([world.run(measurements={"binned": data})]).numbers["conditions"]
    mean = data["I_XT"].mean("replicate")
    np.testing.assert_allclose(numbers["I_XT_last_bits"], mean[-1])
    np.testing.assert_allclose(numbers["I_XT_peak_bits"], mean.max("epoch"))
    assert numbers["last_epoch"] == 256
    np.testing.assert_allclose(
        mean.sel(epoch=xr.DataArray(numbers["I_XT_peak_epoch"], dims="layer")).values.max(0).max(), mean.max()
    )


@pytest.mark.parametrize("bound", ["upper", "lower"])
def test_the_asked_bound_is_drawn(world, bound):
    data = world.information()
    bounds = xr.concat([data - 0.5, data], xr.IndexVariable("bound", ["lower", "upper"]))
    drawing = InformationPlane(bound=bound).draw([world.run(measurements={"binned": bounds})])
    shift = 0 if bound == "upper" else 0.5
    expected = data["I_TY"].mean("replicate").values - shift
    np.testing.assert_allclose(dots(drawing.figure.axes[0])[:, 1].reshape(expected.shape), expected)


def test_an_estimator_without_the_plane_is_named(world):
    with pytest.raises(ValueError, match=r"the estimator binned gives no I_TY"):
        InformationPlane().draw([world.run(measurements={"binned": world.information().drop_vars("I_TY")})])


def test_unknown_keys_are_refused():
    with pytest.raises(ValidationError):
        InformationPlane(bounds="upper")


def test_snapshots_show_each_replicate_at_start_transition_and_end(world):
    data = world.information(replicates=5)
    run = world.run(measurements={"binned": data})
    drawing = InformationPlaneSnapshots().draw([run])
    for axes, epoch in zip(drawing.figure.axes, (0, 16, 256), strict=True):  # 16 is recorded, and nearest to 20
        at = data.sel(epoch=epoch).transpose("layer", "replicate")
        np.testing.assert_allclose(dots(axes), np.stack([at["I_XT"], at["I_TY"]], axis=-1).reshape(-1, 2))
    assert [axes.get_title() for axes in drawing.figure.axes] == [
        "initial weights",
        "transition, epoch 16",
        "epoch 256",
    ]
    assert drawing.numbers["conditions"][0]["transition_epoch"] == world.change


def test_snapshots_say_where_there_is_no_transition(world):
    drawing = InformationPlaneSnapshots().draw([world.run(measurements={"gradients": world.gradients(change=np.nan)})])
    assert drawing.figure.axes[1].get_title() == "no transition, epoch 16"
    assert drawing.numbers["conditions"][0]["transition_epoch"] is None


def test_the_film_has_a_frame_per_snapshot_and_holds_the_last(world):
    data = world.information()
    drawing = InformationPlaneAnimation(frame_ms=100).draw([world.run(measurements={"binned": data})])
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
