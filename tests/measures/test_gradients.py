import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from infoplane.measures.gradients import Gradients, phase_change
from infoplane.statistics import mean_interval

EPOCH = np.r_[0, np.unique(np.geomspace(1, 3000, 60).astype(int))]
seeds = st.integers(0, 2**32)


def falling(start, end, before, after):
    """SNR (epoch): a level, a fall that is a power of 1 + epoch between two epochs, and another level."""
    share = np.interp(np.log1p(EPOCH), np.log1p([start, end]), [0, 1])
    return before ** (1 - share) * after**share


def noise(seed, scale, shape=EPOCH.shape):
    return np.exp(np.random.default_rng(seed).normal(scale=scale, size=shape))


@given(st.integers(5, 40), st.integers(1, 9), st.floats(0.3, 0.99), st.floats(0.001, 0.2))
def test_onset_of_a_fall_from_below_one(start, length, before, after):
    snr = falling(EPOCH[start], EPOCH[start + length], before, after)
    np.testing.assert_allclose(phase_change(snr, EPOCH), (EPOCH[start], before, after))


@given(st.floats(10, 200), st.floats(1.5, 10), st.floats(1.05, 20), st.floats(0.001, 0.2))
def test_crossing_of_a_fall_from_above_one(start, factor, before, after):
    snr = falling(start, start * factor, before, after)
    share = np.log(before) / np.log(before / after)
    crossing = (1 + start) ** (1 - share) * (1 + start * factor) ** share - 1
    change, at, to = phase_change(snr, EPOCH)
    # ends between snapshots are fitted by those beside them, which are 15 % apart
    assert change == pytest.approx(crossing, rel=0.15)
    assert (at, to) == (pytest.approx(before, rel=0.15), pytest.approx(after, rel=0.3))


@pytest.mark.parametrize("power", [0.3, 0.7, 1.5])
@pytest.mark.parametrize("change", [20, 350, 1500])
def test_a_power_law_from_drift_to_diffusion_changes_where_it_crosses_one(power, change):
    snr = ((1 + EPOCH) / (1 + change)) ** -power
    assert phase_change(snr, EPOCH)[0] == pytest.approx(change, rel=1e-6)
    noisy = phase_change(snr * noise(0, 0.3, (200, len(EPOCH))), EPOCH)[0]
    # the crossing of the line through 60 points of this scatter has this error, in log epoch, at its middle
    error = 0.3 / np.sqrt(len(EPOCH)) / power
    assert np.nanmedian(noisy) == pytest.approx(change, rel=2 * error + 0.02)


@pytest.mark.parametrize("start", [60, 400])
@pytest.mark.parametrize("before", [0.9, 1.1])
@pytest.mark.parametrize("length", [1.1, 2.0, 5.0])
def test_the_onset_is_found_in_the_noise_of_single_epochs(start, before, length):
    """As measured in the default run: SNR around 1 with a scatter of 0.4 in its logarithm, falling below 0.05."""
    snr = falling(start, length * start, before, 0.03) * noise(start, 0.4, (300, len(EPOCH)))
    crossings = np.diff(snr > 1, axis=1).sum(1)
    assert np.median(crossings) >= 8  # which crossing of 1 is the change?
    change = phase_change(snr, EPOCH)[0]
    assert np.median(change) == pytest.approx(start, rel=0.2)
    assert (np.abs(np.log(change / start)) < np.log(2)).mean() > 0.95


@settings(max_examples=20, deadline=None)
@given(seeds)
def test_scatter_alone_is_seldom_a_change(seed):
    rows = noise(seed, 0.5, (400, len(EPOCH)))
    assert np.isfinite(phase_change(rows, EPOCH)[0]).mean() < 0.05


def test_a_late_excursion_is_not_the_change():
    snr = falling(50, 100, 2.0, 0.05)
    snr[-3] = 1.5
    assert phase_change(snr, EPOCH)[0] == pytest.approx(phase_change(falling(50, 100, 2.0, 0.05), EPOCH)[0], rel=0.1)


@settings(max_examples=20, deadline=None)
@given(seeds)
def test_each_row_is_fitted_alone(seed):
    snr = falling(100, 300, 1.1, 0.05) * noise(seed, 0.4, (2, 3, len(EPOCH)))
    together = np.array(phase_change(snr, EPOCH))
    assert together.shape == (3, 2, 3)
    for at in np.ndindex(2, 3):
        np.testing.assert_allclose(together[:, *at], phase_change(snr[at], EPOCH))


