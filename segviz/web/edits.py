"""Edits from the browser: applied, journaled on disk, then answered."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from segviz import workbench
from segviz.case import Case
from segviz.edit import runs
from segviz.grid import VolumeGrid
from segviz.store import Store
from segviz.web import answers, query
from segviz.web.access import VISIT, post, visit_of

RUNS_LIMIT = 64 * 2**20
JSON_LIMIT = 4 * 2**20


def routes(store: Store) -> list[Route]:
    return [
        post(store, VISIT + "/edits", edit, RUNS_LIMIT),
        post(store, VISIT + "/undo", undo, JSON_LIMIT),
        post(store, VISIT + "/redo", redo, JSON_LIMIT),
        post(store, VISIT + "/threshold", threshold, JSON_LIMIT),
    ]


def edit(store: Store, case: Case, request: Request, body: bytes) -> Response:
    """Changed runs of a volume, or one operation on a scene."""
    visit = visit_of(case, request)
    bench = workbench.get(store, visit.id)
    if isinstance(visit.grid, VolumeGrid):
        return answers.data(edit_volume(bench, visit.grid, request, body))
    return answers.data(edit_scene(bench, query.json_object(body)))


def edit_volume(
    bench: workbench.Workbench, grid: VolumeGrid, request: Request, body: bytes
) -> workbench.State:
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
    )


def edit_scene(bench: workbench.Workbench, operation: dict[str, Any]) -> workbench.State:
    radius, only = operation.get("radius"), operation.get("only")
    return bench.edit_shape(
        query.field(operation, "tool", str),
        query.field(operation, "label", int),
        points(operation),
        0.0 if radius is None else float(query.field(operation, "radius", (int, float))),
        None if only is None else query.field(operation, "only", int),
        base_revision=query.field(operation, "base_revision", int),
        uuid=query.field(operation, "uuid", str),
        author=author(operation.get("author")),
    )


def undo(store: Store, case: Case, request: Request, body: bytes) -> Response:
    bench = workbench.get(store, visit_of(case, request).id)
    return answers.data(bench.undo(*step(query.json_object(body))))


def redo(store: Store, case: Case, request: Request, body: bytes) -> Response:
    bench = workbench.get(store, visit_of(case, request).id)
    return answers.data(bench.redo(*step(query.json_object(body))))


def threshold(store: Store, case: Case, request: Request, body: bytes) -> Response:
    """Draw the label of the last run again at another threshold."""
    said = query.json_object(body)
    revision, uuid, who = step(said)
    state = workbench.get(store, visit_of(case, request).id).move_threshold(
        float(query.field(said, "value", (int, float))),
        base_revision=revision,
        uuid=uuid,
        author=who,
    )
    return answers.data(state)


def step(said: dict[str, Any]) -> tuple[int, str, str]:
    """Base revision, uuid and author of an undo or redo."""
    return (
        query.field(said, "base_revision", int),
        query.field(said, "uuid", str),
        author(said.get("author")),
    )


def author(said: object) -> str:
    return str(said)[:100] if said else workbench.bench.READER


def points(operation: dict[str, Any]) -> NDArray[np.float64]:
    """[[column, row], ...] of pixel corners as (row, column) of cell centres."""
    try:
        given = np.asarray(query.field(operation, "points", list), dtype=np.float64)
    except (ValueError, TypeError):
        raise query.malformed("points") from None
    if given.ndim != 2 or given.shape[1] != 2 or not np.isfinite(given).all():
        raise query.malformed("points")
    return given[:, ::-1] - 0.5
