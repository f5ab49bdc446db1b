"""What an address or a JSON body says, checked."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from segviz.errors import Refused

ENDLESS = (math.inf, -math.inf)


def number(request: Request, name: str, default: float | None = None) -> float:
    """A finite number of the query string.

    Raises:
        Refused: it is missing or no number (SV-CASE-400).
    """
    try:
        value = float(request.query_params.get(name, "" if default is None else default))
    except ValueError:
        raise malformed(name) from None
    if not math.isfinite(value):
        raise malformed(name)
    return value


def whole(request: Request, name: str, default: int | None = None) -> int:
    """A whole number of the query string; refused as ``number`` does."""
    value = number(request, name, default)
    if value != int(value):
        raise malformed(name)
    return int(value)


def wholes(request: Request, name: str) -> list[int]:
    """Whole numbers of the query string, e.g. ``locked=1,3``; none where it is missing."""
    try:
        return [int(number) for number in text(request, name).split(",") if number]
    except ValueError:
        raise malformed(name) from None


def text(request: Request, name: str, default: str = "") -> str:
    """A short text of the query string (at most 200 characters)."""
    return request.query_params.get(name, default)[:200]


def bands(request: Request, count: int) -> list[int]:
    """Three or one 0-based band numbers, e.g. ``bands=2,1,0``."""
    try:
        chosen = [int(band) for band in request.query_params.get("bands", "0").split(",")]
    except ValueError:
        raise malformed("bands") from None
    if len(chosen) not in (1, 3) or not all(0 <= band < count for band in chosen):
        raise malformed("bands")
    return chosen


def stretch(request: Request, count: int) -> list[tuple[float, float]] | None:
    """``count`` pairs of black and white values, e.g. ``stretch=0:255,0:255,0:255``."""
    given = request.query_params.get("stretch")
    if not given:
        return None
    try:
        pairs = [tuple(float(end) for end in pair.split(":")) for pair in given.split(",")]
    except ValueError:
        raise malformed("stretch") from None
    if len(pairs) != count or not all(
        len(pair) == 2 and all(map(math.isfinite, pair)) for pair in pairs
    ):
        raise malformed("stretch")
    return [(low, high) for low, high in pairs]


def json_object(body: bytes) -> dict[str, Any]:
    """A JSON object.

    Raises:
        Refused: the body is none (SV-CASE-400).
    """
    try:
        value = json.loads(body)
    except ValueError:
        raise malformed("body") from None
    if not isinstance(value, dict):
        raise malformed("body")
    return value


def field(value: Mapping[str, Any], name: str, kind: type | tuple[type, ...]) -> Any:
    """A field of a JSON object, of the given type."""
    found = value.get(name)
    if not isinstance(found, kind) or isinstance(found, bool) or found in ENDLESS:
        raise malformed(name)
    return found


def malformed(name: str) -> Refused:
    return Refused(
        "SV-CASE-400",
        f"The request was not understood ('{name}' is missing or not valid) and nothing was "
        "changed; load the page again.",
    )
