"""The figures of the claims: their statistics against what the data were made to have."""

import numpy as np
import pytest
import xarray as xr
from matplotlib.collections import PathCollection
from scipy.stats import spearmanr

from infoplane.figures.bull import Bull
from infoplane.figures.compression_generalization import CompressionGeneralization, rank_correlation
from infoplane.figures.data_processing import DataProcessing
from infoplane.figures.depth import Depth
from infoplane.figures.estimator_comparison import EstimatorComparison
from infoplane.figures.ib_bound import IBBound
from infoplane.figures.replicate_spread import ReplicateSpread, distance_from_others
from infoplane.figures.weight_correlations import WeightCorrelations


def dots(axes):
    return np.concatenate([c.get_offsets() for c in axes.collections if isinstance(c, PathCollection)])


def test_distance_between_paths_is_the_mean_over_the_others(world):
    corners = np.array([[0, 0], [3, 4], [0, 8]])[:, :, None, None] * np.ones((1, 1, len(world.epochs), 1))
    plane = world.layered(1, I_XT=corners[:, 0], I_TY=corners[:, 1])
    apart = distance_from_others(plane).isel(epoch=0, layer=0)
    np.testing.assert_allclose(apart, [(5 + 8) / 2, (5 + 5) / 2, (8 + 5) / 2])


def test_spread_compares_the_distance_with_the_length_of_the_path(world):
    steps = np.arange(len(world.epochs), dtype=float)[None, :, None]
    one_way = np.concatenate([3 * steps, 3 * steps + 2])
    plane = world.layered(1, I_XT=np.repeat(one_way, 2, 2)[..., :1], I_TY=np.concatenate([4 * steps] * 2))
    (numbers,) = ReplicateSpread().draw([world.run(measurements={"binned": plane}, hidden=(3,))]).numbers["conditions"]
    assert numbers["distance_bits"] == pytest.approx([2])
    assert numbers["path_length_bits"] == pytest.approx([5 * (len(world.epochs) - 1)])


def test_depth_finds_when_the_targets_are_reached(world):
    plane = world.information()
    plane["I_XT"][:, :, -1] = np.interp(world.epochs, [0, 8, 256], [1.0, 5.0, 1.0])  # low at first: no compression
    curves = world.curves()
    curves["test_error"][:] = np.interp(world.epochs, [0, 32, 64], [0.5, 0.2, 0.0])
    curves["test_error"][0] = 0.5
    run = world.run({"hidden": [5, 4, 3]}, measurements={"binned": plane}, curves_=curves)
    drawing = Depth(error=0.1, compression=3.0).draw([run])
    (numbers,) = drawing.numbers["conditions"]
    assert numbers["hidden_layers"] == 3
    assert (numbers["reached_error"], numbers["epochs_to_error_median"]) == (3, pytest.approx(48))
    assert (numbers["reached_compression"], numbers["epochs_to_compression_median"]) == (4, pytest.approx(194))
    assert "1 never" in [text.get_text() for text in drawing.figure.axes[0].texts]
    assert "1 never" not in [text.get_text() for text in drawing.figure.axes[1].texts]


def test_depth_has_no_median_where_most_never_arrive(world):
    (numbers,) = Depth(error=1e-6).draw([world.run()]).numbers["conditions"]
    assert (numbers["reached_error"], numbers["epochs_to_error_median"]) == (0, None)


def test_bound_is_drawn_with_the_last_epochs_layers(world):
    data = world.information()
    drawing = IBBound().draw([world.run(measurements={"binned": data})])
    whole, bend = drawing.figure.axes
    last = data.isel(epoch=-1).transpose("layer", "replicate")
    for axes in (whole, bend):
        np.testing.assert_allclose(dots(axes), np.stack([last["I_XT"], last["I_TY"]], axis=-1).reshape(-1, 2))
        np.testing.assert_allclose(axes.lines[0].get_ydata(), [0, 0.9, 1, 1])
    # The bound rises to (1, 0.9), then to (2, 1), and is flat from there.
    gap = np.interp(data["I_XT"][:, -1], [0, 1, 2], [0, 0.9, 1]) - data["I_TY"][:, -1]
    assert drawing.numbers["conditions"][0]["gap_mean_bits"] == pytest.approx(gap.mean("replicate").values)
    assert any("beta=9" in text.get_text() for text in bend.texts)


def test_weights_show_what_training_made_of_them(world):
    drawing = WeightCorrelations().draw([world.run()])
    assert len(drawing.figure.axes) == 3  # the output layer has one neuron, and no pair
    last, initial, random = (patch.get_data() for patch in drawing.figure.axes[0].patches)
    for stairs in (last, initial, random):
        assert stairs.values.sum() == pytest.approx(1)
    assert (last.values.argmax(), initial.values.argmax()) == (9, 5)  # tenths of [-1, 1]
    (numbers,) = drawing.numbers["conditions"]
    assert numbers["rms_last"] == pytest.approx([0.95] * 3)
    assert numbers["rms_random"] == pytest.approx([0.3] * 3)


