import numpy as np
import pytest

from segviz.edit.brush import stroke
from segviz.errors import Refused

SHAPE = (70, 90)


def painted(points, radius, shape=SHAPE):
    mask = np.zeros(shape, bool)
    mask[stroke(shape, points, radius)] = True
    return mask


def within(points, radius, shape=SHAPE):
    """Distance of every cell to every segment, one by one."""
    row, column = np.mgrid[: shape[0], : shape[1]]
    near = np.zeros(shape, bool)
    for begin, end in zip(points, points[1:] if len(points) > 1 else points, strict=False):
        step = np.subtract(end, begin)
        length = step @ step
        along = ((row - begin[0]) * step[0] + (column - begin[1]) * step[1]) / (length or 1)
        along = np.clip(along, 0, 1)
        apart = (row - begin[0] - along * step[0]) ** 2 + (column - begin[1] - along * step[1]) ** 2
        near |= apart <= radius**2 + 1e-9
    return near


@pytest.mark.parametrize(("radius", "cells"), [(1, 5), (2, 13), (3, 29), (5, 81), (10, 317)])
def test_a_click_paints_a_disc(radius, cells):
    rows, columns = stroke(SHAPE, [(30, 40)], radius)
    assert len(rows) == cells
    assert ((rows - 30) ** 2 + (columns - 40) ** 2 <= radius**2).all()


def test_a_fast_stroke_has_no_gaps():
    rows, columns = stroke(SHAPE, [(10, 10), (10, 60)], 0.5)
    assert rows.tolist() == [10] * 51
    assert columns.tolist() == list(range(10, 61))


@pytest.mark.parametrize("seed", range(20))
def test_every_cell_within_the_radius_and_no_other(seed):
    random = np.random.default_rng(seed)
    points = random.uniform(-20, 100, (random.integers(1, 6), 2))
    radius = random.uniform(0.5, 15)
    assert (painted(points, radius) == within(points, radius)).all()


def test_cells_on_the_rim_of_a_slanted_stroke_count():
    points, radius = [(10.0, 10.0), (40.0, 50.0)], 5
    assert (painted(points, radius) == within(points, radius)).all()


def test_each_cell_comes_once_in_order():
    rows, columns = stroke(SHAPE, [(5, 5), (20, 20), (5, 5), (8, 30)], 4)
    assert (np.diff(rows * SHAPE[1] + columns) > 0).all()


def test_outside_the_mask_nothing_is_painted():
    assert len(stroke(SHAPE, [(-50, 10)], 5)[0]) == 0
    assert len(stroke(SHAPE, [(1e12, 1e12), (1e12, 2e12)], 5)[0]) == 0
    assert len(stroke(SHAPE, [], 5)[0]) == 0


@pytest.mark.parametrize("points", [[(1, float("nan"))], [("a", 2)], [1, 2, 3], None])
def test_what_is_no_position_is_refused(points):
    with pytest.raises(Refused, match="SV-EDIT-002"):
        stroke(SHAPE, points, 5)
