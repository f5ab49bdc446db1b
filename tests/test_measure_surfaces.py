import numpy as np
import pytest

from segviz.measure.surfaces import (
    hausdorff95,
    mean_distance,
    patch_areas,
    surface_dice,
    voxel_distances,
)

UNIT = (1.0, 1.0, 1.0)


def box(start, stop, shape=(12, 12, 12)):
    volume = np.zeros(shape, bool)
    volume[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))] = True
    return volume


def test_two_voxels_apart():
    one, two = box((2, 2, 2), (3, 3, 3)), box((2, 2, 5), (3, 3, 6))
    distances = voxel_distances(one, two, (1.0, 1.0, 2.0))
    assert [part.tolist() for part in distances] == [[6.0], [6.0]]
    assert hausdorff95(distances) == mean_distance(distances) == 6.0


def test_the_border_of_the_array_is_a_surface():
    whole = np.ones((3, 3, 3), bool)
    assert [len(part) for part in voxel_distances(whole, whole, UNIT)] == [26, 26]


def test_the_worse_direction_counts():
    assert hausdorff95((np.array([0.0, 1.0]), np.array([0.0, 3.0]))) == pytest.approx(2.85)


def test_patches_of_a_plane_and_of_a_corner():
    areas = patch_areas((1.0, 2.0, 3.0))
    assert areas[0] == areas[255] == 0
    assert areas[0b00001111] == pytest.approx(6.0)  # normal to the first axis: 2 x 3 mm
    assert areas[0b00000001] == pytest.approx(0.875)  # triangle (0.5, 0, 0) (0, 1, 0) (0, 0, 1.5)
    assert (areas == areas[::-1]).all()


def test_patches_equal_monais_table():
    utils = pytest.importorskip("monai.metrics.utils")
    table, _ = utils.get_code_to_measure_table((3.0, 0.5, 0.7))
    order = [sum(((code >> bit) & 1) << (7 - bit) for bit in range(8)) for code in range(256)]
    assert patch_areas((3.0, 0.5, 0.7))[order] == pytest.approx(table.numpy(), abs=1e-6)


def test_surface_dice_of_a_shift():
    one, two = box((2, 2, 2), (6, 6, 6)), box((2, 2, 3), (6, 6, 7))
    assert surface_dice(one, one, 0.0, UNIT) == 1.0
    assert surface_dice(one, two, 1.0, UNIT) == 1.0
    assert 0.0 < surface_dice(one, two, 0.5, UNIT) < 1.0
