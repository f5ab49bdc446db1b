import numpy as np
import pytest

from segviz.edit.polygon import fill
from segviz.errors import Refused

SHAPE = (30, 40)


def filled(points, shape=SHAPE):
    mask = np.zeros(shape, bool)
    mask[fill(shape, points)] = True
    return mask


def crossings(points, row, column):
    """Edges that a ray from the cell to the left crosses."""
    count = 0
    for (row0, column0), (row1, column1) in zip(points, np.roll(points, -1, axis=0), strict=True):
        if min(row0, row1) <= row < max(row0, row1):
            count += column >= column0 + (column1 - column0) * (row - row0) / (row1 - row0)
    return count


def test_a_box_between_cells_holds_the_centres_inside():
    mask = filled([(1.5, 2.5), (1.5, 6.5), (4.5, 6.5), (4.5, 2.5)])
    assert mask[2:5, 3:7].all()
    assert mask.sum() == 12


def test_a_hole_drawn_in_one_line_stays_empty():
    outer = [(0.5, 0.5), (0.5, 9.5), (9.5, 9.5), (9.5, 0.5), (0.5, 0.5)]
    inner = [(3.5, 3.5), (3.5, 6.5), (6.5, 6.5), (6.5, 3.5), (3.5, 3.5)]
    assert filled(outer + inner).sum() == 81 - 9


def test_neighbours_share_an_edge_and_no_cell():
    left = filled([(0, 0), (0, 10), (20, 15), (20, 0)])
    right = filled([(0, 10), (0, 30), (20, 30), (20, 15)])
    assert not (left & right).any()
    assert ((left | right) == filled([(0, 0), (0, 30), (20, 30), (20, 0)])).all()


@pytest.mark.parametrize("seed", range(20))
def test_even_odd_rule_on_any_polygon(seed):
    random = np.random.default_rng(seed)
    points = random.uniform(-10, 45, (random.integers(3, 9), 2))
    expected = [[crossings(points, r, c) % 2 == 1 for c in range(40)] for r in range(30)]
    assert (filled(points) == expected).all()


@pytest.mark.parametrize("points", [[], [(3, 3)], [(3, 3), (9, 9)]])
def test_less_than_a_triangle_is_nothing(points):
    assert filled(points).sum() == 0


def test_what_is_no_position_is_refused():
    with pytest.raises(Refused, match="SV-EDIT-002"):
        fill(SHAPE, [(0, 0), (1, float("inf")), (2, 2)])
