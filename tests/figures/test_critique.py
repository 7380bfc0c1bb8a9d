"""The figures of single claims: they show what their analyses found."""

from pathlib import Path

import numpy as np
import pytest
from jinja2 import StrictUndefined, Template
from matplotlib.collections import PathCollection

from infoplane.analyses.table import csv, numbers
from infoplane.figures.bull import Bull
from infoplane.figures.compression_generalization import CompressionGeneralization
from infoplane.figures.depth import Depth
from infoplane.figures.gradient_snr import GradientSNR
from infoplane.figures.ib_bound import IBBound
from infoplane.figures.weight_correlations import WeightCorrelations


def dots(axes):
    return np.concatenate([np.asarray(c.get_offsets()) for c in axes.collections if isinstance(c, PathCollection)])


def test_depth_shows_when_the_targets_are_reached_and_who_never_does(world, draw):
    plane, curves = world.information(), world.curves()
    plane["I_XT"][:, :, -1] = np.interp(world.epochs, [0, 8, 256], [1.0, 5.0, 1.0])
    curves["test_error"][:] = np.interp(world.epochs, [0, 32, 64], [0.5, 0.2, 0.0])
    curves["test_error"][0] = 0.5
    run = world.run({"hidden": [5, 4, 3]}, measurements={"binned": plane}, curves_=curves)
    error, compression = draw(Depth(error=0.1, compression=3.0), [run]).figure.axes
    np.testing.assert_allclose(dots(error)[1:, 1], 48)
    np.testing.assert_allclose(dots(compression)[:, 1], 194)
    assert np.abs(dots(error)[:, 0] - 3).max() < 0.5
    assert error.lines[0].get_ydata() == pytest.approx([48])
    assert "1 never" in [text.get_text() for text in error.texts]
    assert "1 never" not in [text.get_text() for text in compression.texts]


def test_depth_draws_no_median_where_most_never_arrive(world, draw):
    error, _ = draw(Depth(error=1e-6), [world.run()]).figure.axes
    assert np.isnan(error.lines[0].get_ydata()).all()
    assert "4 never" in [text.get_text() for text in error.texts]


def test_bound_is_drawn_with_the_last_epochs_layers(world, draw):
    data = world.information()
    whole, bend = draw(IBBound(), [world.run(measurements={"binned": data})]).figure.axes
    last = data.isel(epoch=-1).transpose("layer", "replicate")
    for axes in (whole, bend):
        np.testing.assert_allclose(dots(axes), np.stack([last["I_XT"], last["I_TY"]], axis=-1).reshape(-1, 2))
        np.testing.assert_allclose(axes.lines[0].get_ydata(), [0, 0.9, 1, 1])
    assert any("beta=9" in text.get_text() for text in bend.texts)


def test_weights_show_what_training_made_of_them(world, draw):
    figure = draw(WeightCorrelations(), [world.run()]).figure
    assert len(figure.axes) == 3  # the output layer has one neuron, and no pair
    last, initial, random = (patch.get_data() for patch in figure.axes[0].patches)
    for stairs in (last, initial, random):
        assert stairs.values.sum() == pytest.approx(1)
    assert (last.values.argmax(), initial.values.argmax()) == (9, 5)  # tenths of [-1, 1]


def lonely(world):
    """One hidden neuron, one output: no pair."""
    data = world.weights(layers=2)
    for name in ("correlation_rms", "correlation_share"):
        data[name][:] = np.nan
    return world.run(measurements={"binned": world.information(layers=2), "weights": data}, hidden=(1,))


def full_batch(world):
    """No noise, so no standard deviation, and no change from drift to diffusion."""
    data = world.gradients(change=np.nan)
    return world.run(measurements={"gradients": data.assign(gradient_std=0 * data["gradient_std"])}, batch_size="full")


def two_snapshots(world):
    """The least that can be recorded."""
    names = {"binned": "information", "specific": "cells", "gradients": "gradients", "weights": "weights"}
    measured = {name: getattr(world, maker)().isel(epoch=[0, 1]) for name, maker in names.items()}
    return world.run(measurements=measured, curves_=world.curves().isel(epoch=[0, 1]), epochs=1)


