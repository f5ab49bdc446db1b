"""Haze by dark ground."""

import numpy as np

from segviz.inference.haze import LEAST, MOST, haze

CLEAR = (20.0, 40.0)


def ground(dark, bright=100):
    """Two bands in which three cells of a hundred are dark."""
    cells = np.full((2, 20, 20), bright, np.uint8)
    cells[:, 0, :12] = np.array(dark)[:, None]
    return cells


def test_haze_is_what_dark_ground_has_more_than_under_clear_air():
    assert haze(ground((20, 40)), CLEAR).tolist() == [0, 0]
    assert haze(ground((27, 52)), CLEAR).tolist() == [7, 12]


def test_one_dark_cell_is_no_dark_ground():
    cells = ground((27, 52))
    cells[:, 5, 5] = 0
    assert haze(cells, CLEAR).tolist() == [7, 12]


def test_a_scene_without_dark_ground_is_not_taken_for_thick_haze():
    assert haze(ground((100, 100)), CLEAR).tolist() == [MOST, MOST]
    assert haze(ground((0, 0)), CLEAR).tolist() == [LEAST, LEAST]


def test_a_scene_without_cells_has_no_haze():
    assert haze(np.zeros((2, 0)), CLEAR).tolist() == [0, 0]
