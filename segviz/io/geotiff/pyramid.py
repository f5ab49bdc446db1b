"""Small copies of a scene, so that a view of the whole costs one small read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.enums import Resampling

from segviz.grid import RasterGrid
from segviz.image import windows
from segviz.io.atomic import replacing
from segviz.io.geotiff.scene import PYRAMID_FACTOR, GeoTiffScene, rasterio_window
from segviz.io.geotiff.writer import TILE, add_overviews, profile

QUICKLOOK_CELLS = 512
QUICKLOOK_WINDOW = 1024
MAX_PIXELS_WITHOUT_PYRAMID = 8_000_000
"""Thinning this many pixels takes about 0.1 s."""


def needs_pyramid(scene: GeoTiffScene) -> bool:
    """A view of the whole would be slow: many pixels, and no overviews in the file."""
    rows, columns = scene.grid.shape
    return not scene.has_overviews and rows * columns > MAX_PIXELS_WITHOUT_PYRAMID


def build_pyramid(
    scene: GeoTiffScene, path: Path, progress: Callable[[int, int], None] = lambda done, total: None
) -> None:
    """Write the scene's pyramid window by window: means of valid pixels, nearest for class maps.

    Set ``scene.pyramid`` to the path to use it. It is for display: areas are never counted on it.

    Args:
        progress: called with (windows done, windows in all); what it raises stops the work and
            leaves no file.
    """
    shrink = nearest if scene.is_palette else average
    small = coarse_grid(scene.grid)
    todo = list(windows(small.shape, TILE))
    with (
        replacing(path) as temporary,
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
    ):
        options = profile(small, len(scene.channels), scene.dtype)
        with rasterio.open(temporary, "w", **options) as target:
            for done, (row, row_stop, column, column_stop) in enumerate(todo, 1):
                values, valid = scene.read(
                    (
                        row * PYRAMID_FACTOR,
                        min(row_stop * PYRAMID_FACTOR, scene.grid.shape[0]),
                        column * PYRAMID_FACTOR,
                        min(column_stop * PYRAMID_FACTOR, scene.grid.shape[1]),
                    )
                )
                small_values, small_valid = shrink(values, valid)
                window = rasterio_window((row, row_stop, column, column_stop))
                target.write(small_values, window=window)
                target.write_mask(small_valid, window=window)
                progress(done, len(todo))
        add_overviews(temporary, Resampling.nearest if scene.is_palette else Resampling.average)


def write_quicklook(scene: GeoTiffScene, path: Path) -> None:
    """Write a picture of the whole of at most 512 cells a side, by thinned reads.

    It stands in for the pyramid, blurred, until that is made. Reads are of windows whose blocks
    GDAL can keep: thinning a whole row of blocks would decode it anew for each line.
    """
    rows, columns = scene.grid.shape
    factor = max(1, -(-max(rows, columns) // QUICKLOOK_CELLS))
    small = coarse_grid(scene.grid, factor)
    values = np.zeros((len(scene.channels), *small.shape), scene.dtype)
    valid = np.zeros(small.shape, bool)
    for window in windows(small.shape, max(1, QUICKLOOK_WINDOW // factor)):
        top, bottom, left, right = window
        whole = (
            top * factor, min(bottom * factor, rows), left * factor, min(right * factor, columns)
        )  # fmt: skip
        part = np.s_[top:bottom, left:right]
        values[:, *part], valid[part] = scene.read(whole, None, (bottom - top, right - left))
    with replacing(path) as temporary, rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
        options = profile(small, len(scene.channels), scene.dtype)
        with rasterio.open(temporary, "w", **options) as target:
            target.write(values)
            target.write_mask(valid)


def coarse_grid(grid: RasterGrid, factor: int = PYRAMID_FACTOR) -> RasterGrid:
    """The grid of a copy; its last row and column may reach past the scene."""
    rows, columns = (-(-n // factor) for n in grid.shape)
    return RasterGrid((rows, columns), grid.transform @ Affine.scale(factor), grid.crs)


def average(
    values: NDArray[np.generic], valid: NDArray[np.bool_]
) -> tuple[NDArray[np.generic], NDArray[np.bool_]]:
    """Mean of the valid cells in each block, and where a block has any."""
    counts = _block_sums(valid.astype(np.float32))
    means = [
        _block_sums(np.where(valid, band, 0).astype(np.float32)) / np.maximum(counts, 1)
        for band in values
    ]
    stacked = np.stack(means)
    if values.dtype.kind in "iu":
        stacked = np.rint(stacked)
    return stacked.astype(values.dtype), counts > 0


def nearest(
    values: NDArray[np.generic], valid: NDArray[np.bool_]
) -> tuple[NDArray[np.generic], NDArray[np.bool_]]:
    """The first cell of each block: classes are never mixed."""
    step = slice(None, None, PYRAMID_FACTOR)
    return values[:, step, step], valid[step, step]


def _block_sums(cells: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sums over blocks of PYRAMID_FACTOR; cells missing at the far edges count as 0."""
    rows, columns = (-n % PYRAMID_FACTOR for n in cells.shape)
    padded = np.pad(cells, ((0, rows), (0, columns)))
    blocks = padded.reshape(padded.shape[0] // PYRAMID_FACTOR, PYRAMID_FACTOR, -1, PYRAMID_FACTOR)
    return np.asarray(blocks.sum(axis=(1, 3), dtype=np.float32))
