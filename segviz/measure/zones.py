"""Hectares of labels within polygons, by the exact share of each cell that a polygon covers.

A cell counts with the part of its true area (``measure.ellipsoid``) that lies inside. The mask is
read window by window at full resolution. Cells without data leave the shares of the labels and are
told beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from segviz.errors import Refused
from segviz.grid import RasterGrid, Window
from segviz.mask import Legend, Mask
from segviz.measure.areas import M2_PER_HA, cell_areas_m2
from segviz.measure.coverage import Coverage
from segviz.measure.ellipsoid import is_on_earth
from segviz.measure.outlines import area_ha, onto

Rule = Literal["coverage", "centre", "touched"]

RULES: dict[Rule, str] = {
    "coverage": "each cell counts by the exact share of it that lies inside the polygon",
    "centre": "cells count whole where their centre lies inside the polygon",
    "touched": "cells count whole where the polygon covers any part of them",
}

Where = Callable[[Window], NDArray[np.bool_]]
"""Where a window of an image is so."""

NO_CLOUDS = "Nothing in this image says where clouds are."
OUTSIDE = "The polygon lies outside the scene."
NO_DATA = "The scene has no data here."

LEAST = 1e-9
"""Cells; less of a label than this is what sums left over."""

NODATA, CLOUDS = 256, 257


@dataclass(frozen=True, eq=False)
class Area:
    """A polygon that a number is asked for.

    Attributes:
        geometry: Polygon or MultiPolygon; its edges are straight in ``crs``.
        crs: longitude and latitude, or any other on the Earth.
    """

    name: str
    geometry: BaseGeometry
    crs: CRS


def measure_areas(
    mask: Mask,
    areas: Sequence[Area],
    valid: Where | None = None,
    clouds: Where | None = None,
    rule: Rule = "coverage",
) -> list[dict[str, Any]]:
    """For each polygon its hectares, and those of each label in it.

    ``polygon_ha`` is the polygon itself, ``inside_ha`` what of it lies on the scene, ``valid_ha``
    what of that has data. Shares of labels are of ``valid_ha``, those of nodata and clouds of
    ``inside_ha``. ``pixels`` are shares of cells added up, so seldom whole.

    Args:
        mask: of a scene; read window by window.
        valid: where the image has data. Without it, cells with label 0 hold none.
        clouds: where the image is clouded, as far as it says so.

    Raises:
        Refused: the mask is a scan's (SV-NUM-063), the scene does not say where it lies
            (SV-NUM-053), or a polygon's CRS does not reach it (SV-NUM-054).
    """
    grid = require_scene(mask)
    require_earth(grid)
    cells, hectares = _on_cells(grid, areas)
    seen = _Seen(np.asarray(mask.data), valid, clouds, cell_areas_m2(grid))
    found: dict[int, _Sums] = {n: seen.within(cells[n], rule) for n in _near_by_near(cells)}
    values = np.flatnonzero(sum((found[n].cells[:256] for n in found), np.zeros(256)) > LEAST)
    legend = mask.legend.covering(values)
    return [
        _row(area.name, hectares[n], found[n], legend, valid is not None, clouds is not None)
        for n, area in enumerate(areas)
    ]


def require_scene(mask: Mask) -> RasterGrid:
    """The grid of a mask; that of a scan is refused (SV-NUM-063)."""
    if not isinstance(mask.grid, RasterGrid):
        raise Refused(
            "SV-NUM-063",
            "This mask lies on a scan, which has millilitres and no hectares; choose a scene.",
        )
    return mask.grid


def require_earth(grid: RasterGrid) -> CRS:
    """The CRS of a scene; one without a place on the Earth is refused (SV-NUM-053)."""
    if grid.crs is None or not is_on_earth(grid.crs):
        raise Refused(
            "SV-NUM-053",
            "The file does not say where on the Earth its pixels lie, so polygons cannot be laid "
            "on it; export it again with its coordinate system.",
        )
    return grid.crs


def _on_cells(grid: RasterGrid, areas: Sequence[Area]) -> tuple[list[BaseGeometry], list[float]]:
    """Polygons in pixel corners, cut off at the edges of the scene; and their hectares."""
    cells: list[BaseGeometry] = []
    hectares: list[float] = []
    for crs, group in groupby(areas, key=lambda area: area.crs):
        same = [area.geometry for area in group]
        try:
            cells += map(onto(grid, crs), same)
            hectares += map(area_ha(crs), same)
        except ValueError:
            raise Refused(
                "SV-NUM-054",
                f"The coordinate system of the polygons ({crs.name}) does not reach this scene, so "
                "they would lie nowhere on it; save them in longitude and latitude (EPSG:4326).",
            ) from None
    return cells, hectares


def _near_by_near(shapes: Sequence[BaseGeometry], tile: float = 512) -> list[int]:
    """An order in which neighbours follow each other, so that parts of files are read once."""
    corners = np.nan_to_num(shapely.bounds(np.array(shapes, object)).reshape(-1, 4)[:, :2]) // tile
    return [int(n) for n in np.lexsort((corners[:, 0], corners[:, 1]))]


@dataclass(frozen=True, eq=False)
class _Sums:
    """By label 0-255, then nodata and clouds: cells and hectares within a polygon."""

    cells: NDArray[np.float64]
    hectares: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Seen:
    """What lies in a window: labels, data, clouds, and the true areas of its cells."""

    labels: NDArray[np.uint8]
    valid: Where | None
    clouds: Where | None
    areas_m2: Callable[[Window], NDArray[np.float64]]

    def within(self, shape: BaseGeometry, rule: Rule) -> _Sums:
        cells, hectares = np.zeros(258), np.zeros(258)
        for window, covered in Coverage.of(shape).strips():
            share = _counted(covered, window, shape, rule)
            area = self.areas_m2(window)
            area *= share
            codes, clouded = self.look(window)
            for total, part in ((cells, share), (hectares, area)):
                total[:257] += np.bincount(codes.ravel(), part.ravel(), 257)
                total[CLOUDS] += 0.0 if clouded is None else part[clouded].sum()
        return _Sums(cells, hectares / M2_PER_HA)

    def look(self, window: Window) -> tuple[NDArray[np.intp], NDArray[np.bool_] | None]:
        """Labels, ``NODATA`` where there is none; and which cells with data are clouded."""
        row, row_stop, column, column_stop = window
        codes = self.labels[row:row_stop, column:column_stop].astype(np.intp)
        codes[codes == 0 if self.valid is None else ~self.valid(window)] = NODATA
        return codes, None if self.clouds is None else self.clouds(window) & (codes != NODATA)


def _counted(
    covered: NDArray[np.float64], window: Window, shape: BaseGeometry, rule: Rule
) -> NDArray[np.float64]:
    """How much each cell counts: the share that is covered, or all and nothing."""
    if rule == "coverage":
        return covered
    touched = covered > LEAST
    if rule == "centre":
        row, column = np.nonzero(touched)
        inside = shapely.contains_xy(shape, column + window[2] + 0.5, row + window[0] + 0.5)
        touched[row, column] = inside
    return touched.astype(np.float64)


def _row(
    name: str,
    polygon_ha: float,
    sums: _Sums,
    legend: Legend,
    has_valid: bool,
    has_clouds: bool,
) -> dict[str, Any]:
    cells, hectares = sums.cells, sums.hectares
    inside, nodata = float(hectares[:257].sum()), float(hectares[NODATA])
    valid = inside - nodata if cells[:256].sum() > LEAST else 0.0
    is_inside, has_data = inside > 0, valid > 0
    clouded = float(hectares[CLOUDS]) if has_clouds and has_data else None
    why = OUTSIDE if not is_inside else NO_DATA if not has_data else ""
    return {
        "name": name,
        "polygon_ha": polygon_ha,
        "inside_ha": inside,
        "valid_ha": valid,
        "nodata_ha": nodata if is_inside else None,
        "nodata_share": nodata / inside if is_inside else None,
        "cloud_ha": clouded,
        "cloud_share": None if clouded is None else clouded / inside,
        **({} if has_clouds else {"cloud_why": NO_CLOUDS}),
        "unlabelled_ha": float(hectares[0]) if has_valid and has_data else None,
        "pixels": float(cells[:256].sum()),
        "labels": [
            {
                "label": label.value,
                "name": label.name,
                "pixels": float(cells[label.value]) if cells[label.value] > LEAST else 0.0,
                "area_ha": float(hectares[label.value]) if has_data else None,
                "share": float(hectares[label.value]) / valid if has_data else None,
                **({"why": why} if why else {}),
            }
            for label in sorted(legend, key=lambda label: label.value)
        ],
        **({"why": why} if why else {}),
    }