def one_network(world):
    """No interval over replicates, and no correlation."""
    return world.run(measurements={"binned": world.information(replicates=1)})


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of numpy, where nothing is divided by nothing
@pytest.mark.parametrize("edge", [lonely, full_batch, two_snapshots, one_network])
@pytest.mark.parametrize("kind", [GradientSNR, WeightCorrelations, Depth, IBBound, CompressionGeneralization, Bull])
def test_the_least_config_has_a_figure_a_table_and_a_caption(world, kind, edge):
    figure = kind()
    analysis = world.stored(figure.analysis().analyse([edge(world)]))
    assert figure.draw(analysis).figure.axes or edge is lonely
    assert csv(analysis)
    template = Path(__file__, "../../../workflow/report", f"{figure.kind}.rst").resolve().read_text()
    caption = Template(template, undefined=StrictUndefined).render(numbers(analysis))
    assert "nan" not in caption
    assert "None" not in caption


def test_weights_without_a_pair_are_a_sentence(world, draw):
    run = lonely(world)
    figure = draw(WeightCorrelations(), [run]).figure
    assert [text.get_text() for text in figure.texts] == ["no layer has two neurons, so there is no pair"]
    assert len(draw(WeightCorrelations(), [run, world.run()]).figure.axes) == 3  # the other's layers


def test_each_network_is_a_point_of_its_conditions_colour(world, draw):
    runs = [world.run({"seed": n}, measurements={"binned": world.information(compression=n)}) for n in (0, 4, 8)]
    (axes,) = draw(CompressionGeneralization(), runs).figure.axes
    assert len(dots(axes)) == 12
    clouds = [c for c in axes.collections if isinstance(c, PathCollection)]
    assert [cloud.get_label() for cloud in clouds] == ["seed 0", "seed 4", "seed 8"]
    for cloud, run in zip(clouds, runs, strict=True):
        gap = (run.curves["test_error"] - run.curves["train_error"]).isel(epoch=-1)
        compression = run.measurements["binned"]["compression"].isel(layer=-2)
        np.testing.assert_allclose(cloud.get_offsets(), np.stack([compression, gap], axis=-1))
    assert axes.get_title().startswith("rank correlation ")


def test_conditions_of_an_experiment_share_its_colour_where_there_are_several(world, draw):
    runs = [world.run({"seed": n}, experiment=name) for n, name in enumerate(["main", "batch", "batch"])]
    (axes,) = draw(CompressionGeneralization(), runs).figure.axes
    clouds = [c for c in axes.collections if isinstance(c, PathCollection)]
    assert [(cloud.get_label(), len(cloud.get_offsets())) for cloud in clouds] == [("main", 4), ("batch", 8)]


def test_without_a_correlation_there_is_no_title(world, draw):
    run = world.run()
    run.measurements["binned"]["compression"][:] = 1.0
    assert draw(CompressionGeneralization(), [run]).figure.axes[0].get_title() == ""


def test_the_bull_shows_the_mean_of_each_cell_and_its_size(world, draw):
    figure = draw(Bull(), [world.run()]).figure
    panels = [axes for axes in figure.axes if axes.get_label() != "<colorbar>"]
    assert len(panels) == 3 * 5
    x = world.inputs()["x"].values
    chosen, first = (np.sort(panels[10 + n].collections[1].get_array()) for n in (0, 1))
    np.testing.assert_allclose(chosen, np.sort(x[5]))
    np.testing.assert_allclose(first, np.sort(x[[5, 6, 7]].mean(axis=0)))
    assert panels[14].get_xlabel() == "9"
    assert [panels[5 * row].get_ylabel() for row in range(3)] == [
        "initial weights",
        "transition\nepoch 16",
        "epoch 256",
    ]


def test_bull_as_images_and_strips(world, draw):
    images = world.inputs().isel(feature=slice(9))
    figure = draw(Bull(drawn_as="image"), [world.run(dataset=images)]).figure
    np.testing.assert_allclose(figure.axes[0].images[0].get_array(), images["x"][5].values.reshape(3, 3))
    strips = draw(Bull(drawn_as="strip"), [world.run()]).figure
    assert strips.axes[0].images[0].get_array().shape == (1, 12)
