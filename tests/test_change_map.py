import numpy as np

from segviz.change.map import loss_gain

BEFORE = np.array([[1, 1, 2], [2, 1, 0]], np.uint8)
AFTER = np.array([[1, 2, 2], [1, 0, 1]], np.uint8)


def test_stable_loss_and_gain():
    codes = loss_gain(BEFORE, AFTER, 1)
    assert codes.tolist() == [[1, 2, 0], [3, 0, 0]]
    assert codes.dtype == np.uint8


def test_in_volumes_background_is_a_place_to_go():
    assert loss_gain(BEFORE, AFTER, 1, nodata=None).tolist() == [[1, 2, 0], [3, 2, 3]]
