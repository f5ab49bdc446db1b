"""True area of raster cells on the ellipsoid of their CRS.

Longitude and Q(latitude), below, span a plane in which every area is true (it is the cylindrical
equal-area projection). The area of a cell is |det| of its transform times the Jacobian of
(x, y) -> (longitude, Q), for degrees, metres, feet, Web Mercator and rotated grids alike.
PROJ's own areal scale is not used: for Web Mercator it is that of a sphere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS, Geod, Transformer

from segviz.grid import RasterGrid

Floats = NDArray[np.float64]

STEP_M = 300.0
"""Half-width of the central difference: its error is about (step / Earth radius)^2, 1e-9."""

SMALL_M = 2000.0
"""Up to this size a cell's area density is taken at its centre, above as a mean over the cell."""

_NODES = np.sqrt(3 / 5) / 2 * np.array([-1.0, 0.0, 1.0])
_WEIGHTS = np.array([5.0, 8.0, 5.0]) / 18
"""Gauss-Legendre quadrature on an interval of length 1 about 0."""


def cell_area_m2(grid: RasterGrid, rows: ArrayLike, columns: ArrayLike) -> Floats:
    """True area in m2 of cells; ``rows`` and ``columns`` broadcast against each other.

    Unrotated cells in degrees are exact (Snyder 1987, eq. 3-12); others hold to about 1e-8.

    Raises:
        ValueError: the grid has no CRS on the Earth.
    """
    row, column = np.broadcast_arrays(np.asarray(rows), np.asarray(columns))
    areas = area_model(grid, row.ravel(), column.ravel(), 1, 1)[:, 0]
    return areas.reshape(row.shape)


def is_on_earth(crs: CRS | None) -> bool:
    """True where cells have hectares: a geographic or projected CRS, not a local or missing one."""
    return crs is not None and (crs.is_geographic or crs.is_projected)


def cell_size_m(grid: RasterGrid) -> float:
    """Nominal length in metres of the longer side of a cell."""
    surface = _Surface.of(grid)
    t = grid.transform
    return max(float(np.hypot(t.a, t.d)), float(np.hypot(t.b, t.e))) * surface.metres_per_unit


def cell_steps_m(grid: RasterGrid) -> tuple[float, float]:
    """Metres from a cell at the middle of a grid to the next row and to the next column.

    A projection that is true to 1 % counts as it is, so that three pixels of 10 m are 30 m; else
    (degrees, Web Mercator) it is the geodesic on the ellipsoid.

    Raises:
        ValueError: the grid has no CRS on the Earth.
    """
    surface = _Surface.of(grid)
    row, column = grid.shape[0] / 2, grid.shape[1] / 2
    return surface.step(grid, (row, column), (1, 0)), surface.step(grid, (row, column), (0, 1))


def metres_per_unit(crs: CRS) -> float:
    """Nominal metres of a unit of a CRS; of a degree along the equator where it counts in degrees.

    Raises:
        ValueError: the CRS is not on the Earth.
    """
    return _Surface.on(crs).metres_per_unit


def equal_area_plane(crs: CRS) -> Callable[[Floats], Floats]:
    """From points (n, 2) of a CRS to the plane in which every area is true, in m2.

    Raises:
        ValueError: the CRS is not on the Earth.
    """
    surface = _Surface.on(crs)

    def look(points: Floats) -> Floats:
        longitude, q = surface.on_plane(points[:, 0], points[:, 1])
        return np.column_stack([longitude, q])

    return look


def area_model(
    grid: RasterGrid, rows: NDArray[np.int64], columns: NDArray[np.int64], height: int, width: int
) -> Floats:
    """(n, 3): the area of the cells in blocks of the grid, as a linear function of their position.

    The area of the cell that lies ``i`` rows and ``j`` columns from the first one of block ``n`` is
    ``model[n] @ (1, i, j)`` m2, the least-squares fit to the true area over the block.

    Args:
        rows, columns: (n,) of the first cell of each block.
        height, width: cells of a block.
    """
    if grid.is_geographic and grid.transform.b == grid.transform.d == 0 and height == 1:
        flat = np.zeros((len(rows), 3))
        flat[:, 0] = _row_areas(grid, rows)
        return flat
    down, right, weight = _nodes(height, width, cell_size_m(grid))
    density = _density(
        grid, rows[:, None] + down + height / 2, columns[:, None] + right + width / 2
    )
    mean = density @ weight
    by_row = (density * down) @ weight * (12 / height**2)
    by_column = (density * right) @ weight * (12 / width**2)
    first = mean - by_row * (height - 1) / 2 - by_column * (width - 1) / 2
    return np.column_stack([first, by_row, by_column])


def _nodes(height: int, width: int, cell_m: float) -> tuple[Floats, Floats, Floats]:
    """Rows and columns from the middle of a block at which to look, and the weight of each look."""
    if height == width == 1 and cell_m <= SMALL_M:
        return np.zeros(1), np.zeros(1), np.ones(1)
    down, right = np.meshgrid(_NODES * height, _NODES * width, indexing="ij")
    return down.ravel(), right.ravel(), np.outer(_WEIGHTS, _WEIGHTS).ravel()


