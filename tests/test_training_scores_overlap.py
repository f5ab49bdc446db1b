"""Overlap with the truth."""

import numpy as np
import pytest

from segviz.training.scores.overlap import dice, iou, means, row


def test_overlaps_by_hand():
    mask, truth = np.zeros((2, 10, 10), bool)
    mask[:, :4] = True
    truth[:, 2:8] = True
    assert iou(mask, truth) == pytest.approx(20 / 80)
    assert dice(mask, truth) == pytest.approx(40 / 100)
    nothing = np.zeros((2, 2), bool)
    assert iou(nothing, nothing) == dice(nothing, nothing) == 1


def test_a_row_is_rounded_and_means_are_by_name():
    values = means([{"a": 0.5, "b": 1.0}, {"a": 0.25, "b": 0.9999}])
    assert row("two", "Dice", values) == {
        "data": "two",
        "measure": "Dice",
        "values": {"a": 0.375, "b": 1.0},
    }
