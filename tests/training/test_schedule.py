import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from infoplane.training.schedule import snapshot_epochs


@given(epochs=st.integers(1, 20_000), snapshots=st.integers(2, 300))
def test_first_last_distinct_and_as_many_as_asked(epochs, snapshots):
    chosen = snapshot_epochs(epochs, snapshots)
    assert chosen[0] == 0
    assert chosen[-1] == epochs
    assert (np.diff(chosen) > 0).all()
    assert len(chosen) <= min(snapshots, epochs + 1)
    assert len(chosen) >= 0.9 * min(snapshots, epochs + 1)


def test_log_spacing():
    """From where rounding does not matter, epochs grow by a constant factor."""
    chosen = snapshot_epochs(10_000, 60)
    factors = chosen[chosen > 100][1:] / chosen[chosen > 100][:-1]
    assert len(chosen) == 60
    assert factors.max() - factors.min() < 0.02


def test_short_training_records_every_epoch():
    np.testing.assert_array_equal(snapshot_epochs(5, 60), np.arange(6))
