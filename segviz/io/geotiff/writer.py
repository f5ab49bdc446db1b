"""Rasters written as tiled GeoTIFF."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.enums import Resampling

from segviz.grid import RasterGrid
from segviz.image import windows
from segviz.io.atomic import replacing
from segviz.io.geotiff.metadata import ACQUIRED
from segviz.io.geotiff.scene import rasterio_window

TILE = 512
SMALLEST_OVERVIEW = 256


def profile(grid: RasterGrid, bands: int, dtype: np.dtype) -> dict[str, Any]:
    """Creation options of everything we write."""
    return {
        "driver": "GTiff",
        "height": grid.shape[0],
        "width": grid.shape[1],
        "count": bands,
        "dtype": dtype.name,
        "crs": None if grid.crs is None else grid.crs.to_wkt(),
        "transform": grid.transform,
        "tiled": True,
        "blockxsize": TILE,
        "blockysize": TILE,
        "compress": "deflate",
        "interleave": "band",
        "bigtiff": "if_safer",
    }


def add_overviews(path: Path, resampling: Resampling) -> None:
    """Thinned copies inside the file, halved until the last one fits a small window."""
    with rasterio.open(path, "r+", driver="GTiff") as target:
        factors = [2]
        while max(target.shape) / factors[-1] > SMALLEST_OVERVIEW:
            factors.append(factors[-1] * 2)
        target.build_overviews(factors, resampling)


def write_scene(
    array: NDArray[np.generic],
    grid: RasterGrid,
    path: Path,
    channels: tuple[str, ...],
    when: date | None = None,
    *,
    nodata: float | None = None,
) -> None:
    """Write values [band, row, column] as a scene with named bands and its date."""
    with replacing(path) as temporary:
        options = profile(grid, len(array), array.dtype)
        with rasterio.open(temporary, "w", **options, nodata=nodata) as target:
            for number, name in enumerate(channels, 1):
                target.set_band_description(number, name)
            if when is not None:
                target.update_tags(**{ACQUIRED: when.isoformat()})
            for row, row_stop, column, column_stop in windows(grid.shape, TILE):
                target.write(
                    array[:, row:row_stop, column:column_stop],
                    window=rasterio_window((row, row_stop, column, column_stop)),
                )
