"""Areas of a case: their outlines on a scene, and the table of what they hold."""

from __future__ import annotations

from typing import Any

import shapely
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from segviz import findings
from segviz.case import Case
from segviz.findings.areas import KIND, area_of, csv_rows, keep_drawn
from segviz.io import table
from segviz.measure.outlines import Onto, onto
from segviz.measure.zones import Area
from segviz.store import Store
from segviz.web import answers, query
from segviz.web.access import LAYER, VISIT, bench_of, get, post, visit_of
from segviz.web.downloads import slug, written
from segviz.web.edits import JSON_LIMIT, author
from segviz.web.tiles import raster

CLOSEST = 0.25
"""Cells that an outline may be drawn beside its place, so that fewer points are sent."""

Parts = list[list[list[list[float]]]]


def routes(store: Store) -> list[Route]:
    return [
        get(store, VISIT + "/areas", outlines),
        post(store, VISIT + "/areas", draw, JSON_LIMIT),
        get(store, LAYER + "/areas.csv", numbers),
    ]


def outlines(store: Store, case: Case, request: Request) -> Response:
    """Parts, outlines and holes in (column, row) corners; ``of`` keeps addresses apart alone."""
    grid = raster(visit_of(case, request))
    areas = [area_of(record) for record in store.records(case.id, KIND)]
    if not areas:
        return answers.data({"areas": []})
    look = onto(grid, areas[0].crs)
    return answers.data({"areas": [{"name": a.name, "parts": parts(look, a)} for a in areas]})


def draw(store: Store, case: Case, request: Request, body: bytes) -> Response:
    """Keep a polygon that was drawn, ``corners`` [column, row]; on disk when this answers."""
    grid, said = raster(visit_of(case, request)), query.json_object(body)
    corners = query.field(said, "corners", list)
    if not all(_is_place(corner) for corner in corners):
        raise query.malformed("corners")
    record = keep_drawn(store, case.id, grid, corners, author(said.get("author")))
    return answers.data({"name": record.name, "seq": record.seq})


def _is_place(corner: object) -> bool:
    return (
        isinstance(corner, list)
        and len(corner) == 2
        and all(isinstance(at, int | float) for at in corner)
    )


def parts(look: Onto, area: Area) -> Parts:
    """An area as the map draws it; empty where it lies beside the scene."""
    shape = shapely.simplify(look(area.geometry), CLOSEST)
    return [
        [shapely.get_coordinates(ring).round(2).tolist() for ring in shapely.get_rings(polygon)]
        for polygon in shapely.get_parts(shape)
        if polygon.geom_type == "Polygon"
    ]


def numbers(store: Store, case: Case, request: Request) -> Response:
    """A line for each area and label of a layer at a revision."""
    bench = bench_of(store, case, request)
    spec: dict[str, Any] = {
        "kind": "areas",
        "layer": bench.layer.id,
        "revision": query.whole(request, "revision"),
        "areas": query.wholes(request, "areas"),
        "preset": query.text(request, "preset") or None,
    }
    rows = csv_rows(findings.find(store, spec))
    name = f"{slug(case.name)}_{slug(bench.visit.name)}_areas.csv"
    return written("numbers.csv", name, lambda path: table.write_csv(rows, path))
