import numpy as np
import pytest
from affine import Affine
from pyproj import CRS
from workspace import PSR

from segviz.grid import Grid, RasterGrid, VolumeGrid
from segviz.store import grids

THIRD = np.eye(4) / 3
THIRD[3, 3] = 1

GRIDS: dict[str, Grid] = {
    "volume": VolumeGrid((4, 5, 6), PSR),
    "numbers that no decimal holds": VolumeGrid((4, 5, 6), THIRD),
    "UTM": RasterGrid((20, 30), Affine(10, 0, 5e5, 0, -10, 9e6), CRS.from_epsg(32718)),
    "degrees": RasterGrid((2, 3), Affine(1 / 120, 0, -74, 0, -1 / 120, -8), CRS.from_epsg(4326)),
    "rotated": RasterGrid((2, 3), Affine(1, 0.1, 0, 0.1, -1, 0), CRS.from_epsg(3857)),
    "a CRS without a code": RasterGrid(
        (2, 3), Affine.identity(), CRS.from_proj4("+proj=laea +lat_0=-8 +lon_0=-74 +datum=WGS84")
    ),
    "no CRS": RasterGrid((2, 3), Affine.identity(), None),
}


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS.keys())
def test_a_grid_comes_back_to_the_last_bit(grid: Grid) -> None:
    back = grids.from_text(grids.to_text(grid))
    assert back.shape == grid.shape
    if isinstance(grid, VolumeGrid):
        assert isinstance(back, VolumeGrid)
        assert np.array_equal(back.affine, grid.affine)
    else:
        assert isinstance(back, RasterGrid)
        assert back.transform == grid.transform
        assert back.crs == grid.crs
        assert back.crs_name == grid.crs_name
