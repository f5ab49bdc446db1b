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
from segviz.web.edits import JSON_LIMIT, author, optional


def routes(store: Store) -> list[Route]:
    return [post(store, VISIT + "/layers", new_layer, JSON_LIMIT)]


def new_layer(store: Store, case: Case, request: Request, body: bytes) -> Response:
    """A mask of one's own, empty or from a revision of another layer of the visit."""
    visit, said = visit_of(case, request), query.json_object(body)
    layer = workbench.new_layer(
        store,
        visit.id,
        query.field(said, "name", str),
        author(said.get("author")),
        origin=optional(said, "from", str),
        revision=optional(said, "revision", int),
    )
    return answers.data({"layer": layer.id, "name": layer.name})
