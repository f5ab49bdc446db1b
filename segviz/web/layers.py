"""Layers of a visit, their versions, and what two of them have in common."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from segviz import workbench
from segviz.case import Case, Visit
from segviz.measure import distance_map, surfaces
from segviz.opening.tiling import tile_window
from segviz.render import tiles as draw
from segviz.store import Store
from segviz.web import answers, query
from segviz.web.access import VISIT, bench_in, get, post, visit_of
from segviz.web.edits import JSON_LIMIT, author, optional
from segviz.web.tiles import PLACE, padded, place, raster, thinned
from segviz.web.volumes import of_volume


def routes(store: Store) -> list[Route]:
    return [
        post(store, VISIT + "/layers", new_layer, JSON_LIMIT),
        get(store, VISIT + "/difference", difference),
        get(store, VISIT + "/surface-distance", surface_distance),
        get(store, VISIT + "/difference" + PLACE + ".png", difference_tile),
    ]


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


def difference(store: Store, case: Case, request: Request) -> Response:
    """Where two masks of a scan differ (``workbench.comparison``): canonical order, x fastest."""
    return labels(visit_of(case, request), workbench.difference(*two(store, case, request)))


def surface_distance(store: Store, case: Case, request: Request) -> Response:
    """How far the surface of ``a`` lies from that of ``b``, as ``difference`` is answered.

    Labels are those of ``measure.distance_map.legend``.
    """
    visit, label = visit_of(case, request), query.whole(request, "label")
    steps_mm = surfaces.steps_of(of_volume(visit))
    mask, other = (each.labels() == label for each in two(store, case, request))
    return labels(visit, distance_map.binned(mask, other, steps_mm))


def labels(visit: Visit, found: NDArray[np.uint8]) -> Response:
    """Labels of a scan that stay what they are."""
    packed = answers.gzip_fast(of_volume(visit).to_canonical(found).tobytes(order="F"))
    headers = {"Cache-Control": answers.FOREVER}
    return answers.gzipped(packed, "application/octet-stream", headers)


def difference_tile(store: Store, case: Case, request: Request) -> Response:
    """The same of a scene, as a tile."""
    visit = visit_of(case, request)
    window, step = tile_window(raster(visit).shape, *place(request))
    found = workbench.difference(*two(store, case, request), window)
    whole = (0, found.shape[0], 0, found.shape[1])
    body = draw.mask_tile(
        padded(thinned(found, whole, step)), workbench.comparison.legend("a", "b")
    )
    return answers.picture(body, answers.FOREVER)


def two(store: Store, case: Case, request: Request) -> tuple[workbench.At, workbench.At]:
    """The masks that ``a`` and ``b`` of the address name, each as ``layer@revision``."""
    return at(store, case, query.text(request, "a")), at(store, case, query.text(request, "b"))


def at(store: Store, case: Case, name: str) -> workbench.At:
    layer, _, revision = name.partition("@")
    if not revision.isdigit():
        raise query.malformed("revision")
    return workbench.At(bench_in(store, case, layer), int(revision))
