"""Layers of a visit, their versions, and what two of them have in common."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from segviz import workbench
from segviz.case import Case
from segviz.store import Store
from segviz.web import answers, query
from segviz.web.access import VISIT, post, visit_of
from segviz.web.edits import JSON_LIMIT, author


def routes(store: Store) -> list[Route]:
    return [post(store, VISIT + "/layers", new_layer, JSON_LIMIT)]


def new_layer(store: Store, case: Case, request: Request, body: bytes) -> Response:
    """A mask of one's own, empty or from a revision of another layer of the visit."""
    visit, said = visit_of(case, request), query.json_object(body)
    origin, revision = said.get("from"), said.get("revision")
    layer = workbench.new_layer(
        store,
        visit,
        query.field(said, "name", str),
        author(said.get("author")),
        origin=None if origin is None else query.field(said, "from", str),
        revision=None if revision is None else query.field(said, "revision", int),
    )
    return answers.data({"layer": layer.id, "name": layer.name})
