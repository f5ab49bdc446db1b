"""The mask of a visit and what is known of it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from segviz.case import Case
from segviz.grid import VolumeGrid
from segviz.store import Store
from segviz.web import answers, query
from segviz.web.access import LAYER, bench_of, get


def routes(store: Store) -> list[Route]:
    return [
        get(store, LAYER + "/mask", mask),
        get(store, LAYER + "/state", state),
        get(store, LAYER + "/operations", operations),
    ]


def mask(store: Store, case: Case, request: Request) -> Response:
    """Labels as uint8 in canonical order, x fastest, as the volume viewer draws them.

    The revision is read first: an edit that comes between is answered as stale later, never lost.
    """
    bench = bench_of(store, case, request)
    revision = bench.revision
    labels = bench.mask()
    data = labels.data
    if isinstance(labels.grid, VolumeGrid):
        data = labels.grid.to_canonical(data)
    packed = answers.gzip_fast(data.tobytes(order="F" if data.ndim == 3 else "C"))
    headers = {"X-Revision": str(revision), "Cache-Control": answers.NEVER}
    return answers.gzipped(packed, "application/octet-stream", headers)


def state(store: Store, case: Case, request: Request) -> Response:
    return answers.data(bench_of(store, case, request).state())


def operations(store: Store, case: Case, request: Request) -> Response:
    """What was done before an operation that the browser has already."""
    found = bench_of(store, case, request).operations(query.whole(request, "before"))
    return answers.data({"operations": found})
