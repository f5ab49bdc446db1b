"""How a scene is cut into tiles on its own pixel grid, 512 pixels each.

Zoom 0 shows the whole scene in one tile; at ``max_zoom`` a tile's pixel is a cell of the scene.
"""

from __future__ import annotations

import math
from functools import lru_cache

from affine import Affine
from pyproj import CRS, Geod, Transformer

from segviz.errors import NotFound
from segviz.grid import RasterGrid, Window

SIZE = 512


def max_zoom(shape: tuple[int, int]) -> int:
    """The zoom at which a tile's pixel is a cell.

    >>> max_zoom((400, 512)), max_zoom((513, 20)), max_zoom((10980, 10980))
    (0, 1, 5)
    """
    return max(0, math.ceil(math.log2(max(shape) / SIZE)))


def tile_window(shape: tuple[int, int], z: int, x: int, y: int) -> tuple[Window, int]:
    """Cells of a tile, cut off at the scene's edge, and how many cells a pixel stands for.

    >>> tile_window((700, 600), 1, 1, 0)
    ((0, 512, 512, 600), 1)

    Raises:
        NotFound: there is no such tile (SV-TIF-404).
    """
    top = max_zoom(shape)
    if 0 <= z <= top:
        step = 2 ** (top - z)
        edge = SIZE * step
        row, column = y * edge, x * edge
        if 0 <= row < shape[0] and 0 <= column < shape[1]:
            stop = min(row + edge, shape[0]), min(column + edge, shape[1])
            return (row, stop[0], column, stop[1]), step
    raise NotFound("SV-TIF-404", "The scene has no picture at this place.")


def thinned_grid(grid: RasterGrid, window: Window, step: int) -> RasterGrid:
    """The grid whose cells lie on the middle cells of ``step`` x ``step`` blocks of a window."""
    r0, r1, c0, c1 = window
    middle = (step // 2 + 0.5) / step - 0.5
    moved = (
        grid.transform
        @ Affine.translation(c0, r0)
        @ Affine.scale(step)
        @ Affine.translation(middle, middle)
    )
    return RasterGrid((-(-(r1 - r0) // step), -(-(c1 - c0) // step)), moved, grid.crs)


def metres_per_pixel(grid: RasterGrid) -> float | None:
    """Width of the middle pixel on the ellipsoid; None where the scene has no CRS."""
    if grid.crs is None:
        return None
    row, column = grid.shape[0] / 2, grid.shape[1] / 2
    ends = [grid.transform @ (column + side, row) for side in (-0.5, 0.5)]
    to_degrees = _to_degrees(grid.crs)
    (x0, y0), (x1, y1) = (to_degrees.transform(*end) for end in ends)
    return float(Geod(ellps="WGS84").inv(x0, y0, x1, y1)[2])


@lru_cache(maxsize=32)
def _to_degrees(crs: CRS) -> Transformer:
    """Kept: making one takes a tenth of a second."""
    return Transformer.from_crs(crs, 4326, always_xy=True)
