"""Masks of scenes as polygons in a GeoPackage."""

from __future__ import annotations

import json
import warnings
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio.raw
import shapely
from affine import Affine
from numpy.typing import NDArray
from pyproj import Geod, Transformer
from rasterio.features import shapes
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from segviz.grid import RasterGrid, Window
from segviz.image import windows
from segviz.io.atomic import replacing
from segviz.io.geotiff.masks import PROVENANCE
from segviz.mask import Mask
from segviz.measure.outlines import LONGEST_EDGE, placed

WINDOW = 2048

Found = tuple[int, Polygon]

warnings.filterwarnings("ignore", message="'crs' was not provided")


def write_polygons(mask: Mask, path: Path, provenance: Mapping[str, Any] | None = None) -> None:
    """Write a polygon for each connected patch of a label, with label, name and area_ha.

    Areas are those of the polygons on the ellipsoid (Karney 2013, by pyproj); empty without a CRS.
    The provenance is an item of the file's metadata (the extension Metadata of GeoPackage).
    """
    if not isinstance(mask.grid, RasterGrid):
        raise ValueError("polygons are drawn of a scene's mask")
    found = sorted(patches(mask.data), key=lambda item: (item[0], item[1].bounds[1]))
    labels = np.array([label for label, _ in found], np.int32)
    cells = np.array([polygon for _, polygon in found], object)
    names = np.array([mask.legend[label].name for label, _ in found], object)
    with replacing(path) as temporary:
        pyogrio.raw.write(
            temporary,
            geometry=shapely.to_wkb(placed(cells, mask.grid.transform)),
            field_data=[labels, names, hectares(cells, mask.grid)],
            fields=["label", "name", "area_ha"],
            geometry_type="Polygon",
            crs=None if mask.grid.crs is None else mask.grid.crs.to_wkt(),
            driver="GPKG",
            layer="mask",
            dataset_metadata={PROVENANCE: json.dumps(provenance)} if provenance else None,
        )


def patches(data: NDArray[np.uint8], window: int = WINDOW) -> Iterator[Found]:
    """Label and outline of each patch of cells that share edges, in (column, row) corners.

    The mask is outlined window by window; patches that a seam cuts are joined again.
    """
    cut: dict[int, list[Polygon]] = defaultdict(list)
    for piece in windows(data.shape, window):
        seams = _inner_edges(piece, data.shape)
        for label, polygon in _outlines(data, piece):
            if _touches(polygon.bounds, seams):
                cut[label].append(polygon)
            else:
                yield label, polygon
    for label, pieces in cut.items():
        for joined in _joined(pieces):
            yield label, joined


def _outlines(data: NDArray[np.uint8], window: Window) -> Iterator[Found]:
    row, row_stop, column, column_stop = window
    part = np.ascontiguousarray(data[row:row_stop, column:column_stop])
    for outline, label in shapes(part, part != 0, transform=Affine.translation(column, row)):
        exterior, *holes = outline["coordinates"]
        yield int(label), Polygon(exterior, holes)


def _inner_edges(window: Window, size: tuple[int, ...]) -> tuple[float, float, float, float]:
    """West, north, east, south edge of a window where another window follows, else out of reach."""
    row, row_stop, column, column_stop = window
    return (
        column if column > 0 else -np.inf,
        row if row > 0 else -np.inf,
        column_stop if column_stop < size[1] else np.inf,
        row_stop if row_stop < size[0] else np.inf,
    )


def _touches(
    bounds: tuple[float, float, float, float], seams: tuple[float, float, float, float]
) -> bool:
    return any(bound == seam for bound, seam in zip(bounds, seams, strict=True))


def _joined(pieces: list[Polygon]) -> Iterator[Polygon]:
    """Pieces that share an edge as one polygon, without the points that the seams left."""
    united: BaseGeometry = shapely.simplify(shapely.union_all(pieces), 0)
    yield from shapely.get_parts(united)


def hectares(cells: NDArray[np.object_], grid: RasterGrid) -> NDArray[np.float64]:
    """Area of each polygon on the ellipsoid of the grid's CRS."""
    if grid.crs is None or not len(cells):
        return np.full(len(cells), np.nan)
    geodetic = grid.crs.geodetic_crs
    ellipsoid = grid.crs.ellipsoid
    assert geodetic is not None and ellipsoid is not None
    geod = Geod(a=ellipsoid.semi_major_metre, b=ellipsoid.semi_minor_metre)
    to_degrees = Transformer.from_crs(grid.crs, geodetic, always_xy=True)
    fine = placed(np.asarray(shapely.segmentize(cells, LONGEST_EDGE)), grid.transform)
    on_earth = shapely.transform(
        fine, lambda p: np.column_stack(to_degrees.transform(p[:, 0], p[:, 1]))
    )
    return np.array([_area_m2(geod, polygon) / 10_000 for polygon in on_earth])


def _area_m2(geod: Geod, polygon: Polygon) -> float:
    rings = [_ring_m2(geod, ring) for ring in (polygon.exterior, *polygon.interiors)]
    return rings[0] - sum(rings[1:])


def _ring_m2(geod: Geod, ring: BaseGeometry) -> float:
    x, y = ring.coords.xy
    return abs(geod.polygon_area_perimeter(x, y)[0])