def _row_areas(grid: RasterGrid, rows: NDArray[np.int64]) -> Floats:
    """True area of a cell of each row of an unrotated grid in degrees."""
    surface = _Surface.of(grid)
    t = grid.transform
    edges = t.f + t.e * np.stack([rows, rows + 1]).astype(np.float64)
    one, two = surface.equal_area(edges)
    areas: Floats = np.abs(one - two) * abs(t.a) * surface.radians_per_unit
    return areas


def _density(grid: RasterGrid, rows: Floats, columns: Floats) -> Floats:
    """True m2 of a cell whose centre, counted from the grid's corner, lies at (rows, columns).

    0 where the projection has no place on the Earth.
    """
    t = grid.transform
    x, y = t.c + t.a * columns + t.b * rows, t.f + t.d * columns + t.e * rows
    jacobian = _Surface.of(grid).jacobian(x, y)
    return np.nan_to_num(np.abs(jacobian * t.determinant), nan=0.0, posinf=0.0)


@dataclass(frozen=True, eq=False)
class _Surface:
    """A CRS and the ellipsoid under it."""

    crs: CRS

    @classmethod
    def of(cls, grid: RasterGrid) -> _Surface:
        return cls.on(grid.crs)

    @classmethod
    def on(cls, crs: CRS | None) -> _Surface:
        if crs is None or not is_on_earth(crs):
            raise ValueError("without a CRS on the Earth there are no areas")
        return cls(crs)

    @cached_property
    def geodetic(self) -> CRS:
        crs = self.crs.geodetic_crs
        assert crs is not None  # geographic and projected ones have it
        return crs

    @cached_property
    def ellipsoid(self) -> Geod:
        ellipsoid = self.geodetic.get_geod()
        assert ellipsoid is not None
        return ellipsoid

    @cached_property
    def radians_per_unit(self) -> float:
        """Of the geodetic CRS: degrees, sometimes grads."""
        return float(self.geodetic.axis_info[0].unit_conversion_factor)

    @cached_property
    def metres_per_unit(self) -> float:
        if self.crs.is_geographic:
            return self.radians_per_unit * self.ellipsoid.a
        return float(self.crs.axis_info[0].unit_conversion_factor)

    def step(self, grid: RasterGrid, cell: tuple[float, float], step: tuple[int, int]) -> float:
        """Metres across a place (row, column), counted in corners, to the next one; see above."""
        ends = [
            grid.transform @ (cell[1] + side * step[1] / 2, cell[0] + side * step[0] / 2)
            for side in (-1, 1)
        ]
        x, y = np.transpose(ends)
        nominal = float(np.hypot(x[1] - x[0], y[1] - y[0])) * self.metres_per_unit
        longitude, latitude = np.degrees(
            np.multiply(self.to_longitude_latitude(x, y), self.radians_per_unit)
        )
        if not np.isfinite([longitude, latitude]).all():
            return nominal
        _, _, metres = self.ellipsoid.inv(longitude[0], latitude[0], longitude[1], latitude[1])
        is_true = self.crs.is_projected and abs(metres / nominal - 1) < 0.01
        return nominal if is_true else float(metres)

    def equal_area(self, latitude: Floats) -> Floats:
        """Q in m2 per radian of longitude, at a latitude in units of the geodetic CRS."""
        sine = np.sin(np.clip(latitude * self.radians_per_unit, -np.pi / 2, np.pi / 2))
        a, e = self.ellipsoid.a, float(np.sqrt(self.ellipsoid.es))
        if e == 0:
            return a**2 * sine
        q: Floats = (1 - e**2) * (sine / (1 - (e * sine) ** 2) + np.arctanh(e * sine) / e)
        return a**2 / 2 * q

    def to_longitude_latitude(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        if self.crs.is_geographic:
            return x, y
        longitude, latitude = self._inverse.transform(x, y)
        return longitude, latitude

    def jacobian(self, x: Floats, y: Floats) -> Floats:
        """d(longitude, Q) / d(x, y) in m2 per square CRS unit, by central differences."""
        step = STEP_M / self.metres_per_unit
        ends = [(step, 0.0), (-step, 0.0), (0.0, step), (0.0, -step)]
        east, west, north, south = (self.on_plane(x + dx, y + dy) for dx, dy in ends)
        with np.errstate(invalid="ignore"):
            by_x, by_y = _apart(east, west), _apart(north, south)
            return (by_x[0] * by_y[1] - by_x[1] * by_y[0]) / (2 * step) ** 2

    def on_plane(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        longitude, latitude = self.to_longitude_latitude(x, y)
        return longitude * self.radians_per_unit, self.equal_area(latitude)

    @cached_property
    def _inverse(self) -> Transformer:
        return Transformer.from_crs(self.crs, self.geodetic, always_xy=True)


def _apart(one: tuple[Floats, Floats], two: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    """Difference of two places, the short way round the Earth."""
    longitude = np.mod(one[0] - two[0] + np.pi, 2 * np.pi) - np.pi
    return longitude, one[1] - two[1]
