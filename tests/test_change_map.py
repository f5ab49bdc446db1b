import numpy as np
import pytest

from segviz.change.map import LOSS, flow, loss_dates, loss_gain

BEFORE = np.array([[1, 1, 2], [2, 1, 0]], np.uint8)
AFTER = np.array([[1, 2, 2], [1, 0, 1]], np.uint8)


def test_stable_loss_and_gain():
    codes = loss_gain(BEFORE, AFTER, 1)
    assert codes.tolist() == [[1, 2, 0], [3, 0, 0]]
    assert codes.dtype == np.uint8


def test_in_volumes_background_is_a_place_to_go():
    assert loss_gain(BEFORE, AFTER, 1, nodata=None).tolist() == [[1, 2, 0], [3, 2, 3]]


def test_one_flow():
    assert flow(BEFORE, AFTER, 1, 2).tolist() == [[0, 1, 0], [0, 0, 0]]
    assert flow(BEFORE, AFTER, 2, 1).tolist() == [[0, 0, 0], [1, 0, 0]]


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        ((1, 1, 1), 1),
        ((1, 2, 2), 2),
        ((1, 1, 2), 3),
        ((1, 2, 1), 2),
        ((1, 0, 2), 3),
        ((1, 0, 0), 1),
        ((0, 1, 2), 3),
        ((2, 1, 2), 3),
        ((2, 2, 2), 0),
        ((0, 0, 0), 0),
        ((2, 0, 1), 1),
    ],
)
def test_when_a_label_was_lost(seen, code):
    dates = [np.full((1, 2), label, np.uint8) for label in seen]
    assert loss_dates(dates, 1).tolist() == [[code, code]]


def test_losses_between_two_dates_are_those_of_loss_and_gain():
    random = np.random.default_rng(5)
    before, after = random.integers(0, 4, (2, 40, 50)).astype(np.uint8)
    assert ((loss_dates([before, after], 1) == 2) == (loss_gain(before, after, 1) == LOSS)).all()
