"""What the wheel nrt 0.2.1 carries: a Sentinel-2 series over Romania and its tree cover of 2018.

European Union (Joint Research Centre), EUPL-1.2; Copernicus Sentinel data 2015-2021 and Copernicus
tree cover density 2018. Only data are read from the wheel.
"""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import h5py
import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from segviz.grid import RasterGrid
from segviz.io import geotiff

WHEEL = "nrt-0.2.1-py3-none-any.whl"
CUBE = "nrt/data/sentinel2_cube_subset_romania_10m.nc"
TREE_COVER = "nrt/data/tree_cover_density_2018_romania.tif"

BANDS = ("B2", "B3", "B4", "B8")
SUMMER = (6, 7, 8)
MAPPED = date(2018, 7, 15)
NO_COVER = 255

CLEAR = (4, 5, 6)
"""Sen2Cor scene classes: vegetation, bare ground, water. 7 (unclassified) is thin cloud here."""


@dataclass(frozen=True, eq=False)
class Cube:
    """The observations: uint16 [date, row, column] for each band, and their scene classes."""

    grid: RasterGrid
    dates: tuple[date, ...]
    bands: dict[str, NDArray[np.uint16]]
    classes: NDArray[np.uint16]

    def clear(self, day: int) -> NDArray[np.bool_]:
        """[row, column] where neither cloud nor shadow was on a day (its number in ``dates``)."""
        return np.isin(self.classes[day], CLEAR)

    def reflectance(self, day: int) -> NDArray[np.uint16]:
        """[band, row, column] of a day, x 10,000; the order is that of ``BANDS``."""
        return np.stack([self.bands[band][day] for band in BANDS])

    def summer(self, year: int) -> NDArray[np.uint16]:
        """[band, row, column] x 10,000, the median of June to August where it was clear, else 0."""
        of_summer = np.array([d.year == year and d.month in SUMMER for d in self.dates])
        clear = np.isin(self.classes[of_summer], CLEAR)
        return np.stack([median(self.bands[band][of_summer], clear) for band in BANDS])


def read_cube(wheel: Path) -> Cube:
    """The netCDF file in the wheel."""
    with zipfile.ZipFile(wheel) as archive, h5py.File(io.BytesIO(archive.read(CUBE))) as cube:
        x, y = cube["x"][:], cube["y"][:]
        edge = float(x[1] - x[0])
        start = date.fromisoformat(cube["time"].attrs["units"].decode().split()[2])
        return Cube(
            grid=RasterGrid(
                (len(y), len(x)),
                Affine(edge, 0.0, x[0] - edge / 2, 0.0, -edge, y[0] + edge / 2),
                _crs(cube["spatial_ref"].attrs["spatial_ref"].decode()),
            ),
            dates=tuple(start + timedelta(days=int(days)) for days in cube["time"][:]),
            bands={band: cube[band][:] for band in BANDS},
            classes=cube["SCL"][:],
        )


def _crs(wkt: str) -> CRS:
    """The EPSG system the text names last; its null TOWGS84 keeps PROJ from recognising it."""
    return CRS.from_epsg(int(re.findall(r'AUTHORITY\["EPSG","(\d+)"\]', wkt)[-1]))


def read_tree_cover(wheel: Path) -> tuple[RasterGrid, NDArray[np.uint16]]:
    """Percent of each 20 m cell under trees in 2018 [row, column]; 255 where it is not known.

    Copernicus layers are in EPSG:3035; the file says the same projection without its datum.
    """
    with zipfile.ZipFile(wheel) as archive, TemporaryDirectory() as folder:
        scene = geotiff.open_scene(Path(archive.extract(TREE_COVER, folder)), {})
        rows, columns = scene.grid.shape
        (percent,), valid = scene.read((0, rows, 0, columns))
    grid = RasterGrid(scene.grid.shape, scene.grid.transform, CRS.from_epsg(3035))
    return grid, np.where(valid, percent, NO_COVER).astype(np.uint16)


def tree_cover_on(grid: RasterGrid, wheel: Path) -> NDArray[np.uint16]:
    """The tree cover of the cell that each pixel's centre lies in [row, column]; 255 elsewhere."""
    source, percent = read_tree_cover(wheel)
    rows, columns = np.indices(grid.shape) + 0.5
    place = Transformer.from_crs(grid.crs, source.crs, always_xy=True)
    x, y = place.transform(*(grid.transform @ (columns, rows)))
    column, row = (np.floor(part).astype(int) for part in ~source.transform @ (x, y))
    inside = (row >= 0) & (row < percent.shape[0]) & (column >= 0) & (column < percent.shape[1])
    found = np.full(grid.shape, NO_COVER, np.uint16)
    found[inside] = percent[row[inside], column[inside]]
    return found


def median(values: NDArray[np.uint16], clear: NDArray[np.bool_]) -> NDArray[np.uint16]:
    """Median over the dates of [date, row, column] where it was clear; 0 where it never was."""
    usable = clear & (values > 0)
    seen = np.ma.masked_array(values, ~usable)
    found = np.ma.median(seen, axis=0)  # type: ignore[no-untyped-call]
    return np.asarray(np.rint(np.ma.filled(found, 0)), np.uint16)
