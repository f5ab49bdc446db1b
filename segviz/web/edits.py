"""Edits from the browser: applied, journaled on disk, then answered."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from segviz import opening, workbench
from segviz.case import Case, Visit
from segviz.edit import runs, tools
from segviz.edit.canvas import Canvas, Channel, Edit
from segviz.edit.where import Where
from segviz.errors import Refused
from segviz.grid import VolumeGrid, same_grid
from segviz.io import geojson
from segviz.store import Store
from segviz.web import answers, query
from segviz.web.access import LAYER, bench_in, bench_of, post, visit_of
from segviz.web.tiles import raster

RUNS = "application/octet-stream"
RUNS_LIMIT = 64 * 2**20
JSON_LIMIT = 4 * 2**20
LOGIC = frozenset({"union", "intersect", "subtract", "copy"})
"""Tools that may look at another mask, whose layer they name as ``source``."""


def routes(store: Store) -> list[Route]:
    return [
        post(store, LAYER + "/edits", edit, RUNS_LIMIT),
        post(store, LAYER + "/preview", preview, JSON_LIMIT),
        post(store, LAYER + "/undo", undo, JSON_LIMIT),
        post(store, LAYER + "/redo", redo, JSON_LIMIT),
        post(store, LAYER + "/jump", jump, JSON_LIMIT),
        post(store, LAYER + "/threshold", threshold, JSON_LIMIT),
        post(store, LAYER + "/label", label, JSON_LIMIT),
    ]


def edit(store: Store, case: Case, request: Request, body: bytes) -> Response:
    """Painted voxels as runs, or any tool by name as JSON."""
    visit, bench = visit_of(case, request), bench_of(store, case, request)
    if request.headers.get("content-type") == RUNS:
        return answers.data(painted(bench, visit, request, body))
    said = query.json_object(body)
    tool, edit_of, where = told(store, case, visit, said)
    revision, uuid, who = step(said)
    return answers.data(
        bench.apply(
            edit_of,
            where,
            values=opening.values(store, visit),
            tool=tool,
            base_revision=revision,
            uuid=uuid,
            author=who,
        )
    )


def preview(store: Store, case: Case, request: Request, body: bytes) -> Response:
    """What a tool would change; nothing is changed."""
    visit = visit_of(case, request)
    bench = bench_of(store, case, request)
    _, edit_of, where = told(store, case, visit, query.json_object(body))
    return answers.data(bench.preview(edit_of, where, values=opening.values(store, visit)))


def painted(
    bench: workbench.Workbench, visit: Visit, request: Request, body: bytes
) -> workbench.State:
    grid = visit.grid
    if not isinstance(grid, VolumeGrid):
        raise query.malformed("content-type")
    cells, labels = runs.decode(body, int(np.prod(grid.shape)))
    tool = query.text(request, "tool", "brush")
    return bench.edit_cells(
        grid.native_index(cells),
        labels,
        base_revision=query.whole(request, "base_revision"),
        uuid=query.text(request, "uuid"),
        title=tool.capitalize(),
        tool=tool,
        author=author(query.text(request, "author")),
        where=Where(
            locked=frozenset(query.wholes(request, "locked")),
            union=query.text(request, "union") == "true",
        ),
    )


def told(
    store: Store, case: Case, visit: Visit, said: Mapping[str, Any]
) -> tuple[str, workbench.EditOf, Where]:
    """Tool, what it does to a canvas, and its limits."""
    tool = query.field(said, "tool", str)
    params = dict(query.field(said, "params", dict))
    if isinstance(text := params.pop("geojson", None), str):
        params["rings"] = geojson.read_rings(text.encode(), raster(visit))
    source = params.pop("source", "") if tool in LOGIC else ""
    if isinstance(source, str) and source:
        params["other"] = mask_of(store, case, visit, source)

    def edit_of(canvas: Canvas) -> Edit:
        return tools.run(canvas, tool, params)

    return tool, edit_of, where_of(said.get("where") or {})


def mask_of(store: Store, case: Case, visit: Visit, source: str) -> NDArray[np.uint8]:
    """Labels of a layer, ``"id"`` or ``"id@revision"``, in the order of the canvas.

    Raises:
        NotFound: the case has no such layer (SV-CASE-404).
        Refused: its cells lie elsewhere (SV-EDIT-036), or there never was such a revision.
    """
    layer, _, revision = source.partition("@")
    bench = bench_in(store, case, layer)
    if not same_grid(bench.visit.grid, visit.grid):
        raise Refused(
            "SV-EDIT-036",
            f"The mask lies on another grid ({bench.visit.grid}) than the image ({visit.grid}), "
            "so its labels would be counted in the wrong place; use a mask of this image.",
        )
    found = bench.mask_at(int(revision)) if revision.isdigit() else bench.mask().data
    return visit.grid.to_canonical(found) if isinstance(visit.grid, VolumeGrid) else found


def where_of(said: Mapping[str, Any]) -> Where:
    """The limits of an operation; none where nothing is said."""
    window = said.get("window")
    locked = said.get("locked") or []
    try:
        return Where(
            only=optional(said, "only", int),
            outside=optional(said, "outside", int),
            locked=frozenset(int(value) for value in locked),
            window=None if window is None else (float(window[0]), float(window[1])),
            channel=channel_of(said.get("channel", 0)),
            union=said.get("union") is True,
        )
    except (TypeError, ValueError, LookupError):
        raise query.malformed("where") from None


def channel_of(said: Any) -> Channel:
    if isinstance(said, list):
        one, two = said
        return operator.index(one), operator.index(two)
    return operator.index(said)


def undo(store: Store, case: Case, request: Request, body: bytes) -> Response:
    return answers.data(bench_of(store, case, request).undo(*step(query.json_object(body))))


def redo(store: Store, case: Case, request: Request, body: bytes) -> Response:
    return answers.data(bench_of(store, case, request).redo(*step(query.json_object(body))))


def jump(store: Store, case: Case, request: Request, body: bytes) -> Response:
    """Have so many of the operations of the history in force."""
    said = query.json_object(body)
    position = query.field(said, "position", int)
    return answers.data(bench_of(store, case, request).jump(position, *step(said)))


def threshold(store: Store, case: Case, request: Request, body: bytes) -> Response:
    """Draw the label of the last run again at another threshold."""
    said = query.json_object(body)
    revision, uuid, who = step(said)
    state = bench_of(store, case, request).move_threshold(
        float(query.field(said, "value", (int, float))),
        base_revision=revision,
        uuid=uuid,
        author=who,
    )
    return answers.data(state)


def label(store: Store, case: Case, request: Request, body: bytes) -> Response:
    """Add, rename, recolour, delete or merge a label."""
    said = query.json_object(body)
    revision, uuid, who = step(said)
    state = bench_of(store, case, request).change_legend(
        query.field(said, "change", str),
        value=optional(said, "value", int),
        name=optional(said, "name", str),
        color=optional(said, "color", str),
        into=optional(said, "into", int),
        base_revision=revision,
        uuid=uuid,
        author=who,
    )
    return answers.data(state)


def optional(said: Mapping[str, Any], name: str, kind: type) -> Any:
    return None if said.get(name) is None else query.field(said, name, kind)


def step(said: Mapping[str, Any]) -> tuple[int, str, str]:
    """Base revision, uuid and author of an operation."""
    return (
        query.field(said, "base_revision", int),
        query.field(said, "uuid", str),
        author(said.get("author")),
    )


def author(said: object) -> str:
    return str(said)[:100] if said else workbench.bench.READER
