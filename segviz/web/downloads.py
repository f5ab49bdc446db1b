"""Masks, outlines and numbers as files."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from segviz import opening, workbench
from segviz.case import Case
from segviz.errors import NotFound
from segviz.io import geojson, table, vector
from segviz.io import masks as mask_files
from segviz.store import Store
from segviz.web import answers, query
from segviz.web.access import CASE, LAYER, bench_of, get, visit_of
from segviz.workbench import Workbench

KINDS = {
    "mask.nii.gz": "application/gzip",
    "mask.tif": "image/tiff",
    "polygons.gpkg": "application/geopackage+sqlite3",
    "polygons.geojson": "application/geo+json",
    "numbers.csv": "text/csv; charset=utf-8",
}
FOR_WORLD = {
    "volume": ("mask.nii.gz", "numbers.csv"),
    "scene": ("mask.tif", "polygons.gpkg", "polygons.geojson", "numbers.csv"),
}


def routes(store: Store) -> list[Route]:
    return [
        get(store, CASE + "/thumbnail.png", thumbnail),
        get(store, CASE + "/download/numbers.csv", case_numbers),
        get(store, LAYER + "/download/{file}", download),
    ]


def thumbnail(store: Store, case: Case, request: Request) -> Response:
    """The latest visit in small, with its mask."""
    return answers.picture(opening.thumbnail(store, case).read_bytes(), answers.ASK_AGAIN)


def download(store: Store, case: Case, request: Request) -> Response:
    visit, file = visit_of(case, request), request.path_params["file"]
    opening.take_finished(store, [visit])
    if file not in FOR_WORLD[case.world]:
        raise NotFound("SV-CASE-407", "This case has no such download.")
    bench = bench_of(store, case, request)
    mask = bench.mask()
    label = query.whole(request, "label", 0)
    writers: dict[str, Callable[[Path], None]] = {
        "mask.nii.gz": lambda path: mask_files.write_mask(mask, path),
        "mask.tif": lambda path: mask_files.write_mask(mask, path),
        "polygons.gpkg": lambda path: vector.write_polygons(mask, path),
        "polygons.geojson": lambda path: geojson.write_outlines(mask, path, label or None),
        "numbers.csv": lambda path: table.write_csv(visit_rows(bench, case), path),
    }
    return written(file, f"{slug(case.name)}_{slug(visit.name)}_{file}", writers[file])


def case_numbers(store: Store, case: Case, request: Request) -> Response:
    """Every label of every visit, one a line."""
    opening.take_finished(store, case.visits)
    rows = [
        row
        for visit in case.visits
        for layer in store.layers(visit.id)
        for row in visit_rows(workbench.get(store, layer.id), case)
    ]
    return written(
        "numbers.csv", f"{slug(case.name)}_numbers.csv", lambda path: table.write_csv(rows, path)
    )


def visit_rows(bench: Workbench, case: Case) -> list[dict[str, Any]]:
    visit, state = bench.visit, bench.state()
    about = {
        "case": case.name,
        "visit": visit.name,
        "layer": bench.layer.name,
        "date": visit.when.isoformat() if visit.when else "",
        "source": state["source"],
        "revision": state["revision"],
        "use": "research only, not for diagnosis",
    }
    return [about | row for row in state["labels"]]


def written(kind: str, name: str, write: Callable[[Path], None]) -> Response:
    """A file made for this answer and deleted after it."""
    folder = Path(mkdtemp(prefix="segviz-"))
    path = folder / kind
    try:
        write(path)
    except BaseException:
        clear(folder)
        raise
    return FileResponse(
        path,
        filename=name,
        media_type=KINDS[kind],
        headers={"Content-Encoding": "identity", "Cache-Control": answers.NEVER},
        background=BackgroundTask(clear, folder),
    )


def clear(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


def slug(name: str) -> str:
    """A file name that every system takes."""
    return re.sub(r"[^A-Za-z0-9.-]+", "-", name).strip("-.")[:60] or "case"
