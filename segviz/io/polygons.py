"""Polygons to measure in, from GeoJSON, GeoPackage or a zipped Shapefile.

A file is told by its bytes, never by its name, and only these three are read: GeoJSON by our own
code, the other two by GDAL from a copy under a name of ours with the drivers ``GPKG`` and
``ESRI Shapefile``.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyogrio
import pyogrio.raw
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from segviz.errors import Question, Refused
from segviz.grid import RasterGrid
from segviz.io import archive, geojson
from segviz.io.failures import refusing
from segviz.io.notes import Note
from segviz.measure.ellipsoid import is_on_earth
from segviz.measure.outlines import densified, placed
from segviz.measure.zones import Area, require_earth

MOST_BYTES = 256 * 2**20
MOST_AREAS = 10_000
MOST_POINTS = 5_000_000

ZIP, SQLITE, GPKG = b"PK\x03\x04", b"SQLite format 3\x00", b"GPKG"
SHAPE = (".shp", ".shx", ".dbf", ".prj", ".cpg")
NAMES = ("name", "title", "label", "area", "site", "plot", "parcel", "field", "code", "id")
"""Columns whose values are taken as the names of areas, the first that is there."""

LONGEST_NAME = 80
SURFACES = ("Polygon", "MultiPolygon")

UNREADABLE = (
    "The file of areas is damaged or of a kind that is not read, so nothing was measured; save it "
    "as GeoJSON, GeoPackage or a zipped Shapefile."
)

Feature = tuple[str, BaseGeometry | None]


@dataclass(frozen=True)
class Areas:
    """What a file holds, and sentences about what was done to it."""

    areas: tuple[Area, ...]
    notes: tuple[str, ...] = ()


def read_areas(path: Path, answers: Mapping[str, str] | None = None) -> Areas:
    """The polygons of a file, repaired where their edges cross, each with a name of its own.

    Args:
        answers: ``layer`` where the file has several, ``crs`` (``EPSG:n``) where it names none.

    Raises:
        Refused: unreadable (SV-NUM-055), too large (SV-NUM-056), without polygons (SV-NUM-057), in
            an unknown CRS (SV-NUM-058); or by ``archive`` and ``geojson``.
        Question: which layer (SV-NUM-060), which CRS (SV-NUM-059).
    """
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise _too_large(f"{size / 1e6:,.0f} MB and {MOST_BYTES / 1e6:,.0f}")
    answers = answers or {}
    with path.open("rb") as file:
        head = file.read(72)
    with TemporaryDirectory(prefix="segviz-areas-") as folder:
        if head.startswith(ZIP):
            features, crs = _from_shapefile(path, Path(folder), answers)
        elif head.startswith(SQLITE):
            features, crs = _from_geopackage(path, head, Path(folder), answers)
        else:
            features, crs = _from_geojson(path.read_bytes())
    return _areas(features, crs)


def read_shape(name: str, drawn: Mapping[str, Any]) -> Area:
    """A GeoJSON geometry in longitude and latitude, as records keep it.

    Raises:
        Refused: it is none (SV-MSK-047) or has no area (SV-NUM-057).
    """
    polygons = list(geojson.polygons_of(dict(drawn)))
    (area,) = _areas([(name, shapely.union_all(polygons))], geojson.LONGITUDE_LATITUDE).areas
    return area


def from_cells(name: str, points: Sequence[Sequence[float]], grid: RasterGrid) -> Area:
    """A polygon drawn on a scene, whose edges are straight in its grid.

    Args:
        points: corners (column, row) in pixel corners.

    Raises:
        Refused: they span no area (SV-NUM-057); the scene lies nowhere (SV-NUM-053).
    """
    crs = require_earth(grid)
    corners = np.array(points, np.float64).reshape(-1, 2)
    if len(corners) < 3 or not np.isfinite(corners).all():
        raise _no_polygons()
    (shape,) = placed(np.array([shapely.Polygon(corners)], object), grid.transform)
    (area,) = _areas([(name, shape)], crs).areas
    return area


def to_geojson(area: Area) -> dict[str, Any]:
    """The geometry in longitude and latitude; long edges of another CRS get points on the way."""
    if area.crs == geojson.LONGITUDE_LATITUDE or area.crs == CRS("EPSG:4326"):
        return dict(mapping(area.geometry))
    to_degrees = Transformer.from_crs(area.crs, geojson.LONGITUDE_LATITUDE, always_xy=True)
    found = shapely.transform(
        densified(area.geometry, area.crs),
        lambda p: np.column_stack(to_degrees.transform(p[:, 0], p[:, 1])),
    )
    return dict(mapping(found))


def distinct(names: Iterable[str], taken: Iterable[str] = ()) -> Iterator[str]:
    """Each name once: ``Field``, ``Field (2)``."""
    gone = set(taken)
    for name in names:
        number, new = 1, name
        while new in gone:
            number += 1
            new = f"{name} ({number})"
        gone.add(new)
        yield new


def _from_geojson(content: bytes) -> tuple[list[Feature], CRS]:
    if len(content) > geojson.MOST_BYTES:
        raise _too_large(f"{len(content) / 1e6:,.0f} MB and {geojson.MOST_BYTES / 1e6:,.0f}")
    found = geojson.parsed(content)
    listed = found.get("features") if found.get("type") == "FeatureCollection" else [found]
    features = [_feature(one) for one in (listed if isinstance(listed, list) else [])]
    return features, geojson.crs_of(found)


def _feature(found: Any) -> Feature:
    properties = found.get("properties") if isinstance(found, dict) else None
    polygons = list(geojson.polygons_of(found))
    name = _name_of(properties if isinstance(properties, dict) else {})
    if not polygons:
        return name, None
    return name, polygons[0] if len(polygons) == 1 else shapely.multipolygons(polygons)


def _from_geopackage(
    path: Path, head: bytes, folder: Path, answers: Mapping[str, str]
) -> tuple[list[Feature], CRS]:
    """Tables alone: a view is a query of the file's own, which may never end."""
    if head[68:72] != GPKG:
        raise Refused("SV-NUM-055", UNREADABLE)
    copy = folder / "areas.gpkg"
    shutil.copyfile(path, copy)
    with refusing("SV-NUM-055", UNREADABLE):
        layers = _tables(copy)
    return _read(copy, _chosen(layers, answers), "GPKG", answers)


