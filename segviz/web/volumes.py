"""Voxels for the viewer and slices as pictures."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from segviz import opening, workbench
from segviz.case import Case
from segviz.render import slices
from segviz.store import Store
from segviz.web import answers, query
from segviz.web.access import VISIT, get, visit_of


def routes(store: Store) -> list[Route]:
    return [
        get(store, VISIT + "/volume.nii", volume),
        get(store, VISIT + "/slice.png", slice_picture),
    ]


def volume(store: Store, case: Case, request: Request) -> Response:
    """The scan in canonical order as NIfTI-1, compressed once and kept."""
    visit = visit_of(case, request)
    etag = f'"{visit.sha256[:32]}"'
    if answers.unchanged(request, etag):
        return answers.not_modified(etag)
    packed = opening.packed_volume(store, visit).read_bytes()
    headers = {"ETag": etag, "Cache-Control": answers.ASK_AGAIN}
    return answers.gzipped(packed, "application/octet-stream", headers)


def slice_picture(store: Store, case: Case, request: Request) -> Response:
    """One plane at a place in mm, with the mask over it."""
    visit = visit_of(case, request)
    plane = plane_of(request)
    size = query.whole(request, "size", 512)
    if not 16 <= size <= 2048:
        raise query.malformed("size")
    image = opening.volume(store, visit)
    mask = workbench.get(store, visit.id).mask()
    window = opening.display(store, visit).window
    body = slices.slice_png(image, mask, plane, query.number(request, "mm"), size, window)
    return answers.picture(body, answers.ASK_AGAIN)


def plane_of(request: Request) -> slices.Plane:
    asked = query.text(request, "plane", "axial")
    for plane in slices.AXIS:
        if plane == asked:
            return plane
    raise query.malformed("plane")
