import numpy as np
import pytest

from segviz.measure.diameters import hull, in_plane

ROW, COLUMN = np.mgrid[-20:21, -20:21]
NOTHING = np.zeros((5, 5), bool)


def test_ellipse_of_the_reference():
    ellipse = (COLUMN / 15) ** 2 + (ROW / 8) ** 2 <= 1
    assert ellipse.sum() == 367
    assert in_plane(ellipse, (1.0, 1.0)) == pytest.approx((30.0, 16.0))


def test_spacing_of_both_axes_counts():
    ellipse = (COLUMN / 15) ** 2 + (ROW / 8) ** 2 <= 1
    assert in_plane(ellipse, (4.0, 0.5)) == pytest.approx((64.0, 15.0))


def test_a_turned_ellipse_keeps_its_diameters():
    along, across = (COLUMN + ROW) / np.sqrt(2), (COLUMN - ROW) / np.sqrt(2)
    longest, perpendicular = in_plane((along / 18) ** 2 + (across / 9) ** 2 <= 1, (1.0, 1.0))
    assert longest == pytest.approx(36, abs=1)
    assert perpendicular == pytest.approx(18, abs=1.5)


def test_rectangle_has_its_diagonal():
    box = np.ones((10, 20), bool)
    longest, perpendicular = in_plane(box, (1.0, 1.0))
    assert longest == pytest.approx(np.hypot(9, 19))
    assert perpendicular == pytest.approx(9 * np.hypot(9, 19) / 19)


def test_no_voxel_and_one_voxel_have_no_length():
    assert in_plane(NOTHING, (1.0, 1.0)) == (0.0, 0.0)
    one = NOTHING.copy()
    one[2, 3] = True
    assert in_plane(one, (1.0, 1.0)) == (0.0, 0.0)


def test_two_voxels_are_one_step_apart():
    two = NOTHING.copy()
    two[2:4, 3] = True
    assert in_plane(two, (2.0, 1.0)) == (2.0, 0.0)


def test_hull_keeps_corners_only():
    assert sorted(map(tuple, hull(np.ones((4, 6), bool)).tolist())) == [
        (0, 0), (0, 5), (3, 0), (3, 5),
    ]  # fmt: skip


def brute_force(mask, spacing):
    """All pairs for the longest; for the perpendicular the hull of shapely."""
    from shapely.geometry import LineString, MultiPoint

    points = np.argwhere(mask) * spacing
    apart = np.linalg.norm(points[:, None] - points, axis=2)
    outline, widest = MultiPoint(points).convex_hull.buffer(1e-9), 0.0
    for first, second in np.argwhere(apart >= apart.max() - 1e-9):
        across = (points[second] - points[first])[::-1] * (-1, 1) / apart.max()
        chords = [LineString([p - 99 * across, p + 99 * across]) for p in points]
        widest = max(widest, *(chord.intersection(outline).length for chord in chords))
    return float(apart.max()), widest


@pytest.mark.parametrize("seed", range(12))
def test_any_shape_against_all_pairs(seed):
    random = np.random.default_rng(seed)
    mask = random.random((9, 11)) < random.choice([0.05, 0.2, 0.6])
    mask[4, :3] = True
    spacing = tuple(random.uniform(0.5, 2.0, 2))
    assert in_plane(mask, spacing) == pytest.approx(brute_force(mask, spacing), abs=1e-4)
