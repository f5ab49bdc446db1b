"""How far volumes may be off, against spheres and against all ways to draw lots."""

from itertools import product

import numpy as np
import pytest

from segviz.grid import VolumeGrid
from segviz.measure.uncertainty import expected, half_voxel_ml, of_difference, surface_cells

CUBES = VolumeGrid((1, 1, 1), np.eye(4))


def ellipsoid(radii: tuple[float, float, float]) -> np.ndarray:
    shape = [2 * int(r) + 5 for r in radii]
    away = [(np.arange(n) - n // 2 + 0.27) / r for n, r in zip(shape, radii, strict=True)]
    x, y, z = np.meshgrid(*away, indexing="ij")
    return x**2 + y**2 + z**2 <= 1


@pytest.mark.parametrize("radius", [4, 6, 10, 20])
def test_the_surface_of_a_sphere(radius):
    surface = surface_cells(ellipsoid((radius, radius, radius)))
    assert surface == pytest.approx(4 * np.pi * radius**2, rel=0.02)


@pytest.mark.parametrize("radius_mm", [5.0, 10.0, 15.0])
@pytest.mark.parametrize("size_mm", [0.5, 1.0])
def test_half_a_voxel_around_a_sphere(radius_mm, size_mm):
    """Half of what lies between the spheres with half a voxel more and half a voxel less."""
    inside = ellipsoid((radius_mm / size_mm,) * 3)
    grid = VolumeGrid(inside.shape, np.diag([size_mm] * 3 + [1]))
    more, less = ((radius_mm + step * size_mm / 2) ** 3 for step in (1, -1))
    exact_ml = 4 / 3 * np.pi * (more - less) / 2 / 1000
    assert half_voxel_ml(inside, grid) == pytest.approx(exact_ml, rel=0.03)


def test_half_a_voxel_is_half_of_each_spacing():
    """A sphere of 12 mm in slices of 3 mm: half the surface of an ellipsoid of 12 x 12 x 4."""
    inside = ellipsoid((12, 12, 4))
    grid = VolumeGrid(inside.shape, np.diag([-1.0, 1.0, 3.0, 1.0]))
    e = np.sqrt(1 - 4**2 / 12**2)
    surface = 2 * np.pi * 12**2 * (1 + (1 - e**2) / e * np.arctanh(e))
    assert half_voxel_ml(inside, grid) == pytest.approx(0.5 * surface * 0.003, rel=0.03)


def test_turned_and_mirrored_it_is_the_same():
    inside = np.random.default_rng(0).random((6, 7, 8)) < 0.4
    assert surface_cells(inside[::-1].transpose(2, 0, 1)) == pytest.approx(surface_cells(inside))
    assert surface_cells(np.zeros((3, 3, 3), bool)) == 0


def test_a_change_adds_up_in_squares():
    assert of_difference(3.0, 4.0) == 5.0
    assert of_difference(None, 4.0) is None


def test_expected_volume_against_all_draws():
    """Three voxels of 51, 102 and 204: each drawn by itself, and all by one lot."""
    shares = np.array([51, 102, 204], np.uint8)
    p = shares / 255
    found = expected(shares, CUBES)
    assert found.volume_ml == pytest.approx(p.sum() / 1000)
    counts = {bits: np.prod(np.where(bits, p, 1 - p)) for bits in product((0, 1), repeat=3)}
    mean = sum(sum(bits) * chance for bits, chance in counts.items())
    alone = sum((sum(bits) - mean) ** 2 * chance for bits, chance in counts.items())
    assert found.sd_least_ml == pytest.approx(np.sqrt(alone) / 1000)
    lots = (np.arange(255) + 0.5) / 255
    together = np.array([(p >= lot).sum() for lot in lots])
    assert found.sd_most_ml == pytest.approx(together.std() / 1000)


def test_a_sure_model_leaves_nothing_open():
    found = expected(np.array([0, 255, 255], np.uint8), CUBES)
    assert found.to_json() == {"volume_ml": 0.002, "sd_least_ml": 0.0, "sd_most_ml": 0.0}
