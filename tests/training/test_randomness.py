import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2, kstest

from infoplane.training.backend import tf
from infoplane.training.randomness import initial_seed, normal, permutation, replicate_keys, uniform

at_any_epoch = tf.function(permutation)  # traced once for a size


def orders(seed, replicates, epoch, size):
    return permutation(tf.constant(replicate_keys(seed, range(replicates))), tf.constant(epoch), size).numpy()


@given(size=st.integers(1, 400), epoch=st.integers(0, 10**6), seed=st.integers(0, 2**40))
@settings(max_examples=30, deadline=None)
def test_every_sample_once(size, epoch, seed):
    np.testing.assert_array_equal(np.sort(orders(seed, 3, epoch, size), axis=1), np.tile(np.arange(size), (3, 1)))


def chi_square_p(counts):
    expected = counts.sum() / counts.size
    return chi2.sf(((counts - expected) ** 2 / expected).sum(), counts.size - 1)


def test_places_are_uniform():
    """Each sample comes at each place equally often, over replicates and over epochs."""
    size = 32
    over_replicates = orders(1, 6000, 0, size)
    keys = tf.constant(replicate_keys(1, range(10)))
    over_epochs = np.concatenate([at_any_epoch(keys, tf.constant(e), size).numpy() for e in range(600)])
    for order in (over_replicates, over_epochs):
        counts = np.stack([np.bincount(order[:, place], minlength=size) for place in range(size)])
        assert chi_square_p(counts[:, :-1]) > 1e-3


def test_neighbours_in_the_order_are_unrelated():
    """The step from one sample to the next, and to the same place of the next epoch, is uniform."""
    size = 64
    now, later = (orders(2, 3000, epoch, size) for epoch in (4, 5))
    steps = (now[:, 1::2] - now[:, ::2]) % size
    assert chi_square_p(np.bincount(steps.ravel(), minlength=size)[1:]) > 1e-3
    assert chi_square_p(np.bincount(((later - now) % size).ravel(), minlength=size)) > 1e-3


def test_batches_mix():
    """Two samples share a batch as often as in a uniform shuffle: 1 in (n - 1) / (b - 1)."""
    size, batch, epochs = 128, 16, 300
    keys = tf.constant(replicate_keys(3, range(20)))
    together = np.zeros((size, size))
    for epoch in range(epochs):
        place = np.argsort(at_any_epoch(keys, tf.constant(epoch), size).numpy(), axis=1) // batch
        together += (place[:, :, None] == place[:, None]).sum(axis=0)
    pairs = together[np.triu_indices(size, 1)]
    trials, chance = 20 * epochs, (batch - 1) / (size - 1)
    z = (pairs - trials * chance) / np.sqrt(trials * chance * (1 - chance))
    assert abs(z.mean()) < 0.05
    assert 0.9 < z.std() < 1.1
    assert np.abs(z).max() < 6


def test_uniform_numbers():
    keys = tf.constant(replicate_keys(0, range(50)))
    numbers = uniform(keys, (8, 64)).numpy()
    assert numbers.min() >= 0
    assert numbers.max() < 1
    assert kstest(numbers.ravel()[::3], "uniform").pvalue > 1e-3
    correlations = np.corrcoef(numbers.reshape(50, -1))[np.triu_indices(50, 1)]
    assert np.abs(correlations).max() < 0.25


def test_normal_numbers():
    numbers = normal(tf.constant(replicate_keys(0, range(50))), (8, 64)).numpy().reshape(50, -1)
    assert np.isfinite(numbers).all()
    assert kstest(numbers.ravel()[::3], "norm").pvalue > 1e-3
    assert np.abs(np.corrcoef(numbers)[np.triu_indices(50, 1)]).max() < 0.25


def test_keys_depend_on_seed_and_replicate_alone():
    np.testing.assert_array_equal(replicate_keys(5, range(3, 9)), replicate_keys(5, range(10))[3:9])
    assert len(np.unique([replicate_keys(s, range(200)) for s in range(20)])) == 4000
    assert len({initial_seed(s, r, n) for s in range(5) for r in range(20) for n in range(8)}) == 800
