"""The figures of single claims: they show what their analyses found."""

from pathlib import Path

import numpy as np
import pytest
from jinja2 import StrictUndefined, Template
from matplotlib.collections import PathCollection

from infoplane.analyses.base import conditions
from infoplane.analyses.table import csv, numbers
from infoplane.figures.bull import Bull
from infoplane.figures.compression_generalization import CompressionGeneralization
from infoplane.figures.depth import Depth
from infoplane.figures.forgetting import Forgetting
from infoplane.figures.gradient_snr import GradientSNR
from infoplane.figures.ib_bound import IBBound
from infoplane.figures.multiverse import Multiverse
from infoplane.figures.weight_correlations import WeightCorrelations


def dots(axes):
    return np.concatenate([np.asarray(c.get_offsets()) for c in axes.collections if isinstance(c, PathCollection)])


def on(points, epochs):
    """A path through the points, straight in log(1 + epoch)."""
    return np.interp(np.log1p(epochs), np.log1p(list(points)), list(points.values()))


def test_depth_shows_when_the_targets_are_reached_and_how_many_never_do(world, draw):
    curves = world.curves()
    curves["test_error"][:] = on({0: 0.5, 8: 0.5, 128: 0.0, 256: 0.0}, world.epochs)
    curves["test_error"][0] = 0.5
    figure = Depth(errors=(0.1,))
    found = figure.analysis().analyse([world.run({"hidden": [5, 4, 3]}, curves_=curves)])["condition_1"]
    error, _ = draw(figure, [world.run({"hidden": [5, 4, 3]}, curves_=curves)]).figure.axes
    reached = found["epochs_to"].sel(target="error 0.1").values
    np.testing.assert_allclose(dots(error)[1:, 1], reached[1:])
    assert np.abs(dots(error)[:, 0] - 3).max() < 0.5
    assert error.lines[0].get_ydata() == pytest.approx([np.median(reached)])
    assert error.get_title() == "held-out error ≤ 0.1"
    assert [text.get_text() for text in error.texts] == ["1"]


def test_depth_draws_no_median_where_most_never_arrive(world, draw):
    error, _ = draw(Depth(errors=(1e-6,)), [world.run()]).figure.axes
    assert np.isnan(error.lines[0].get_ydata()).all()
    assert [text.get_text() for text in error.texts] == ["4"]


def test_bound_is_drawn_with_the_layers_before_and_after_and_their_excess(world, draw):
    data = world.information()
    whole, bend, excess = draw(IBBound(), [world.run(measurements={"binned": data})]).figure.axes
    ends = data.isel(epoch=[0, -1]).transpose("layer", "epoch", "replicate")
    for axes in (whole, bend):
        np.testing.assert_allclose(dots(axes), np.stack([ends["I_XT"], ends["I_TY"]], axis=-1).reshape(-1, 2))
        np.testing.assert_allclose(axes.lines[0].get_ydata(), [0, 0.9, 1, 1])
    assert any("beta=9" in text.get_text() for text in bend.texts)
    assert excess.get_xticklabels()[0].get_text() == "$T_{1}$"
    assert [text.get_text() for text in excess.get_legend().texts] == ["untrained", "last epoch"]


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


def clouds(axes):
    return [c for c in axes.collections if isinstance(c, PathCollection)]


def test_each_network_is_a_point_and_each_condition_has_its_correlation(world, draw):
    runs = [world.run({"seed": n}, measurements={"binned": world.information(compression=n)}) for n in (2, 4, 8)]
    figure = CompressionGeneralization()
    analysis = figure.analysis().analyse(runs)
    cloud, within = draw(figure, runs).figure.axes
    for drawn, found in zip(clouds(cloud), conditions(analysis), strict=True):
        np.testing.assert_allclose(drawn.get_offsets(), np.stack([found["compression"], found["gap"]], axis=-1))
    names = [text.get_text() for text in within.get_yticklabels()]
    assert names == ["main, seed 2", "main, seed 4", "main, seed 8", "mean within", "pooled"]
    diamonds = [line for line in within.lines if line.get_marker() == "D" and line.get_color() == "black"]
    assert float(diamonds[-1].get_xdata()[0]) == pytest.approx(float(analysis["pooled"].sel(interval="estimate")))


def test_conditions_of_an_experiment_share_its_colour(world, draw):
    runs = [world.run({"seed": n}, experiment=name) for n, name in enumerate(["main", "batch", "batch"])]
    cloud, _ = draw(CompressionGeneralization(), runs).figure.axes
    main, one, other = (tuple(drawn.get_facecolor()[0]) for drawn in clouds(cloud))
    assert one == other != main


def test_each_cell_of_the_grid_has_its_compression_and_is_marked(world, draw):
    plane = world.information(layers=3)
    plane["I_XT"][:] = on({0: 4.0, 16: 4.0, 64: 2.0, 256: 2.0}, world.epochs)[None, :, None]
    plane["I_XT"][:, :, 0] += 0.95  # of 32 inputs log2 is 5
    panel = draw(Multiverse(bits=3.0), [world.run(measurements={"binned": plane})]).figure.axes[0]
    assert [text.get_text() for text in panel.texts] == ["2.0*\n±0.0", "2.0\n±0.0", "2.0\n±0.0"]
    assert {text.get_fontweight() for text in panel.texts} == {"normal"}
    panel = draw(Multiverse(bits=1.0), [world.run(measurements={"binned": plane})]).figure.axes[0]
    assert {text.get_fontweight() for text in panel.texts} == {"bold"}


def test_forgetting_shows_both_parts_of_the_last_hidden_layers(world, draw):
    figure = Forgetting()
    run = world.run()
    (found,) = conditions(figure.analysis().analyse([run]))
    _, parts, *_ = draw(figure, [run]).figure.axes
    drawn = [line.get_ydata() for line in parts.lines[: 2 * 2]]
    expected = [found[f"{name}_mean"].isel(layer=k) for k in (1, 2) for name in ("I_XT_given_S", "I_ST")]
    np.testing.assert_allclose(drawn, expected)


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
