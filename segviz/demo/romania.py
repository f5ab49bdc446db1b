"""Five summers of a forest in Romania, from the Sentinel-2 cube that the wheel nrt 0.2.1 carries.

The wheel is fetched with pip and only its data are taken out of it. European Union (Joint Research
Centre), EUPL-1.2; Copernicus Sentinel data 2015-2021 and Copernicus tree cover density 2018.
"""

from __future__ import annotations

import hashlib
import io
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import h5py
import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS

from segviz.demo.summers import BANDS, Summer
from segviz.errors import Damaged, NotFound
from segviz.grid import RasterGrid
from segviz.io import geotiff

WHEEL = "nrt-0.2.1-py3-none-any.whl"
SHA256 = "cd0291f99ce91268a0d993f05be1c69678d62504b01d36e7124d0ff3a51b3ee9"
CUBE = "nrt/data/sentinel2_cube_subset_romania_10m.nc"
TREE_COVER = "nrt/data/tree_cover_density_2018_romania.tif"

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

    def summer(self, year: int) -> Summer:
        """June to August of a year."""
        of_summer = np.array([d.year == year and d.month in (6, 7, 8) for d in self.dates])
        clear = np.isin(self.classes[of_summer], CLEAR)
        composite = [median(self.bands[band][of_summer], clear) for band in BANDS]
        return Summer(year, np.stack(composite))


def fetch(folder: Path, say: Callable[[str], None] = print) -> Path:
    """The wheel in ``folder``, downloaded with pip where it is not there yet.

    Raises:
        NotFound: pip reached no package index (SV-CASE-101).
        Damaged: the file is not the one this was written for (SV-CASE-102).
    """
    wheel = folder / WHEEL
    if not wheel.exists():
        say("Fetching a Sentinel-2 series over Romania (11 MB) ...")
        options = ["--quiet", "--no-deps", "--no-input", "--retries", "1", "--timeout", "15"]
        command = [sys.executable, "-m", "pip", "download", *options, "nrt==0.2.1"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode or not wheel.exists():
            raise NotFound(
                "SV-CASE-101",
                "The Sentinel-2 series over Romania could not be downloaded (pip reached no "
                "package index), so a synthetic scene takes its place; run the demo again online.",
            )
    if hashlib.sha256(wheel.read_bytes()).hexdigest() != SHA256:
        wheel.unlink()
        raise Damaged(
            "SV-CASE-102",
            "The downloaded Sentinel-2 series is not the file that was expected, so a synthetic "
            "scene takes its place; run the demo again.",
        )
    return wheel


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


def write_tree_cover(wheel: Path, path: Path) -> None:
    """Write the tree cover of 2018 (percent of 20 m cells) with the name and place it lacks.

    Copernicus layers are in EPSG:3035; the file says the same projection without its datum.
    """
    with zipfile.ZipFile(wheel) as archive, TemporaryDirectory() as folder:
        scene = geotiff.open_scene(Path(archive.extract(TREE_COVER, folder)), {})
        rows, columns = scene.grid.shape
        percent, valid = scene.read((0, rows, 0, columns))
    grid = RasterGrid(scene.grid.shape, scene.grid.transform, CRS.from_epsg(3035))
    values = np.where(valid, percent, NO_COVER).astype(np.uint16)
    geotiff.write_scene(values, grid, path, ("tree cover (%)",), MAPPED, nodata=NO_COVER)


def median(values: NDArray[np.uint16], clear: NDArray[np.bool_]) -> NDArray[np.uint16]:
    """Median over the dates of [date, row, column] where it was clear; 0 where it never was."""
    usable = clear & (values > 0)
    seen = np.ma.masked_array(values, ~usable)
    found = np.ma.median(seen, axis=0)  # type: ignore[no-untyped-call]
    return np.asarray(np.rint(np.ma.filled(found, 0)), np.uint16)
