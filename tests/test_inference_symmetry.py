"""The plane of symmetry of a head."""

import numpy as np
import pytest

from segviz.inference.symmetry import Plane, best_plane, cells_of

ACROSS_X = Plane(np.array([1.0, 0, 0]), 4.0)


@pytest.mark.parametrize("across", [0, 1, 2])
def test_the_plane_of_a_phantom_is_found(across):
    """Its brightness is the distance from the plane 24/25 x + 7/25 y = 10 mm."""
    normal = np.roll([24 / 25, 7 / 25, 0], across)
    places = np.random.default_rng(0).uniform(-50, 50, (2000, 3))

    def brightness(places):
        return np.abs(places @ normal - 10)

    def unlike(mirrored, part):
        return np.abs(brightness(mirrored) - brightness(places[part])).mean()

    plane = best_plane(places, unlike, across)
    assert plane.normal == pytest.approx(normal, abs=1e-3)
    assert plane.distance == pytest.approx(10, abs=0.1)


def test_mirror_images_lie_as_far_on_the_other_side():
    assert ACROSS_X.mirrored(np.array([[5.0, 1, 2], [4, 0, 0]])).tolist() == [[3, 1, 2], [4, 0, 0]]


def test_cells_above_a_plane_lie_where_its_normal_points():
    above = ACROSS_X.above((4, 1, 1), (2.0, 1.0, 1.0))
    assert above.ravel().tolist() == [False, False, False, True]


def test_places_outside_a_grid_have_no_cell():
    places = np.array([[0.0, 0, 0], [5.9, 0, 2.2], [7.1, 0, 0], [-1.1, 0, 0]])
    cells, inside = cells_of(places, np.array([2.0, 1, 1]), (4, 1, 3))
    assert inside.tolist() == [True, True, False, False]
    assert np.transpose(cells).tolist() == [[0, 0, 0], [3, 0, 2]]