@pytest.mark.parametrize(
    "snr",
    [
        np.full(60, 2.0),  # drift alone
        np.full(60, 0.5),  # diffusion alone
        np.linspace(0.5, 2, 60),  # diffusion, then drift
        0.8 * np.arange(1.0, 61) ** -0.7,  # diffusion from the start, ever more
        np.r_[np.full(30, 5.0), np.full(30, 1.5)],  # a fall that ends in drift
        np.r_[np.full(20, 0.9), np.full(20, 0.5), np.full(20, 9.0)],  # a fall, but a greater rise
        np.full(60, np.inf),  # full batch
        np.r_[np.full(30, 3.0), np.full(20, 0.3), np.full(10, np.nan)],  # diverged
        np.full(60, np.nan),
    ],
)
def test_without_a_change_there_is_no_epoch(snr):
    assert np.isnan(phase_change(snr, np.arange(60))).all()


def test_an_infinite_snr_is_drift():
    snr = np.r_[np.full(10, np.inf), np.full(50, 0.1)]
    assert 9 <= phase_change(snr, np.arange(60))[0] <= 10


def test_thousands_of_snapshots():
    epoch = np.arange(5000)
    snr = np.where(epoch < 800, 0.9, 0.05) * noise(0, 0.4, (3, 5000))
    np.testing.assert_allclose(phase_change(snr, epoch)[0], 800, rtol=0.06)


def test_a_layer_and_its_network_with_an_interval(training, dataset):
    """Of 30 networks whose layers all fall at their own epoch, around 200; the last layer never does."""
    rng = np.random.default_rng(0)
    onset = 200 * np.exp(rng.normal(scale=0.3, size=30))
    snr = np.stack([falling(at, 2 * at, 1.05, 0.05) for at in onset])
    coords = {"replicate": np.arange(30), "epoch": EPOCH}

    def network(scatter):
        nodes = {"/": xr.Dataset(coords=coords)}
        for number in (1, 2, 3):
            level = snr if number < 3 else np.full_like(snr, 3.0)
            mean = level * np.exp(rng.normal(scale=scatter, size=snr.shape))
            norms = {"gradient_mean_norm": mean, "gradient_std_norm": np.ones_like(mean), "weight_norm": mean}
            per_snapshot = {name: (("replicate", "epoch"), values) for name, values in norms.items()}
            nodes[f"/layer_{number}"] = xr.Dataset(per_snapshot, coords)
        return xr.DataTree.from_dict(nodes)

    result = Gradients().measure(network(0.4), dataset)
    assert result.phase_change.sel(layer=3).isnull().mean() > 0.9
    for change in (result.phase_change.sel(layer=1), result.network_phase_change):
        _, low, high, *_ = mean_interval(change, "epochs", "change of phase", "log").values
        assert low < np.median(onset) * 1.15
        assert high > np.median(onset) * 0.85
        assert high < 2 * low
    np.testing.assert_allclose(result.snr_before.sel(layer=1), 1.05, rtol=0.5)
    np.testing.assert_allclose(result.snr_after.sel(layer=1), 0.05, rtol=0.5)


def test_full_batch_has_an_infinite_ratio_and_no_change(training, dataset):
    full = training.map_over_datasets(
        lambda d: d.assign(gradient_std_norm=0 * d.gradient_std_norm) if "gradient_std_norm" in d else d
    )
    result = Gradients().measure(full, dataset)
    assert np.isinf(result.gradient_snr).all()
    assert (result.gradient_std == 0).all()
    for name in ("phase_change", "network_phase_change", "snr_before", "snr_after"):
        assert np.isnan(result[name]).all()


def test_curves_are_normalised_by_the_weights(training, dataset):
    result = Gradients().measure(training, dataset)
    assert set(result.gradient_snr.dims) == {"replicate", "epoch", "layer"}
    for number in (1, 2, 3):
        node, measured = training[f"layer_{number}"].to_dataset(), result.sel(layer=number, drop=True)
        ratio = node.gradient_mean_norm / node.gradient_std_norm
        xr.testing.assert_allclose(measured.gradient_snr, ratio)
        xr.testing.assert_allclose(measured.gradient_mean, node.gradient_mean_norm / node.weight_norm)
        xr.testing.assert_allclose(measured.gradient_std * ratio, measured.gradient_mean)
