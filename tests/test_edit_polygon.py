import numpy as np
import pytest
from canvases import after, scene, volume

from segviz.edit.polygon import fill, polygon
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


RING = [(0.5, 0.5), (0.5, 9.5), (9.5, 9.5), (9.5, 0.5)]
HOLE = [(3.5, 3.5), (3.5, 6.5), (6.5, 6.5), (6.5, 3.5)]


def test_rings_inside_a_ring_are_holes():
    mask = np.zeros(SHAPE, bool)
    mask[fill(SHAPE, RING, HOLE)] = True
    assert mask.sum() == 81 - 9


def test_the_same_shape_in_a_range_of_slices():
    canvas = volume(np.zeros((10, 12, 14), np.uint8))
    corners = [(1.5, 5, 2.5), (1.5, 5, 6.5), (4.5, 5, 6.5), (4.5, 5, 2.5)]
    one = after(canvas, polygon(canvas, label=3, points=corners, plane=1))
    assert (one[2:5, 5, 3:7] == 3).all() and (one > 0).sum() == 12
    five = after(canvas, polygon(canvas, label=3, points=corners, plane=1, slices=(9, 20)))
    assert (five[2:5, 9:, 3:7] == 3).all() and (five > 0).sum() == 36


@pytest.mark.parametrize("plane", [0, 1, 2])
def test_a_plane_is_a_picture_with_rows_along_its_second_axis(plane):
    random = np.random.default_rng(plane)
    canvas = volume(np.zeros((30, 30, 30), np.uint8))
    corners = random.uniform(-5, 35, (7, 3))
    corners[:, plane] = 4
    across, up = [a for a in range(3) if a != plane]
    mask = after(canvas, polygon(canvas, label=1, points=corners, plane=plane))
    expected = filled(corners[:, [up, across]], (30, 30))
    assert (np.take(mask, 4, axis=plane) == expected.T).all()
    assert mask.sum() == expected.sum()


def test_a_scene_in_bands_is_as_at_once(monkeypatch):
    monkeypatch.setattr("segviz.edit.polygon.BAND", 40 * 3)
    canvas = scene(np.ones(SHAPE, np.uint8))
    corners = np.random.default_rng(1).uniform(-10, 45, (8, 2))
    mask = after(canvas, polygon(canvas, label=0, points=corners))
    assert ((mask == 0) == filled(corners[:, ::-1] - 0.5)).all()


def test_a_polygon_outside_changes_nothing():
    for canvas in (scene(np.zeros(SHAPE, np.uint8)), volume(np.zeros((5, 5, 5), np.uint8))):
        corners = np.full((3, canvas.labels.ndim), -9.0) + np.eye(3, canvas.labels.ndim)
        for points in (corners, []):
            assert after(canvas, polygon(canvas, label=1, points=points)).sum() == 0
