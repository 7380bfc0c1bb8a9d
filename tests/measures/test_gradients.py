import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from infoplane.measures.gradients import Gradients, phase_change

EPOCH = np.unique(np.geomspace(1, 3000, 60).astype(int))


def test_change_of_a_power_law_is_where_it_crosses_one():
    snr = (EPOCH / 350.0) ** -0.7
    assert phase_change(snr, EPOCH) == pytest.approx(350, rel=0.01)


@given(st.integers(0, 2**32))
def test_change_is_robust_against_noisy_crossings(seed):
    noise = np.random.default_rng(seed).normal(scale=0.3, size=len(EPOCH))
    snr = (EPOCH / 350.0) ** -1.0 * np.exp(noise)
    assert 150 < phase_change(snr, EPOCH) < 800


def test_a_late_excursion_is_not_the_change():
    snr = (EPOCH / 50.0) ** -1.0
    snr[-3] = 1.5
    assert phase_change(snr, EPOCH) == pytest.approx(50, rel=0.02)


@given(st.floats(0.01, 100))
def test_change_does_not_depend_on_the_order_of_replicates_or_the_units_of_the_gradient(scale):
    mean, std = EPOCH**-0.9, EPOCH**-0.2 / 50
    both = phase_change(np.stack([mean / std, (scale * mean) / (scale * std)]), EPOCH)
    assert both[0] == pytest.approx(both[1])


@pytest.mark.parametrize(
    "snr",
    [
        np.full(60, 2.0),  # drift alone
        np.full(60, 0.5),  # diffusion alone
        np.linspace(0.5, 2, 60),  # diffusion, then drift
        np.full(60, np.inf),  # full batch
        np.r_[np.full(30, 3.0), np.full(20, 0.3), np.full(10, np.nan)],  # diverged
    ],
)
def test_without_a_change_there_is_no_epoch(snr):
    assert np.isnan(phase_change(snr, np.arange(60)))


def test_an_infinite_snr_is_drift():
    snr = np.r_[np.full(10, np.inf), np.full(50, 0.1)]
    assert 9 <= phase_change(snr, np.arange(60)) <= 10


def test_full_batch_has_an_infinite_ratio_and_no_change(training, dataset):
    full = training.map_over_datasets(
        lambda d: d.assign(gradient_std_norm=0 * d.gradient_std_norm) if "gradient_std_norm" in d else d
    )
    result = Gradients().measure(full, dataset)
    assert np.isinf(result.gradient_snr).all()
    assert (result.gradient_std == 0).all()
    assert np.isnan(result.phase_change).all()


def test_curves_are_normalised_by_the_weights(training, dataset):
    result = Gradients().measure(training, dataset)
    assert set(result.gradient_snr.dims) == {"replicate", "epoch", "layer"}
    for number in (1, 2, 3):
        node, measured = training[f"layer_{number}"].to_dataset(), result.sel(layer=number, drop=True)
        ratio = node.gradient_mean_norm / node.gradient_std_norm
        xr.testing.assert_allclose(measured.gradient_snr, ratio)
        xr.testing.assert_allclose(measured.gradient_mean, node.gradient_mean_norm / node.weight_norm)
        xr.testing.assert_allclose(measured.gradient_std * ratio, measured.gradient_mean)
