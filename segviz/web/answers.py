"""Responses that browsers and Streamlit's own middleware leave as they are.

The pages' server compresses whatever carries no ``Content-Encoding`` on every request; saying
``identity`` or ``gzip`` ourselves saves up to a second for a volume.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from segviz.render.picture import media_type

FOREVER = "private, max-age=31536000, immutable"
ASK_AGAIN = "private, no-cache"
NEVER = "no-store"


def picture(body: bytes, cache: str = FOREVER) -> Response:
    """A PNG or JPEG."""
    headers = {"Content-Encoding": "identity", "Cache-Control": cache}
    return Response(body, media_type=media_type(body), headers=headers)


def gzipped(body: bytes, media_type: str, headers: Mapping[str, str]) -> Response:
    """Bytes that are gzip already; ``X-Size`` lets the browser show how much is still to come."""
    size = int.from_bytes(body[-4:], "little")
    return Response(
        body,
        media_type=media_type,
        headers={"Content-Encoding": "gzip", "X-Size": str(size), **headers},
    )


def gzip_fast(body: bytes) -> bytes:
    """gzip at its fastest level: masks are mostly long runs."""
    packer = zlib.compressobj(level=1, wbits=31)
    return packer.compress(body) + packer.flush()


def data(value: Mapping[str, Any]) -> Response:
    """JSON that is never cached."""
    return JSONResponse(value, headers={"Cache-Control": NEVER})


def unchanged(request: Request, etag: str) -> bool:
    """True where the browser has this version already."""
    return request.headers.get("if-none-match") == etag


def not_modified(etag: str) -> Response:
    return Response(status_code=304, headers={"ETag": etag, "Cache-Control": ASK_AGAIN})
