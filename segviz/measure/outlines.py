"""Polygons of the Earth on the cells of a scene, and their true size.

An edge is straight in the CRS in which it was drawn. Brought to another one it is a curve, so long
edges get points on the way first.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from shapely.geometry.base import BaseGeometry

from segviz.grid import RasterGrid
from segviz.measure.areas import M2_PER_HA
from segviz.measure.ellipsoid import equal_area_plane, metres_per_unit

LONGEST_EDGE = 8.0
"""Cells between two points whose straight line stands for the edge between them."""

LONGEST_M, PARTS = 1000.0, 100
"""Edges are cut to a hundredth of the polygon at most, on the ellipsoid to 1 km: 1 in 10^7."""

Onto = Callable[[BaseGeometry], BaseGeometry]


def onto(grid: RasterGrid, crs: CRS) -> Onto:
    """From shapes in a CRS to pixel corners (column, row) of a scene, cut off at its edges.

    Raises:
        ValueError: the scene has no place in that CRS.
    """
    rows, columns = grid.shape
    scene = shapely.box(0, 0, columns, rows)
    to_source = Transformer.from_crs(grid.crs, crs, always_xy=True)
    outline = np.array([shapely.segmentize(scene, max(rows, columns) / 64)], object)
    (around,) = shapely.transform(
        placed(outline, grid.transform),
        lambda p: np.column_stack(to_source.transform(p[:, 0], p[:, 1])),
    )
    if not np.isfinite(around.bounds).all():
        raise ValueError(f"the scene lies outside {crs.name}")
    west, south, east, north = around.bounds
    margin = max(east - west, north - south) * 0.01
    near = shapely.box(west - margin, south - margin, east + margin, north + margin)
    shapely.prepare(near)
    cell = max(east - west, north - south) / max(rows, columns)
    longest, is_bent = LONGEST_EDGE * cell, crs != grid.crs
    back = ~grid.transform

    def to_cells(points: NDArray[np.float64]) -> NDArray[np.float64]:
        x, y = to_source.transform(points[:, 0], points[:, 1], direction="INVERSE")
        return np.column_stack(back @ (x, y))

    def look(shape: BaseGeometry) -> BaseGeometry:
        close = shape if near.contains(shape) else shapely.intersection(shape, near)
        if is_bent and not close.is_empty:
            close = shapely.segmentize(close, min(longest, _extent(close) / PARTS))
        cells = shapely.transform(close, to_cells)
        if not cells.is_valid:
            cells = shapely.make_valid(cells)
        found: BaseGeometry = shapely.intersection(cells, scene)
        return found

    return look


def placed(cells: NDArray[np.object_], transform: Affine) -> NDArray[np.object_]:
    """Polygons of (column, row) corners in CRS units."""

    def to_crs(points: NDArray[np.float64]) -> NDArray[np.float64]:
        matrix = np.array([[transform.a, transform.b], [transform.d, transform.e]])
        return np.asarray(points @ matrix.T + (transform.c, transform.f))

    return np.asarray(shapely.transform(cells, to_crs))


def area_ha(crs: CRS) -> Callable[[BaseGeometry], float]:
    """From polygons in a CRS to their hectares on its ellipsoid.

    Raises:
        ValueError: the CRS is not on the Earth.
    """
    plane = equal_area_plane(crs)
    return lambda shape: float(shapely.transform(densified(shape, crs), plane).area) / M2_PER_HA


def densified(shape: BaseGeometry, crs: CRS) -> BaseGeometry:
    """A shape with so many points on its edges that they may be bent."""
    longest = min(LONGEST_M / metres_per_unit(crs), _extent(shape) / PARTS)
    found: BaseGeometry = shapely.segmentize(shape, longest)
    return found


def _extent(shape: BaseGeometry) -> float:
    west, south, east, north = shape.bounds
    return float(max(east - west, north - south))
