"""Samples of a case: the map they are drawn from, the points, and what people read at them.

A map is named by JSON: ``{"layer", "revision"}`` for the classes of a mask, or ``{"before":
{"layer", "revision"}, "after": {...}, "label"}`` for what became of one class between two dates.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from segviz import workbench
from segviz.case import Record, Visit
from segviz.change.map import GAIN, LOSS, STABLE, loss_gain
from segviz.errors import Refused
from segviz.grid import RasterGrid, Window
from segviz.image import windows
from segviz.mask import Label, Legend
from segviz.measure import sampling
from segviz.measure.areas import AreaTally
from segviz.store import Store

SAMPLE, READING = "sample", "reading"
"""Kinds of records."""

Confidence = Literal["high", "medium", "low"]

NEVER = GAIN + 1
"""Code of cells that have another class at both dates."""

WINDOW = 1024


@dataclass(frozen=True, eq=False)
class ClassMap:
    """Classes on a grid, read window by window; 0 is no class.

    Attributes:
        title: which map it is, for people.
    """

    grid: RasterGrid
    legend: Legend
    title: str
    read: sampling.Read


def class_map(store: Store, of: Mapping[str, Any]) -> ClassMap:
    """The map that some JSON names.

    Raises:
        Refused: the two dates of a change lie on different grids (SV-NUM-075).
    """
    if "layer" in of:
        return _of_layer(store, of)
    before, after = _of_layer(store, of["before"]), _of_layer(store, of["after"])
    if not before.grid.same_as(after.grid):
        raise Refused(
            "SV-NUM-075",
            "The two dates lie on different grids, so no pixel has a class on both and no sample "
            "of their change can be drawn; put the masks on one grid first.",
        )
    label = int(of["label"])

    def read(window: Window) -> NDArray[np.uint8]:
        first, second = before.read(window), after.read(window)
        codes = loss_gain(first, second, label)
        codes[(codes == 0) & (first != 0) & (second != 0)] = NEVER
        return codes

    name = before.legend.covering([label])[label].name
    title = f"{name}, {before.title} to {after.title}"
    return ClassMap(before.grid, changes(name), title, read)


def changes(name: str) -> Legend:
    """What can become of a class between two dates."""
    return Legend(
        (
            Label(STABLE, f"{name} stayed", "#009E73"),
            Label(LOSS, f"{name} lost", "#D55E00"),
            Label(GAIN, f"{name} gained", "#0072B2"),
            Label(NEVER, f"never {name}", "#999999"),
        )
    )


def current(store: Store, of: Mapping[str, Any]) -> dict[str, Any]:
    """The same map as it is now."""
    if "layer" in of:
        return {"layer": of["layer"], "revision": workbench.get(store, of["layer"]).revision}
    return dict(of) | {side: current(store, of[side]) for side in ("before", "after")}


def areas(of: ClassMap, within: ClassMap | None = None) -> AreaTally:
    """Pixels and hectares of each class; only where another map has a class, if one is given."""
    tally = AreaTally(of.grid)
    for window in windows(of.grid.shape, WINDOW):
        classes = of.read(window)
        if within is not None:
            classes = np.where(within.read(window) == 0, np.uint8(0), classes)
        tally.add(window, classes)
    return tally


def same(one: ClassMap, two: ClassMap) -> bool:
    """Every cell has the same class in both, e.g. because an edit was undone."""
    return all(
        np.array_equal(one.read(window), two.read(window))
        for window in windows(one.grid.shape, WINDOW)
    )


def class_at(of: ClassMap, point: Mapping[str, Any]) -> int:
    """The class at a point of a sample."""
    row, column = point["row"], point["column"]
    return int(of.read((row, row + 1, column, column + 1))[0, 0])


def legend_of(body: Mapping[str, Any]) -> Legend:
    """What can be read at the points of a sample."""
    return Legend.from_json(body["classes"])


def strata(of: ClassMap) -> list[dict[str, Any]]:
    """One for each class that the map has: value, name, colour, pixels and, with a CRS, ha.

    Raises:
        Refused: the map has no class (SV-NUM-074).
    """
    tally = areas(of)
    pixels, hectares = tally.pixels(), tally.area_ha()
    if not pixels:
        raise Refused(
            "SV-NUM-074",
            "The map has no class yet, so there is nothing to draw a sample from; run a model or "
            "paint on the Review page.",
        )
    return [
        {
            "value": value,
            "name": of.legend[value].name,
            "color": of.legend[value].color,
            "pixels": count,
            "area_ha": hectares[value] if hectares else None,
        }
        for value, count in pixels.items()
    ]


def draw(
    store: Store,
    case_id: str,
    of: Mapping[str, Any],
    allocation: Mapping[int, int],
    seed: int,
    design: Mapping[str, Any],
    author: str = "",
) -> Record:
    """Draw points in each class of a map and keep them as a sample of the case.

    Args:
        allocation: class -> points, for each class that the map has.
        design: how the allocation was found, kept beside it.

    Raises:
        Refused: there is no map (SV-NUM-074), or the allocation cannot be drawn (SV-NUM-072).
    """
    classes = class_map(store, of)
    rows = strata(classes)
    points = [allocation.get(row["value"], 0) for row in rows]
    sampling.require_drawable(
        points, [row["pixels"] for row in rows], [row["name"] for row in rows]
    )
    wanted = {row["value"]: n for row, n in zip(rows, points, strict=True)}
    drawn = sampling.draw(classes.read, classes.grid.shape, wanted, seed)
    body = {
        "title": classes.title,
        "map": dict(of),
        "seed": seed,
        "design": dict(design),
        "classes": classes.legend.covering(list(wanted)).to_json(),
        "strata": [row | {"points": n} for row, n in zip(rows, points, strict=True)],
        "points": _places(classes.grid, drawn),
    }
    return store.add_record(case_id, SAMPLE, store.new_id(), body, author)


def keep_reading(
    store: Store,
    sample: Record,
    point: int,
    label: int | None,
    confidence: Confidence = "high",
    *,
    why: str = "",
    note: str = "",
    author: str = "",
) -> Record:
    """What a reader saw at a point; on disk when this returns.

    Args:
        label: the class; None where it cannot be told, and ``why`` says why.
    """
    body = {
        "sample": sample.name,
        "point": point,
        "label": label,
        "confidence": confidence,
        "why": why,
        "note": note,
    }
    name = f"{sample.name}:{point}:{author}"
    return store.add_record(sample.case_id, READING, name, body, author)


def readings(store: Store, sample: Record, until: int | None = None) -> dict[int, list[Record]]:
    """Point -> the last reading of each reader, the newest first; the first one counts."""
    found: dict[int, list[Record]] = defaultdict(list)
    for record in store.records(sample.case_id, READING, until):
        if record.body["sample"] == sample.name:
            found[record.body["point"]].append(record)
    newest = {
        point: sorted(of_point, key=lambda record: -record.seq) for point, of_point in found.items()
    }
    return dict(sorted(newest.items()))


def position(grid: RasterGrid, longitude: float, latitude: float) -> tuple[int, int] | None:
    """Row and column of the cell of a grid at a place; None outside or without a CRS."""
    if grid.crs is None:
        return None
    x, y = _to_degrees(grid.crs).transform(longitude, latitude, direction="INVERSE")
    column, row = ~grid.transform @ (x, y)
    if not (0 <= row < grid.shape[0] and 0 <= column < grid.shape[1]):
        return None
    return int(row), int(column)


def _of_layer(store: Store, of: Mapping[str, Any]) -> ClassMap:
    bench = workbench.get(store, of["layer"])
    revision = int(of["revision"])
    legend = bench.history_at(revision).legend

    def read(window: Window) -> NDArray[np.uint8]:
        return bench.mask_at(revision, window)

    return ClassMap(_raster(bench.visit), legend, _title(store, bench), read)


def _title(store: Store, bench: workbench.Workbench) -> str:
    """The visit, and the layer where it is not the visit's only one."""
    several = len(store.layers(bench.visit.id)) > 1
    return f"{bench.visit.name}, {bench.layer.name}" if several else bench.visit.name


def _raster(visit: Visit) -> RasterGrid:
    if not isinstance(visit.grid, RasterGrid):
        raise TypeError("samples are drawn from scenes")
    return visit.grid


def _places(grid: RasterGrid, drawn: sampling.Points) -> list[dict[str, Any]]:
    """Points as JSON, with the degrees of their middles where the grid has a CRS."""
    places = [
        {"row": int(row), "column": int(column), "stratum": int(stratum)}
        for row, column, stratum in zip(drawn.rows, drawn.columns, drawn.strata, strict=True)
    ]
    if grid.crs is None:
        return places
    t = grid.transform
    right, down = drawn.columns + 0.5, drawn.rows + 0.5
    x, y = t.a * right + t.b * down + t.c, t.d * right + t.e * down + t.f
    longitudes, latitudes = _to_degrees(grid.crs).transform(x, y)
    return [
        place | {"longitude": round(float(lon), 7), "latitude": round(float(lat), 7)}
        for place, lon, lat in zip(places, longitudes, latitudes, strict=True)
    ]


@lru_cache(maxsize=32)
def _to_degrees(crs: CRS) -> Transformer:
    """Kept: making one takes a tenth of a second."""
    return Transformer.from_crs(crs, 4326, always_xy=True)