def _tables(path: Path) -> list[str]:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        rows = connection.execute(
            "select c.table_name from gpkg_contents c join sqlite_master m on m.name = c.table_name"
            " where c.data_type = 'features' and m.type = 'table' order by c.rowid"
        ).fetchall()
    except sqlite3.Error as error:
        raise ValueError(str(error)) from error
    finally:
        connection.close()
    return [str(name) for (name,) in rows]


def _from_shapefile(
    path: Path, folder: Path, answers: Mapping[str, str]
) -> tuple[list[Feature], CRS]:
    archive.unpack_tree(path, folder / "unpacked")
    found = sorted(p for p in (folder / "unpacked").rglob("*") if p.suffix.lower() == ".shp")
    if not found:
        raise Refused("SV-NUM-055", UNREADABLE)
    names = [str(p.relative_to(folder / "unpacked").with_suffix("")) for p in found]
    chosen = found[names.index(_chosen(names, answers))]
    for part in chosen.parent.iterdir():
        if part.stem == chosen.stem and part.suffix.lower() in SHAPE:
            part.rename(folder / f"areas{part.suffix.lower()}")
    return _read(folder / "areas.shp", "areas", "ESRI Shapefile", answers)


def _chosen(layers: Sequence[str], answers: Mapping[str, str]) -> str:
    """The layer to read: the only one, or the one that the reader named."""
    if not layers:
        raise _no_polygons()
    if len(layers) == 1:
        return layers[0]
    answer = answers.get("layer", "")
    if answer not in layers:
        raise Question(
            "SV-NUM-060",
            f"The file holds {len(layers)} layers, and areas of one are measured at a time. Which "
            "one?",
            "layer",
            {layer: layer for layer in layers},
        )
    return answer


def _read(
    path: Path, layer: str, driver: str, answers: Mapping[str, str]
) -> tuple[list[Feature], CRS]:
    with refusing("SV-NUM-055", UNREADABLE):
        about = pyogrio.read_info(path, layer=layer)
        if about["driver"] != driver:
            raise Refused("SV-NUM-055", UNREADABLE)
        if about["features"] > MOST_AREAS:
            raise _too_many(about["features"])
        columns = [n for n in about["fields"] if n.casefold() in NAMES]
        meta, _, geometry, values = pyogrio.raw.read(
            path, layer=layer, columns=columns, force_2d=True, max_features=MOST_AREAS + 1
        )
        shapes = shapely.from_wkb([] if geometry is None else geometry)
    crs = _crs(meta["crs"], answers)
    rows = zip(*values, strict=True) if columns else ((),) * len(shapes)
    named = [_name_of(dict(zip(meta["fields"], row, strict=True))) for row in rows]
    return list(zip(named, shapes, strict=True)), crs


