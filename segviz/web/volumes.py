"""Voxels for the viewer and slices as pictures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from segviz import opening, workbench
from segviz.case import Case, Visit
from segviz.change import motion
from segviz.edit import runs
from segviz.errors import NotFound, Refused
from segviz.grid import VolumeGrid
from segviz.registration import REGISTRATION
from segviz.render import slices
from segviz.store import Store
from segviz.web import answers, query
from segviz.web.access import LAYER, VISIT, bench_of, get, visit_of


def routes(store: Store) -> list[Route]:
    return [
        get(store, VISIT + "/volume.nii", volume),
        get(store, VISIT + "/slice.png", slice_picture),
        get(store, LAYER + "/probability/{run}", probability),
        get(store, LAYER + "/painted", painted),
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
    """One plane at a place in mm, with the mask over it; on the reference where one is named.

    ``aligned`` is the number of the record that says how the visit lies on its reference.
    """
    visit = visit_of(case, request)
    plane = plane_of(request)
    size = query.whole(request, "size", 512)
    if not 16 <= size <= 2048:
        raise query.malformed("size")
    image = opening.volume(store, visit)
    mask = workbench.get(store, visit.id).mask()
    window = opening.display(store, visit).window
    mm, aligned = query.number(request, "mm"), query.whole(request, "aligned", 0)
    if aligned:
        reference, matrix = alignment(store, case, visit, aligned)
        body = slices.aligned_png(image, mask, reference, matrix, plane, mm, size, window)
    else:
        body = slices.slice_png(image, mask, plane, mm, size, window)
    return answers.picture(body, answers.ASK_AGAIN)


def alignment(
    store: Store, case: Case, visit: Visit, seq: int
) -> tuple[VolumeGrid, NDArray[np.float64]]:
    """The grid that a visit was aligned to, and how it lies there.

    Raises:
        NotFound: there is no such record (SV-CASE-063).
        Refused: it is about something else (SV-CASE-400).
    """
    record = store.record(case.id, seq)
    if (record.kind, record.name) != (REGISTRATION, visit.id) or record.body is None:
        raise query.malformed("aligned")
    return of_volume(case.visit(record.body["to"])), motion.of_rows(record.body["matrix"])


def probability(store: Store, case: Case, request: Request) -> Response:
    """How sure the run of the present mask was: a byte a voxel in canonical order, x fastest.

    The address names the run, so what a browser has of it stays right for ever.

    Raises:
        NotFound: the mask stands on another run by now, or that one kept none (SV-CASE-404).
    """
    visit = visit_of(case, request)
    shares = bench_of(store, case, request).shares()
    if shares is None or shares.run != request.path_params["run"]:
        raise NotFound(
            "SV-CASE-404", "The mask does not come from this run any more; load the page again."
        )
    grid = of_volume(visit)
    values = grid.to_canonical(shares.read().reshape(grid.shape))
    packed = answers.gzip_fast(values.tobytes(order="F"))
    headers = {"Cache-Control": answers.FOREVER}
    return answers.gzipped(packed, "application/octet-stream", headers)


def painted(store: Store, case: Case, request: Request) -> Response:
    """What hands have changed since the last run and no threshold changes, as runs of labels."""
    visit = visit_of(case, request)
    cells, labels, revision = bench_of(store, case, request).painted()
    body = runs.encode(of_volume(visit).canonical_index(cells), labels)
    headers = {"X-Revision": str(revision), "Cache-Control": answers.NEVER}
    return answers.gzipped(answers.gzip_fast(body), "application/octet-stream", headers)


def of_volume(visit: Visit) -> VolumeGrid:
    """The grid of a scan.

    Raises:
        Refused: it is a scene (SV-CASE-005).
    """
    if not isinstance(visit.grid, VolumeGrid):
        raise Refused(
            "SV-CASE-005",
            "A scan has slices and a satellite scene has a map; this is the other one.",
        )
    return visit.grid


def plane_of(request: Request) -> slices.Plane:
    asked = query.text(request, "plane", "axial")
    for plane in slices.AXIS:
        if plane == asked:
            return plane
    raise query.malformed("plane")
