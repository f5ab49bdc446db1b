import numpy as np
import pytest
from scipy import ndimage

from segviz.errors import Refused
from segviz.measure.distance_map import (
    binned,
    farthest,
    legend,
    most_differing,
    signed_distances,
)

UNIT = (1.0, 1.0, 1.0)


def box(start, stop, shape=(30, 12, 12)):
    volume = np.zeros(shape, bool)
    volume[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))] = True
    return volume


def test_outside_is_positive_and_inside_negative():
    line = np.zeros((5, 1, 1), bool)
    one, two = line.copy(), line.copy()
    one[1], two[1], two[4] = True, True, True
    points, apart = signed_distances(one, two, (2.0, 1.0, 1.0))
    assert (points.tolist(), apart.tolist()) == ([[1, 0, 0]], [0.0])
    outer, inner = box((2, 2, 2), (9, 9, 9)), box((5, 5, 5), (6, 6, 6))
    assert signed_distances(inner, outer, UNIT)[1].tolist() == [-3.0]
    assert signed_distances(outer, inner, UNIT)[1].min() == 3.0


def test_distances_equal_a_distance_transform():
    noise = ndimage.gaussian_filter(
        np.random.default_rng(2).normal(size=(2, 13, 15, 9)), (0, 2, 2, 2)
    )
    one, two = noise[0] > 0, noise[0] + noise[1] > 0
    spacing = (0.8, 1.1, 3.0)
    points, apart = signed_distances(one, two, spacing)
    edge = two & ~ndimage.binary_erosion(two)
    away = ndimage.distance_transform_edt(~edge, sampling=spacing)
    expected = np.where(two, -away, away)[tuple(points.T)]
    assert apart == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("gap", "name"),
    [
        (0, "under 1 mm"),
        (1, "1 to 2 mm outside"),
        (2, "2 to 5 mm outside"),
        (5, "5 to 10 mm outside"),
        (10, "10 mm and more outside"),
        (14, "10 mm and more outside"),
    ],
)
def test_bins_begin_at_their_lower_end(gap, name):
    one, two = box((gap, 0, 0), (gap + 1, 1, 1)), box((0, 0, 0), (1, 1, 1))
    found = binned(one, two, UNIT)
    assert np.count_nonzero(found) == 1
    assert legend()[int(found[gap, 0, 0])].name == name


def test_inside_has_its_own_bins():
    outer, inner = box((2, 2, 2), (9, 9, 9)), box((5, 5, 5), (6, 6, 6))
    assert legend()[int(binned(inner, outer, UNIT)[5, 5, 5])].name == "2 to 5 mm inside"
    assert len({label.color for label in legend()}) == len(legend()) == 9


@pytest.mark.parametrize("empty", [0, 1])
def test_without_a_surface_there_is_no_map(empty):
    pair = [box((2, 2, 2), (4, 4, 4)), box((2, 2, 2), (4, 4, 4))]
    pair[empty][:] = False
    with pytest.raises(Refused) as refused:
        binned(*pair, UNIT)
    assert refused.value.code == "SV-NUM-020"
    assert farthest(*pair, UNIT) is None


def test_the_farthest_voxel_of_either():
    one, two = box((2, 2, 2), (5, 5, 5)), box((2, 2, 2), (5, 5, 5))
    two[2, 2, 9] = True
    assert farthest(one, two, (1.0, 1.0, 2.0)) == {"at": [2, 2, 9], "mm": 10.0}
    assert farthest(two, one, (1.0, 1.0, 2.0)) == {"at": [2, 2, 9], "mm": 10.0}


def test_the_slice_that_differs_most():
    one, two = box((0, 0, 2), (4, 4, 6)), box((0, 0, 2), (4, 4, 6))
    two[0, 0, 3] = False
    one[1:4, 1:4, 5] = False
    found = most_differing(one, two, (0.5, 2.0, 3.0))
    assert found == {"at": [2, 2, 5], "mm2": 9.0}
    assert most_differing(one, one, UNIT) is None