def _crs(named: str | None, answers: Mapping[str, str]) -> CRS:
    """That of the file, else the reader's answer.

    Raises:
        Question: there is neither (SV-NUM-059).
        Refused: it is unknown, or not on the Earth (SV-NUM-058).
    """
    asked = named or answers.get("crs", "")
    if not asked:
        raise Question(
            "SV-NUM-059",
            "The file does not say in which coordinate system its areas are, and in another one "
            "they would lie elsewhere. Which one is it (for example EPSG:4326, longitude and "
            "latitude)?",
            "crs",
        )
    try:
        crs = CRS.from_user_input(asked) if named else CRS.from_authority(*asked.split(":"))
    except (CRSError, TypeError):
        crs = None
    if not is_on_earth(crs):
        raise Refused(
            "SV-NUM-058",
            "The coordinate system of the areas is not known here or lies on no map of the Earth, "
            "so they have no hectares; save them in longitude and latitude (EPSG:4326).",
        )
    assert crs is not None
    return crs


def _name_of(values: Mapping[str, Any]) -> str:
    """Of the first column that sounds like a name and has one; empty without."""
    lower = {str(key).casefold(): value for key, value in values.items()}
    found = (lower.get(column) for column in NAMES)
    return next((text for value in found if (text := _text(value))), "")


def _text(value: Any) -> str:
    if value is None or isinstance(value, dict | list) or value != value:
        return ""
    return " ".join(str(value).split())[:LONGEST_NAME]


def _areas(features: Iterable[Feature], crs: CRS) -> Areas:
    listed = list(features)
    if len(listed) > MOST_AREAS:
        raise _too_many(len(listed))
    kept: list[Area] = []
    repaired: list[str] = []
    names = distinct(name or f"Area {n}" for n, (name, _) in enumerate(listed, 1))
    for name, (_, shape) in zip(names, listed, strict=True):
        if shape is None or not np.isfinite(shapely.bounds(shape)).all():
            continue
        whole = shape if shape.is_valid else shapely.make_valid(shape)
        surface = _surface(whole)
        if surface.is_empty:
            continue
        if not shape.is_valid:
            repaired.append(name)
        kept.append(Area(name, surface, crs))
    if sum(shapely.get_num_coordinates(area.geometry) for area in kept) > MOST_POINTS:
        raise _too_large(f"more points than the {MOST_POINTS:,}")
    if not kept:
        raise _no_polygons()
    return Areas(tuple(kept), tuple(_told(len(listed) - len(kept), repaired)))


def _surface(shape: BaseGeometry) -> BaseGeometry:
    """The polygons in a shape; what is left of it without lines and points."""
    if shape.geom_type in SURFACES:
        return shape
    parts = [part for part in shapely.get_parts(shape) if part.geom_type in SURFACES]
    found: BaseGeometry = shapely.union_all(parts)
    return found


def _told(left_out: int, repaired: Sequence[str]) -> Iterator[str]:
    if left_out:
        what = "1 feature has" if left_out == 1 else f"{left_out:,} features have"
        yield Note("SV-NUM-061", f"{what} no area and was left out: points, lines or nothing.")
    if repaired:
        shown = ", ".join(repaired[:3]) + (" and others" if len(repaired) > 3 else "")
        yield Note(
            "SV-NUM-062",
            f"The edges of {len(repaired):,} of the polygons cross themselves ({shown}); they were "
            "repaired, which may change their area.",
        )


def _too_large(what: str) -> Refused:
    return Refused(
        "SV-NUM-056",
        f"The file of areas has {what} are read at most, so nothing was measured; cut out the "
        "areas of this scene first.",
    )


def _too_many(count: int) -> Refused:
    return _too_large(f"{count:,} features and {MOST_AREAS:,}")


def _no_polygons() -> Refused:
    return Refused(
        "SV-NUM-057",
        "The file holds no polygons, so there is nothing to measure in; points and lines have no "
        "area.",
    )
