"""Gradients and learning curves: lines are the data's centres, bands its percentiles, axes carry units."""

import numpy as np
import pytest

from infoplane.figures.gradient_snr import GradientSNR
from infoplane.figures.learning_curves import LearningCurves


def test_gradients_per_layer_with_the_transition(world, draw):
    data = world.gradients()
    drawing = draw(GradientSNR(), [world.run(measurements={"gradients": data})])
    panels = drawing.figure.axes
    assert len(panels) == 4
    for axes, layer in zip(panels, data["layer"].values, strict=True):
        mean, std, transition = axes.lines
        np.testing.assert_allclose(mean.get_ydata(), data["gradient_mean"].sel(layer=layer).median("replicate"))
        np.testing.assert_allclose(std.get_ydata(), data["gradient_std"].sel(layer=layer).median("replicate"))
        assert transition.get_xdata()[0] == world.change
        assert transition.get_linestyle() == ":"
        assert (axes.get_xscale(), axes.get_yscale()) == ("symlog", "log")


def test_no_transition_no_line(world, draw):
    figure = draw(GradientSNR(), [world.run(measurements={"gradients": world.gradients(change=np.nan)})]).figure
    assert all(len(axes.lines) == 2 for axes in figure.axes)


def test_conditions_of_different_depth_have_their_own_rows(world, draw):
    planes = {n: world.information(layers=n) for n in (2, 6)}
    runs = [world.run({"hidden": [*range(n - 1)]}, measurements={"binned": plane}) for n, plane in planes.items()]
    assert len(draw(GradientSNR(), runs).figure.axes) == 2 + 6


def test_learning_curves_are_means_in_a_band(world, draw):
    data = world.curves(replicates=11)
    run = world.run(measurements={"binned": world.information(replicates=11)}, curves_=data)
    drawing = draw(LearningCurves(), [run])
    for axes, quantity in zip(drawing.figure.axes, ("loss", "error"), strict=True):
        for line, area, name in zip(axes.lines, axes.collections, ("train", "test"), strict=True):
            values = data[f"{name}_{quantity}"]
            np.testing.assert_array_equal(line.get_xdata(), world.epochs)
            np.testing.assert_allclose(line.get_ydata(), values.mean("replicate"))
            corners = area.get_paths()[0].vertices
            # Of 11 sorted values the second and the last but one are the 10th and 90th percentiles.
            low, high = np.sort(values.sel(epoch=256))[[1, 9]]
            assert corners[corners[:, 0] == 256, 1].min() == pytest.approx(low)
            assert corners[corners[:, 0] == 256, 1].max() == pytest.approx(high)
        assert axes.get_ylim()[0] == 0
    assert "[nats]" in drawing.figure.axes[0].get_ylabel()
