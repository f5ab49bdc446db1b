import numpy as np
import pytest

from segviz.measure.diameters import calipers, hull, in_plane, in_space, plane_axes

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


@pytest.mark.parametrize("seed", range(12))
def test_calipers_have_these_lengths_and_lie_on_the_outline(seed):
    random = np.random.default_rng(seed)
    mask = random.random((9, 11)) < random.choice([0.05, 0.2, 0.6])
    mask[4, :3] = True
    spacing = random.uniform(0.5, 2.0, 2)
    lines = calipers(mask, np.diag(spacing))
    assert [line.mm for line in lines] == pytest.approx(in_plane(mask, tuple(spacing)))
    longest, across = (np.subtract(line.end, line.start) * spacing for line in lines)
    assert np.linalg.norm(longest) == pytest.approx(lines[0].mm)
    assert np.linalg.norm(across) == pytest.approx(lines[1].mm)
    assert longest @ across == pytest.approx(0, abs=1e-9)
    assert mask[tuple(map(int, lines[0].start))] and mask[tuple(map(int, lines[0].end))]


def test_calipers_of_a_rectangle_meet_near_its_middle():
    longest, across = calipers(np.ones((3, 9), bool), np.eye(2))
    assert longest.mm == pytest.approx(np.hypot(2, 8))
    assert np.mean([across.start, across.end], axis=0) == pytest.approx((1, 4), abs=1e-9)


@pytest.mark.parametrize(
    ("cells", "edges"),
    [
        ([(2, 2)], (2.0, 1.0)),
        ([(2, 2), (2, 3)], (4.0, 1.0)),
        ([(2, 2), (3, 2)], (2.0, 2.0)),
        ([(1, 1), (2, 2)], (2 * np.hypot(1, 2), 5 / np.hypot(1, 2) / 2)),
    ],
)
def test_edges_are_where_the_line_leaves_its_voxels(cells, edges):
    """Rows are 1 mm apart, columns 2 mm: +1 voxel in the direction of the line."""
    mask = np.zeros((5, 5), bool)
    mask[tuple(np.transpose(cells))] = True
    lines = calipers(mask, np.diag([1.0, 2.0]))
    assert tuple(line.edge_mm for line in lines) == pytest.approx(edges)


def test_axes_of_a_leaning_plane_keep_its_lengths_and_angles():
    affine = np.eye(4)
    affine[:3, :3] = np.random.default_rng(0).normal(size=(3, 3))
    axes = plane_axes(affine)
    steps = affine[:3, :2].T
    assert axes @ axes.T == pytest.approx(steps @ steps.T)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("shape", [(9, 8, 7), (1, 9, 8), (1, 1, 9), (2, 2, 2)])
def test_the_3d_diameter_is_that_of_all_pairs(shape, seed):
    random = np.random.default_rng(seed)
    binary = random.random(shape) < random.choice([0.1, 0.5])
    binary[0, 0, 0] = True
    axes = random.normal(size=(3, 3))
    points = np.argwhere(binary) @ axes
    line = in_space(binary, axes)
    assert line.mm == pytest.approx(np.linalg.norm(points[:, None] - points, axis=2).max())
    assert np.linalg.norm(np.subtract(line.end, line.start) @ axes) == pytest.approx(line.mm)
    assert all(binary[tuple(map(int, end))] for end in (line.start, line.end))
