"""Small pictures of the surroundings of a pixel; no mask is in them."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from segviz import opening
from segviz.case import Case
from segviz.errors import NotFound
from segviz.render import chips
from segviz.store import Store
from segviz.web import answers, query
from segviz.web.access import VISIT, get, visit_of
from segviz.web.tiles import default_stretch, raster

LARGEST = 257
"""Cells a side."""

PIXELS = 260
"""Width of a picture, about."""

FINEST = 2
"""Pixels of a cell at least, so that the frame around it leaves its neighbours to be seen."""


def routes(store: Store) -> list[Route]:
    return [get(store, VISIT + "/chip.png", chip)]


def chip(store: Store, case: Case, request: Request) -> Response:
    """The cells around ``row`` and ``column``: ``size`` a side, which is made odd.

    Raises:
        NotFound: the scene has no such pixel (SV-TIF-405).
        Refused: the size is not from 9 to 257 (SV-CASE-400).
    """
    visit = visit_of(case, request)
    shape = raster(visit).shape
    row, column = query.whole(request, "row"), query.whole(request, "column")
    if not (0 <= row < shape[0] and 0 <= column < shape[1]):
        raise NotFound("SV-TIF-405", "The scene has no pixel at this place.")
    size = query.whole(request, "size", 65) | 1
    if not 9 <= size <= LARGEST:
        raise query.malformed("size")
    bands = query.bands(request, len(visit.channels))
    stretch = query.stretch(request, len(bands)) or default_stretch(store, visit, bands)
    window = chips.around(row, column, size)
    seen = chips.inside(window, shape)
    values, valid = opening.scene(store, visit).read(seen, bands)
    place = seen[0] - window[0], seen[2] - window[2]
    body = chips.chip(values, valid, stretch, place, size, max(FINEST, PIXELS // size))
    return answers.picture(body)
