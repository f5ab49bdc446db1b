"""What the tags of a GeoTIFF mean: its grid, its bands, its date, and what to tell the reader."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime

import numpy as np
import rasterio
from pyproj import CRS
from pyproj.exceptions import CRSError
from rasterio.enums import ColorInterp

from segviz.grid import RasterGrid
from segviz.io.dates import day_in, year_in
from segviz.io.geotiff.directory import Directory
from segviz.io.notes import Note

ACQUIRED = "ACQUISITION_DATE"
"""The tag that our own writer uses; TIFFTAG_DATETIME is when the file was made."""

WEB_MERCATOR = "Popular Visualisation Pseudo Mercator"
COLOURS = {ColorInterp.red: "red", ColorInterp.green: "green", ColorInterp.blue: "blue"}

BASELINE = re.compile(r"(?<![A-Z0-9])N(\d\d)(\d\d)(?![A-Z0-9])")
"""``N0400`` in the name of a Sentinel-2 product."""


def grid_of(source: rasterio.DatasetReader) -> tuple[RasterGrid, tuple[Note, ...]]:
    """The grid, and notes on how its hectares come about."""
    placed = not source.transform.is_identity
    crs = _crs(source) if placed else None
    grid = RasterGrid(source.shape, source.transform, crs)
    return grid, tuple(_grid_notes(grid))


def _crs(source: rasterio.DatasetReader) -> CRS | None:
    if source.crs is None:
        return None
    try:
        crs = CRS.from_wkt(source.crs.to_wkt())
    except CRSError:
        return None
    if crs.is_bound and crs.source_crs is not None:  # a shift to WGS 84 beside the CRS itself
        crs = crs.source_crs
    return crs if crs.is_geographic or crs.is_projected else None


def _grid_notes(grid: RasterGrid) -> Iterator[Note]:
    if grid.crs is None:
        yield Note(
            "SV-TIF-101",
            "The image does not say where on Earth it lies: areas are given in pixels, not "
            "hectares.",
        )
        return
    if grid.is_geographic:
        yield Note(
            "SV-TIF-102",
            "Pixels are in degrees; hectares are computed on the ellipsoid, row by row.",
        )
    elif _is_web_mercator(grid.crs):
        yield Note(
            "SV-TIF-103",
            "Web Mercator stretches areas away from the equator; hectares are computed on the "
            "ellipsoid.",
        )
    elif (unit := grid.crs.axis_info[0]).unit_conversion_factor != 1:
        yield Note("SV-TIF-104", f"Lengths are in {unit.unit_name}; hectares are converted.")
    if grid.transform.b or grid.transform.d:
        yield Note(
            "SV-TIF-105", "The image is rotated against north; it is shown on its own pixel grid."
        )
    elif not grid.is_north_up:
        yield Note("SV-TIF-106", "The image is stored upside down or mirrored (not north-up).")


def _is_web_mercator(crs: CRS) -> bool:
    operation = crs.coordinate_operation
    return operation is not None and operation.method_name == WEB_MERCATOR


def band_names(source: rasterio.DatasetReader, bands: Sequence[int]) -> tuple[str, ...]:
    """A description, else red, green, blue where the file says so, else ``band 1``.

    A file name as description, which mosaic tools leave behind, names no band.
    """

    def name(number: int) -> str:
        described = (source.descriptions[number - 1] or "").strip()
        if described and ".tif" not in described.lower():
            return described
        return COLOURS.get(source.colorinterp[number - 1], f"band {number}")

    return tuple(name(number) for number in bands)


def tags_of(source: rasterio.DatasetReader, bands: Sequence[int], file_name: str) -> dict[str, str]:
    """Tags of the bands and of the file, and Sentinel-2's processing baseline where a name has it.

    What the file says of itself wins over what its bands and its name say.
    """
    tags = {name: text for number in reversed(bands) for name, text in source.tags(number).items()}
    tags = {name.upper(): str(text) for name, text in {**tags, **source.tags()}.items()}
    named = BASELINE.search(f"{tags.get('PRODUCT_URI', '')} {file_name}")
    return {"PROCESSING_BASELINE": f"{named[1]}.{named[2]}", **tags} if named else tags


def acquired(source: rasterio.DatasetReader, file_name: str) -> date | None:
    """Date of the image: our own tag, a day in the file's name, the time tag, the year in the name.

    The time tag tells when the file was made, which may be years later: a year in the name that
    contradicts it wins.
    """
    tags = source.tags()
    if told := _parsed(tags.get(ACQUIRED), "%Y-%m-%d"):
        return told
    if day := day_in(file_name):
        return day
    made, year = _parsed(tags.get("TIFFTAG_DATETIME"), "%Y:%m:%d %H:%M:%S"), year_in(file_name)
    if year is not None and (made is None or made.year != year):
        return date(year, 1, 1)
    return made


def _parsed(text: str | None, form: str) -> date | None:
    try:
        return datetime.strptime(text or "", form).date()
    except ValueError:
        return None


def notes_on(directory: Directory, stored: np.dtype, is_scaled: bool) -> Iterator[Note]:
    """What to know of the pixels before comparing them."""
    if is_scaled:
        yield Note("SV-TIF-107", "Scale and offset of the file are applied.")
    elif stored == np.uint8 and not directory.palette:
        yield Note(
            "SV-TIF-108",
            "8-bit picture: its brightness may have been stretched by itself, so one threshold "
            "does "
            "not fit several dates.",
        )
    if directory.missing is not None:
        yield Note(
            "SV-TIF-109",
            f"{int(directory.missing.sum()):,} of {directory.missing.size:,} tiles are not in the "
            "file; they are shown as no data, not as 0.",
        )
