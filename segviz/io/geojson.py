"""Polygons of a scene as GeoJSON (RFC 7946): a label's outlines out, drawn areas in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError
from shapely.geometry import Polygon
from shapely.geometry.polygon import orient

from segviz.errors import Refused
from segviz.grid import RasterGrid
from segviz.io.atomic import replacing
from segviz.io.vector import hectares, patches
from segviz.mask import Mask
from segviz.measure.ellipsoid import is_on_earth
from segviz.measure.outlines import LONGEST_EDGE, onto, placed

MOST_BYTES = 32 * 2**20
DECIMALS = 8
"""Of degrees: a millimetre."""

NESTED = 16
"""Collections within collections; deeper ones are no map."""

LONGITUDE_LATITUDE = CRS.from_string("OGC:CRS84")
CRS_NAME = re.compile(r"(?:urn:ogc:def:crs:)?(EPSG|OGC):(?:[\d.]*:)?(CRS84|\d{4,6})")

Ring = NDArray[np.float64]
"""(n, 2) of column, row in pixel corners."""


def write_outlines(
    mask: Mask,
    path: Path,
    label: int | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> None:
    """Write a polygon in longitude and latitude for each connected patch of one label, or of all.

    Each has its label, name and area_ha, on the ellipsoid. The provenance is a member of the
    collection beside them (RFC 7946, 6.1).

    Raises:
        Refused: the scene does not say where it lies (SV-MSK-050); it has no such label
            (SV-MSK-060).
    """
    grid = _scene_grid(mask)
    if label is not None and label not in mask.legend:
        raise Refused(
            "SV-MSK-060",
            f"Label {label} is not in the legend of this mask, so the file would hold nothing; "
            "choose one of the listed labels.",
        )
    told = f'"provenance": {json.dumps(provenance)}, ' if provenance else ""
    to_degrees = Transformer.from_crs(grid.crs, LONGITUDE_LATITUDE, always_xy=True)
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        file.write(f'{{"type": "FeatureCollection", {told}"features": [')
        between = "\n"
        for value, polygon in patches(mask.data):
            if label is None or value == label:
                properties = {
                    "label": value,
                    "name": mask.legend[value].name,
                    "area_ha": float(hectares(np.array([polygon], object), grid)[0]),
                }
                file.write(between + json.dumps(_feature(polygon, grid, to_degrees, properties)))
                between = ",\n"
        file.write("\n]}\n")


def _feature(
    polygon: Polygon, grid: RasterGrid, to_degrees: Transformer, properties: dict[str, Any]
) -> dict[str, Any]:
    """Long edges get points on the way, since a straight line of the scene is none in degrees."""
    fine = np.array([shapely.segmentize(polygon, 8 * LONGEST_EDGE)], object)
    (found,) = shapely.transform(
        placed(fine, grid.transform),
        lambda p: np.column_stack(to_degrees.transform(p[:, 0], p[:, 1])),
    )
    turned = orient(found)
    rings = [turned.exterior, *turned.interiors]
    coordinates = [np.round(shapely.get_coordinates(ring), DECIMALS).tolist() for ring in rings]
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": "Polygon", "coordinates": coordinates},
    }


def read_rings(content: bytes, grid: RasterGrid) -> list[Ring]:
    """Outlines and holes of the areas of a file, as far as they lie on a scene.

    A cell is inside where an odd number of the rings hold it; areas that overlap are joined first.

    Raises:
        Refused: the file is too large (SV-MSK-046), no GeoJSON (SV-MSK-047), without areas
            (SV-MSK-048), in an unknown CRS (SV-MSK-049), or lies beside the scene (SV-MSK-051); the
            scene does not say where it lies (SV-MSK-050).
    """
    if not is_on_earth(grid.crs):
        raise _nowhere()
    if len(content) > MOST_BYTES:
        raise Refused(
            "SV-MSK-046",
            f"The file of polygons has {len(content) / 1e6:.0f} MB and {MOST_BYTES / 1e6:.0f} are "
            "read at most; cut out the area of this scene first.",
        )
    found = parsed(content)
    crs = crs_of(found)
    polygons = list(polygons_of(found))
    if not polygons:
        raise Refused(
            "SV-MSK-048",
            "The file holds no polygons, so there is nothing to paint; points and lines have no "
            "area.",
        )
    try:
        area = onto(grid, crs)(shapely.union_all(shapely.make_valid(polygons)))
    except shapely.errors.GEOSException:
        raise _broken() from None
    except ValueError:
        raise _nowhere() from None
    rings = [
        ring
        for part in shapely.get_parts(area)
        if isinstance(part, Polygon) and not part.is_empty
        for ring in (part.exterior, *part.interiors)
    ]
    if not rings:
        raise Refused(
            "SV-MSK-051",
            "The polygons lie beside this scene, so nothing would be painted; choose those of this "
            "place, and see whether longitude and latitude are swapped.",
        )
    return [shapely.get_coordinates(ring) for ring in rings]


def parsed(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise _broken() from None
    if not isinstance(found, dict):
        raise _broken()
    return found


def crs_of(found: dict[str, Any]) -> CRS:
    """Longitude and latitude, or what an older file names."""
    if found.get("crs") is None:
        return LONGITUDE_LATITUDE
    try:
        name = CRS_NAME.fullmatch(str(found["crs"]["properties"]["name"]))
        return CRS.from_authority(*(name.groups() if name else ("", "")))
    except (KeyError, TypeError, CRSError):
        raise Refused(
            "SV-MSK-049",
            "The file names a coordinate system that is not known here, so its polygons would lie "
            "in the wrong place; save it in longitude and latitude (EPSG:4326).",
        ) from None


def polygons_of(found: Any, nested: int = NESTED) -> Iterator[Polygon]:
    """All polygons of a GeoJSON object, whatever holds them."""
    if not isinstance(found, dict) or nested == 0:
        raise _broken()
    match found.get("type"):
        case "FeatureCollection":
            for feature in _list(found, "features"):
                yield from polygons_of(feature, nested - 1)
        case "GeometryCollection":
            for geometry in _list(found, "geometries"):
                yield from polygons_of(geometry, nested - 1)
        case "Feature":
            if found.get("geometry") is not None:
                yield from polygons_of(found["geometry"], nested - 1)
        case "Polygon":
            yield from _polygon(_list(found, "coordinates"))
        case "MultiPolygon":
            for rings in _list(found, "coordinates"):
                yield from _polygon(rings)
        case "Point" | "MultiPoint" | "LineString" | "MultiLineString":
            return
        case _:
            raise _broken()


def _list(found: dict[str, Any], name: str) -> list[Any]:
    if not isinstance(found.get(name), list):
        raise _broken()
    return list(found[name])


def _polygon(rings: Any) -> Iterator[Polygon]:
    try:
        outlines = [np.array([point[:2] for point in ring], np.float64) for ring in rings]
        if not all(np.isfinite(outline).all() for outline in outlines):
            raise _broken()
        if outlines:
            yield Polygon(outlines[0], outlines[1:])
    except (TypeError, ValueError, IndexError, shapely.errors.GEOSException):
        raise _broken() from None


def _scene_grid(mask: Mask) -> RasterGrid:
    if not isinstance(mask.grid, RasterGrid):
        raise ValueError("outlines are drawn of a scene's mask")
    if not is_on_earth(mask.grid.crs):
        raise _nowhere()
    return mask.grid


def _nowhere() -> Refused:
    return Refused(
        "SV-MSK-050",
        "This scene does not say where on the Earth it lies, so its cells and polygons in "
        "longitude and latitude cannot be brought together; open a scene with its georeference.",
    )


def _broken() -> Refused:
    return Refused(
        "SV-MSK-047",
        "This is no GeoJSON with polygons that can be read, so nothing was taken from it; export "
        "it again as GeoJSON in longitude and latitude.",
    )
