"""What the browser sees of an error: one table from the library's errors to HTTP."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from segviz.errors import (
    Cancelled,
    Conflict,
    Damaged,
    DiskFull,
    NotFound,
    Question,
    Refused,
    SegvizError,
)


class WrongToken(SegvizError):
    """The address does not carry the token of its case."""

    def __init__(self) -> None:
        super().__init__(
            "SV-CASE-403", "This address is not valid any more; open the case from the list again."
        )


class TooLarge(Refused):
    """More bytes than the route takes."""


STATUS: dict[type[SegvizError], int] = {
    WrongToken: 403,
    TooLarge: 413,
    NotFound: 404,
    Conflict: 409,
    Cancelled: 409,
    Refused: 400,
    Question: 400,
    Damaged: 500,
    DiskFull: 507,
}

Endpoint = Callable[[Request], Awaitable[Response]]


def status(error: SegvizError) -> int:
    """HTTP status of an error: its own class's, or the nearest ancestor's."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def response(error: SegvizError) -> Response:
    told: dict[str, Any] = {"error": {"code": error.code, "message": error.message}}
    if isinstance(error, Conflict) and error.conflict is not None:
        told["conflict"] = error.conflict
    return JSONResponse(
        told,
        status_code=status(error),
        headers={"Cache-Control": "no-store"},
    )


def reported(endpoint: Endpoint) -> Endpoint:
    """The endpoint, with errors meant for the user answered as JSON."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except SegvizError as error:
            return response(error)

    return answer
