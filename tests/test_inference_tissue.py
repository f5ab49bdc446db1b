"""The border between two tissues by their brightness."""

import numpy as np
import pytest

from segviz.inference.tissue import Border

SHAPE = (30, 20, 20)
UNIT = tuple(np.eye(n, dtype=np.float32) for n in SHAPE)


def soft(edge=14.5, width=6.0):
    """Shares of two tissues along the first axis that cross at ``edge``, sure far from it."""
    one = np.clip(0.5 + (edge - np.arange(SHAPE[0])) / width, 0.0, 1.0)
    both = np.stack([one, 1 - one])[:, :, None, None]
    return np.broadcast_to(both, (2, *SHAPE)).astype(np.float32).copy()


def step(edge, one=100.0, other=50.0):
    """Brightness that changes at ``edge``, with a little noise."""
    values = np.where(np.arange(SHAPE[0]) < edge, one, other)[:, None, None]
    noise = np.random.default_rng(0).normal(0, 3, SHAPE)
    return (values + noise).astype(np.float32)


def sharpened(shares, brightness):
    border = Border.of(shares, brightness, (2.0, 2.0, 2.0), (1, 2))
    assert border is not None
    border.sharpen(shares, brightness, UNIT)
    return shares


def test_the_border_goes_where_the_brightness_changes():
    """The network put it at 14.5, the scan has it at 16: two layers of cells change sides."""
    shares = soft()
    assert (shares[0, 15:17] < 0.5).all()
    shares = sharpened(shares, step(17))
    assert (shares[0, :17] > 0.5).mean() > 0.99
    assert (shares[0, 17:] < 0.5).mean() > 0.99


@pytest.mark.parametrize(("one", "other"), [(50.0, 100.0), (100.0, 50.0)])
def test_which_tissue_is_brighter_does_not_matter(one, other):
    shares = sharpened(soft(), step(17, one, other))
    assert (shares[0, :17] > 0.5).mean() > 0.99


def test_what_two_tissues_share_stays_the_same():
    shares = soft() * np.float32(0.7)
    shares[:, :3] /= np.float32(0.7)
    shares[:, -3:] /= np.float32(0.7)
    before = shares.sum(axis=0)
    np.testing.assert_allclose(sharpened(shares, step(17)).sum(axis=0), before, rtol=1e-6)


def test_tissues_of_the_same_brightness_stay_where_they_are():
    shares = sharpened(soft(), step(17, 80.0, 80.0))
    np.testing.assert_allclose(shares, soft(), atol=0.05)


def test_a_lesion_far_brighter_than_both_does_not_change_sides():
    """Deep in the darker tissue something three times as bright; the network is sure there."""
    brightness = step(17)
    brightness[25:28, 8:11, 8:11] = 300
    shares = soft(width=30.0)
    shares[:, 18:] = np.array([0.001, 0.999], np.float32)[:, None, None, None]
    shares[:, :10] = np.array([0.999, 0.001], np.float32)[:, None, None, None]
    shares = sharpened(shares, brightness)
    assert (shares[1, 25:28, 8:11, 8:11] > 0.5).all()


def test_without_sure_cells_nothing_is_known():
    assert Border.of(np.full((2, *SHAPE), 0.5, np.float32), step(17), (2, 2, 2), (1, 2)) is None