def test_data_processing_counts_and_measures_the_violations(world):
    plane = world.information()
    plane["I_XT"][:] = np.array([4.0, 3, 2, 1])
    plane["I_TY"][:] = 0.5  # what is equal violates nothing
    plane["I_XT"][0, 0, 2] = 3.25  # a quarter of a bit above the layer before, once in 4 x 10
    (numbers,) = DataProcessing().draw([world.run(measurements={"binned": plane})]).numbers["conditions"]
    assert numbers["I_XT_violations_share"] == pytest.approx([0, 1 / 40, 0])
    assert numbers["I_XT_largest_excess_bits"] == pytest.approx([0, 0.25, 0])
    assert numbers["I_TY_violations_share"] == [0, 0, 0]


def test_rounding_is_no_excess(world):
    plane = world.information()
    plane["I_TY"][:] = 0.5 + np.array([0, 1e-12, 2e-12, 3e-12])
    (numbers,) = DataProcessing().draw([world.run(measurements={"binned": plane})]).numbers["conditions"]
    assert numbers["I_TY_largest_excess_bits"] == [0, 0, 0]


def test_compression_is_the_stored_one(world):
    run = world.run()
    stored = run.measurements["binned"]["compression"]
    stored[:, -2] = 2.5
    compared = EstimatorComparison().draw([run]).numbers["conditions"][0]["estimators"]["binned"]
    assert compared["compression_mean_bits"] == pytest.approx(stored.mean("replicate").values)
    assert CompressionGeneralization().draw([run]).numbers["conditions"][0]["compression_mean_bits"] == 2.5


def test_estimators_side_by_side(world):
    other = world.information(compression=0)
    figure = EstimatorComparison(compare=("binned", "flat"))
    assert figure.estimators() == ("binned", "flat")
    drawing = figure.draw([world.run(measurements={"flat": other})])
    assert [axes.get_title() for axes in drawing.figure.axes[:2]] == ["binned", "flat"]
    compared = drawing.numbers["conditions"][0]["estimators"]
    assert compared["flat"]["compression_mean_bits"] == pytest.approx([0] * 4, abs=1e-9)
    assert compared["binned"]["compression_mean_bits"][-1] == pytest.approx(3, rel=0.1)


def test_rank_correlation_is_spearmans():
    rng = np.random.default_rng(1)
    x, noise = (xr.DataArray(rng.integers(0, 9, 60) / 9, dims="replicate") for _ in range(2))  # with ties
    y = x**3 + 0.3 * noise
    assert float(rank_correlation(x, y)) == pytest.approx(spearmanr(x, y).statistic)
    assert np.isnan(rank_correlation(x, 0 * y))


def test_networks_of_all_conditions_are_pooled(world):
    runs = []
    for compression in (0.0, 4.0, 8.0):
        curves = world.curves()
        curves["test_error"] = curves["train_error"] + compression / 100
        plane = world.information(compression=compression)
        runs.append(world.run({"seed": int(compression)}, measurements={"binned": plane}, curves_=curves))
    drawing = CompressionGeneralization().draw(runs)
    assert drawing.numbers["networks"] == 12
    low, high = drawing.numbers["rank_correlation_interval_95"]
    assert 0.8 < low <= drawing.numbers["rank_correlation"] <= high <= 1
    assert [c["gap_mean"] for c in drawing.numbers["conditions"]] == pytest.approx([0, 0.04, 0.08])
    assert len(dots(drawing.figure.axes[0])) == 12


def test_the_bull_shows_the_mean_of_each_cell_and_its_size(world):
    drawing = Bull().draw([world.run()])
    (numbers,) = drawing.numbers["conditions"]
    assert numbers["epochs"] == [0, 16, 256]
    assert numbers["cell_size"] == [[1, 1, 1, 1], [3, 5, 7, 9], [3, 5, 7, 9]]
    np.testing.assert_allclose(numbers["specific_information_bits"][2], np.log2(32 / np.array([3, 5, 7, 9])))
    panels = [axes for axes in drawing.figure.axes if axes.get_label() != "<colorbar>"]
    assert len(panels) == 3 * 5
    x = world.inputs()["x"].values
    chosen, first = (np.sort(panels[10 + n].collections[1].get_array()) for n in (0, 1))
    np.testing.assert_allclose(chosen, np.sort(x[5]))
    np.testing.assert_allclose(first, np.sort(x[[5, 6, 7]].mean(axis=0)))
    assert panels[14].get_xlabel() == "9"


def test_bull_as_images_and_strips(world, tmp_path):
    images = world.inputs().isel(feature=slice(9))
    images.to_zarr(tmp_path / "images.zarr", consolidated=False, zarr_format=3)
    drawing = Bull(drawn_as="image").draw([world.run(dataset=tmp_path / "images.zarr")])
    np.testing.assert_allclose(drawing.figure.axes[0].images[0].get_array(), images["x"][5].values.reshape(3, 3))
    strips = Bull(drawn_as="strip").draw([world.run()])
    assert strips.figure.axes[0].images[0].get_array().shape == (1, 12)
