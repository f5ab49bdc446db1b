"""Separable resampling."""

import numpy as np
import pytest
from scipy import ndimage

from segviz.inference.resample import along_axes, axis_weights


def test_half_way_is_the_mean():
    assert axis_weights(3, np.array([0.5])).tolist() == [[0.5, 0.5, 0.0]]


def test_positions_outside_are_held():
    assert axis_weights(3, np.array([-2.0, 9.0])).tolist() == [[1, 0, 0], [0, 0, 1]]


def test_weights_sum_to_one_and_keep_a_constant():
    weights = axis_weights(10, np.linspace(0, 9, 4), width=3)
    assert weights.sum(axis=1) == pytest.approx(1)
    assert along_axes(np.full((10, 10), 7, np.float32), [weights, weights]) == pytest.approx(7)


def test_linear_interpolation_equals_scipy():
    rng = np.random.default_rng(0)
    values = rng.random((5, 6, 7)).astype(np.float32)
    positions = [np.sort(rng.uniform(0, n - 1, 4)) for n in values.shape]
    ours = along_axes(
        values, [axis_weights(n, p) for n, p in zip(values.shape, positions, strict=True)]
    )
    theirs = ndimage.map_coordinates(values, np.meshgrid(*positions, indexing="ij"), order=1)
    assert ours == pytest.approx(theirs, abs=1e-6)


def test_leading_axes_are_left_alone():
    values = np.arange(12, dtype=np.float32).reshape(2, 6)
    assert along_axes(values, [axis_weights(6, np.arange(6))]).tolist() == values.tolist()
