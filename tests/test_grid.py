"""Grids: geometry that can be checked by hand."""

from itertools import permutations, product

import numpy as np
import pytest
from affine import Affine
from pyproj import CRS

from segviz.errors import Refused
from segviz.grid import RasterGrid, VolumeGrid, box_of


def all_48_orientations() -> list[np.ndarray]:
    affines = []
    for axes in permutations(range(3)):
        for signs in product((1, -1), repeat=3):
            affine = np.eye(4)
            affine[:3, :3] = 0
            for column, (row, sign) in enumerate(zip(axes, signs, strict=True)):
                affine[row, column] = sign * (column + 1.0)
            affine[:3, 3] = (5, 6, 7)
            affines.append(affine)
    return affines


@pytest.mark.parametrize("affine", all_48_orientations())
def test_canonical_order_is_undone_exactly(affine: np.ndarray) -> None:
    grid = VolumeGrid((2, 3, 4), affine)
    native = np.arange(24).reshape(2, 3, 4)
    canonical = grid.to_canonical(native)
    assert grid.canonical.axis_codes == "RAS"
    assert canonical.shape == grid.canonical.shape
    assert np.array_equal(grid.from_canonical(canonical), native)


@pytest.mark.parametrize("affine", all_48_orientations())
def test_a_voxel_keeps_its_place_in_millimetres(affine: np.ndarray) -> None:
    grid = VolumeGrid((2, 3, 4), affine)
    marker = np.zeros((2, 3, 4), np.uint8)
    marker[1, 0, 2] = 1
    canonical_voxel = np.argwhere(grid.to_canonical(marker))[0]
    native_mm = grid.affine @ (1, 0, 2, 1)
    canonical_mm = grid.canonical.affine @ (*canonical_voxel, 1)
    assert np.allclose(native_mm, canonical_mm)


@pytest.mark.parametrize("affine", all_48_orientations())
def test_flat_indices_follow_the_canonical_order(affine: np.ndarray) -> None:
    grid = VolumeGrid((2, 3, 4), affine)
    native = np.arange(24).reshape(2, 3, 4)
    flat = np.arange(24)
    assert np.array_equal(
        native.ravel()[grid.native_index(flat)], grid.to_canonical(native).ravel(order="F")
    )
    assert np.array_equal(grid.canonical_index(grid.native_index(flat)), flat)


def test_voxel_volume_is_the_determinant_also_under_shear() -> None:
    sheared = np.diag([1.0, 1.0, 2.0, 1.0])
    sheared[0, 2] = 0.5
    grid = VolumeGrid((4, 4, 4), sheared)
    assert grid.voxel_volume_mm3 == pytest.approx(2.0)
    assert np.prod(grid.spacing_mm) == pytest.approx(2.0616, abs=1e-4)
    assert grid.voxel_volume_ml == pytest.approx(0.002)


@pytest.mark.parametrize(
    ("affine", "code"),
    [
        (np.diag([np.nan, 1, 1, 1]), "SV-GRID-001"),
        (np.eye(3), "SV-GRID-001"),
        (np.diag([1.0, 1.0, 0.0, 1.0]), "SV-GRID-002"),
    ],
)
def test_geometry_that_gives_no_ml_is_refused(affine: np.ndarray, code: str) -> None:
    with pytest.raises(Refused) as refused:
        VolumeGrid((2, 2, 2), affine)
    assert refused.value.code == code


def test_grids_of_equal_shape_that_lie_mirrored_differ() -> None:
    here = VolumeGrid((4, 4, 4), np.diag([1.0, 1, 1, 1]))
    mirrored = VolumeGrid((4, 4, 4), np.diag([-1.0, 1, 1, 1]))
    assert here.same_as(VolumeGrid((4, 4, 4), np.diag([1.0, 1, 1, 1])))
    assert not here.same_as(mirrored)


def test_a_window_lies_where_it_was_cut() -> None:
    grid = RasterGrid((100, 200), Affine(10, 0, 500_000, 0, -10, 9_000_000), CRS(32721))
    part = grid.window((10, 20), (30, 60))
    assert part.shape == (10, 30)
    assert part.transform @ (0, 0) == grid.transform @ (30, 10)


def test_raster_grids_compare_crs_shape_and_corners() -> None:
    transform = Affine(10, 0, 500_000, 0, -10, 9_000_000)
    grid = RasterGrid((10, 10), transform, CRS(32721))
    assert grid.same_as(RasterGrid((10, 10), transform, CRS.from_epsg(32721)))
    assert not grid.same_as(RasterGrid((10, 10), transform, CRS(32722)))
    half_a_pixel = Affine(10, 0, 500_005, 0, -10, 9_000_000)
    assert not grid.same_as(RasterGrid((10, 10), half_a_pixel, CRS(32721)))
    assert grid.crs_name == "EPSG:32721"


@pytest.mark.parametrize("transform", [Affine(0, 0, 0, 0, -10, 0), Affine(np.nan, 0, 0, 0, -1, 0)])
def test_a_pixel_without_size_is_refused(transform: Affine) -> None:
    with pytest.raises(Refused, match="SV-GRID-003"):
        RasterGrid((4, 4), transform, None)


def test_a_box_holds_all_that_is_filled():
    filled = np.zeros((10, 20), bool)
    filled[3, 4] = filled[5, 18] = True
    assert box_of(filled) == (slice(3, 6), slice(4, 19))
    assert box_of(filled, margin=2) == (slice(1, 8), slice(2, 20))
    assert box_of(np.zeros((10, 20), bool), margin=2) == (slice(0, 10), slice(0, 20))
    assert box_of(filled, margin=(0, 3)) == (slice(3, 6), slice(1, 20))
