"""Who may have what: each address carries the token of its case."""

from __future__ import annotations

from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from segviz import workbench
from segviz.case import Case, Visit
from segviz.errors import NotFound
from segviz.store import Store, access
from segviz.web.errors import TooLarge, WrongToken, reported
from segviz.workbench import Workbench

Read = Callable[[Store, Case, Request], Response]
Write = Callable[[Store, Case, Request, bytes], Response]

CASE = "/sv/cases/{case}/{token}"
VISIT = CASE + "/visits/{visit}"
LAYER = VISIT + "/layers/{layer}"


def get(store: Store, path: str, answer: Read) -> Route:
    """A GET route of a case; ``answer`` runs in a thread."""

    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(lambda: answer(store, permitted(store, request), request))

    return Route(path, reported(endpoint), methods=["GET"])


def post(store: Store, path: str, answer: Write, limit_bytes: int) -> Route:
    """A POST route of a case; the body is read up to a limit, ``answer`` runs in a thread."""

    async def endpoint(request: Request) -> Response:
        case = await run_in_threadpool(permitted, store, request)
        body = await limited_body(request, limit_bytes)
        return await run_in_threadpool(answer, store, case, request, body)

    return Route(path, reported(endpoint), methods=["POST"])


def permitted(store: Store, request: Request) -> Case:
    """The case of the address.

    Raises:
        WrongToken: the token is not that of the case; whether the case exists is not told.
        NotFound: there is no such case.
    """
    case_id = request.path_params["case"]
    if not access.allows(store.settings, f"case:{case_id}", request.path_params["token"]):
        raise WrongToken
    return store.case(case_id)


def visit_of(case: Case, request: Request, name: str = "visit") -> Visit:
    """The visit of the address, which must belong to the case.

    Raises:
        NotFound: it does not (SV-CASE-404).
    """
    visit_id = request.path_params[name]
    for visit in case.visits:
        if visit.id == visit_id:
            return visit
    raise _no_visit()


async def limited_body(request: Request, limit_bytes: int) -> bytes:
    """The whole body.

    Raises:
        TooLarge: it is longer than the limit (SV-EDIT-413).
    """
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > limit_bytes:
            raise TooLarge(
                "SV-EDIT-413",
                "The edit is larger than the server takes at once and was not applied; "
                "make it in smaller steps.",
            )
    return bytes(body)


def bench_of(store: Store, case: Case, request: Request) -> Workbench:
    """The mask of the address: a layer, which must belong to the visit.

    Raises:
        NotFound: it does not (SV-CASE-404).
    """
    bench = bench_in(store, case, request.path_params["layer"])
    if bench.visit.id != visit_of(case, request).id:
        raise _no_visit()
    return bench


def bench_in(store: Store, case: Case, layer: str) -> Workbench:
    """The mask of a layer of any visit of a case.

    Raises:
        NotFound: the case has no such layer (SV-CASE-404).
    """
    if store.layer(layer).visit_id not in {visit.id for visit in case.visits}:
        raise _no_visit()
    return workbench.get(store, layer)


def _no_visit() -> NotFound:
    return NotFound("SV-CASE-404", "This case has no such visit; open it from the list again.")
