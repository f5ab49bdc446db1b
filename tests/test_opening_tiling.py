"""Tiles of a scene: which cells they show and where those lie."""

from __future__ import annotations

import numpy as np
import pytest
from affine import Affine
from pyproj import CRS

from segviz.errors import NotFound
from segviz.grid import RasterGrid
from segviz.opening import tiling
from segviz.web.tiles import thinned

UTM = CRS.from_epsg(32718)


@pytest.mark.parametrize(
    ("shape", "zoom"),
    [((1, 1), 0), ((512, 512), 0), ((513, 1), 1), ((1024, 1024), 1), ((10980, 10980), 5)],
)
def test_the_zoom_at_which_a_pixel_is_a_cell(shape, zoom):
    assert tiling.max_zoom(shape) == zoom


def test_the_tiles_of_a_zoom_cover_each_cell_once():
    shape = (700, 1300)
    for z in range(tiling.max_zoom(shape) + 1):
        seen = np.zeros(shape, int)
        for x in range(4):
            for y in range(4):
                try:
                    (r0, r1, c0, c1), _ = tiling.tile_window(shape, z, x, y)
                except NotFound:
                    continue
                seen[r0:r1, c0:c1] += 1
        assert (seen == 1).all()


@pytest.mark.parametrize("place", [(-1, 0, 0), (3, 0, 0), (0, 1, 0), (0, 0, 1), (2, -1, 0)])
def test_there_are_no_other_tiles(place):
    with pytest.raises(NotFound):
        tiling.tile_window((700, 1300), *place)


@pytest.mark.parametrize("step", [1, 2, 4, 8])
def test_thinning_takes_the_cells_that_the_thinned_grid_lies_on(step: int):
    """Each label is its cell's number, so that the place tells which cell was taken."""
    grid = RasterGrid((16, 12), Affine(10, 0, 500_000, 0, -10, 9_000_000), UTM)
    labels = np.arange(16 * 12, dtype=np.uint8).reshape(16, 12)
    window = (0, 16, 4, 12)
    taken = thinned(labels, window, step)
    coarse = tiling.thinned_grid(grid, window, step)
    assert coarse.shape == taken.shape
    for (row, column), label in np.ndenumerate(taken):
        x, y = coarse.transform @ (column + 0.5, row + 0.5)
        old_column, old_row = ~grid.transform @ (x, y)
        assert labels[int(old_row), int(old_column)] == label


def test_metres_of_a_pixel():
    utm = RasterGrid((10, 10), Affine(30, 0, 500_000, 0, -30, 9_000_000), UTM)
    assert tiling.metres_per_pixel(utm) == pytest.approx(30 / 0.9996, rel=1e-4)
    degrees = RasterGrid((2, 2), Affine(0.001, 0, 0, 0, -0.001, 60.001), CRS.from_epsg(4326))
    assert tiling.metres_per_pixel(degrees) == pytest.approx(55.8, abs=0.1)
    nowhere = RasterGrid((2, 2), Affine(1, 0, 0, 0, -1, 0), None)
    assert tiling.metres_per_pixel(nowhere) is None
