"""Intensities as networks of others expect them."""

import numpy as np
import pytest

from segviz.inference.intensity import clipped, prepared, ranged, spread, zscore

VALUES = np.array([0, 1, 3], np.float32).reshape(3, 1, 1)


def flat(values):
    return values.ravel().tolist()


def test_zscore_of_all_or_of_what_is_not_0():
    assert flat(zscore(VALUES)) == pytest.approx([-1.069, -0.267, 1.336], abs=1e-3)
    assert flat(zscore(VALUES, masked=True)) == [0, -1, 1]
    assert flat(zscore(np.zeros_like(VALUES), masked=True)) == [0, 0, 0]
    assert np.isfinite(zscore(np.ones_like(VALUES))).all()


def test_ct_is_clipped_and_scaled_by_numbers_of_the_training_scans():
    assert flat(clipped(VALUES, 0.5, 2, 1, 0.5)) == [-1, 0, 2]


def test_a_range_becomes_another_one():
    assert flat(ranged(VALUES, 0, 2, [0, 1], True)) == [0, 0.5, 1]
    assert flat(ranged(VALUES, 0, 2, [0, 1], False)) == [0, 0.5, 1.5]
    assert flat(spread(VALUES, [-1, 2])) == [-1, 0, 2]
    assert flat(spread(np.ones_like(VALUES), [-1, 2])) == [-1, -1, -1]


def test_steps_run_in_order_in_the_box_of_what_is_not_0():
    values = np.zeros((4, 3, 2), np.float32)
    values[1, 1:, 1] = 2, 6
    steps = [
        {"step": "ranged", "low": 0, "high": 2, "to": [0, 1], "clip": False},
        {"step": "zscore"},
    ]
    result, box = prepared(values, steps, crop=True)
    assert box == (slice(1, 2), slice(1, 3), slice(1, 2))
    assert flat(result[box]) == [-1, 1]
    assert np.count_nonzero(result) == 2
    assert prepared(values, [], crop=False)[1] == (slice(0, 4), slice(0, 3), slice(0, 2))
    assert prepared(np.zeros_like(values), [], crop=True)[1][0] == slice(0, 4)
