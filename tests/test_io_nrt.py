"""What the wheel nrt carries."""

import zipfile
from datetime import date
from pathlib import Path

import h5py
import numpy as np
from affine import Affine
from pyproj import CRS

from segviz.grid import RasterGrid
from segviz.io import geotiff, nrt


def test_median_of_clear_days() -> None:
    values = np.array([[[10, 7]], [[20, 7]], [[90, 7]], [[0, 7]]], np.uint16)
    clear = np.array([[[1, 0]], [[1, 0]], [[0, 0]], [[1, 0]]], bool)
    assert nrt.median(values, clear).tolist() == [[15, 0]]


def test_cube_says_where_and_when(tmp_path: Path) -> None:
    crs = CRS.from_epsg(3035)
    with h5py.File(tmp_path / "cube.nc", "w") as cube:
        cube["x"], cube["y"] = [105.0, 115.0, 125.0], [205.0, 195.0]
        cube["time"] = [0, 335]
        cube["time"].attrs["units"] = np.bytes_("days since 2015-08-01 00:00:00")
        cube["spatial_ref"] = 0
        cube["spatial_ref"].attrs["spatial_ref"] = np.bytes_(crs.to_wkt("WKT1_GDAL"))
        for name in (*nrt.BANDS, "SCL"):
            cube[name] = np.full((2, 2, 3), 4, np.uint16)
    wheel = tmp_path / nrt.WHEEL
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.write(tmp_path / "cube.nc", nrt.CUBE)
    cube = nrt.read_cube(wheel)
    assert cube.grid.crs == crs
    assert tuple(cube.grid.transform[:6]) == (10, 0, 100, 0, -10, 210)
    assert cube.dates == (date(2015, 8, 1), date(2016, 7, 1))
    assert (cube.summer(2016) == 4).all()
    assert (cube.summer(2017) == 0).all()


def test_tree_cover_is_that_of_the_cell_a_pixel_lies_in(tmp_path: Path) -> None:
    """Cells of 20 m hold four pixels of 10 m; where no cell is, it is not known."""
    percent = np.array([[10, 60], [255, 90]], np.uint16)
    cells = RasterGrid((2, 2), Affine(20, 0, 4_000_000, 0, -20, 3_000_000), CRS.from_epsg(3035))
    geotiff.write_scene(percent[None], cells, tmp_path / "cover.tif", ("",), nrt.MAPPED, nodata=255)
    wheel = tmp_path / nrt.WHEEL
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.write(tmp_path / "cover.tif", nrt.TREE_COVER)
    pixels = RasterGrid((4, 5), Affine(10, 0, 4_000_000, 0, -10, 3_000_000), CRS.from_epsg(3035))
    assert nrt.tree_cover_on(pixels, wheel).tolist() == [
        [10, 10, 60, 60, 255],
        [10, 10, 60, 60, 255],
        [255, 255, 90, 90, 255],
        [255, 255, 90, 90, 255],
    ]
