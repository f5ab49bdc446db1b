"""Masks, outlines and numbers as files, each with how the mask came to be."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
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
from segviz.grid import Window
from segviz.io import geojson, geotiff, legends, masks, stl, table, vector
from segviz.io.atomic import write_bytes
from segviz.mask import Mask
from segviz.store import Store
from segviz.web import answers, query
from segviz.web.access import CASE, LAYER, bench_of, get, visit_of
from segviz.workbench import Workbench

KINDS = {
    "mask.nii.gz": "application/gzip",
    "mask.tif": "image/tiff",
    "mask-cog.tif": "image/tiff; application=geotiff; profile=cloud-optimized",
    "segmentation.dcm": "application/dicom",
    "contours.dcm": "application/dicom",
    "surface.stl": "model/stl",
    "polygons.gpkg": "application/geopackage+sqlite3",
    "polygons.geojson": "application/geo+json",
    "numbers.csv": "text/csv; charset=utf-8",
    "provenance.json": "application/json",
    "owners.nii.gz": "application/gzip",
    "owners.tif": "image/tiff",
    "labels.txt": "text/plain; charset=utf-8",
    "colours.clr": "text/plain; charset=utf-8",
}
FOR_BOTH = ("numbers.csv", "provenance.json", "labels.txt", "colours.clr")
FOR_WORLD = {
    "volume": ("mask.nii.gz", "surface.stl", "owners.nii.gz", *FOR_BOTH),
    "scene": (
        "mask.tif",
        "mask-cog.tif",
        "polygons.gpkg",
        "polygons.geojson",
        "owners.tif",
        *FOR_BOTH,
    ),
}
FOR_DICOM = ("segmentation.dcm", "contours.dcm")
"""Of volumes that were opened from a DICOM series."""


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
    dicom = FOR_DICOM if case.world == "volume" else ()
    if file not in (*FOR_WORLD[case.world], *dicom):
        raise NotFound("SV-CASE-407", "This case has no such download.")
    bench = bench_of(store, case, request)
    label = query.whole(request, "label", 0) or None
    named = file.replace(".", f"-{label}.", 1) if label else file
    return written(
        file,
        f"{slug(case.name)}_{slug(visit.name)}_{named}",
        lambda path: write(store, case, bench, file, path, label),
    )


def case_numbers(store: Store, case: Case, request: Request) -> Response:
    """Every label of every visit, one a line."""
    opening.take_finished(store, case.visits)
    return written(
        "numbers.csv",
        f"{slug(case.name)}_numbers.csv",
        lambda path: table.write_csv(all_numbers(store, case), path),
    )


def write(
    store: Store,
    case: Case,
    bench: Workbench,
    file: str,
    path: Path,
    label: int | None = None,
) -> None:
    """Write one of the files of a mask, all of it as it is now.

    Args:
        file: a name of ``KINDS`` that the world of the mask has.
        label: the one to outline in ``polygons.geojson`` or ``surface.stl``; all when None.

    Raises:
        Refused: by the writers of outlines (SV-MSK-050, SV-MSK-060), surfaces (SV-MSK-210) and
            DICOM (SV-MSK-200 to SV-MSK-204).
    """
    match file:
        case "numbers.csv":
            table.write_csv(numbers(store, case, bench), path)
        case "surface.stl":
            stl.write_stl(mask_at(bench, bench.revision), path, label)
        case "labels.txt":
            write_bytes(path, legends.itksnap(bench.legend).encode())
        case "colours.clr":
            write_bytes(path, legends.colour_table(bench.legend).encode())
        case _:
            write_told(store, bench, file, path, label)


def write_told(
    store: Store, bench: Workbench, file: str, path: Path, label: int | None = None
) -> None:
    """Write one of the files that say how the mask came to be."""
    revision = bench.revision
    told = workbench.provenance(store, bench, revision)

    def owners(window: Window | None) -> workbench.Owners:
        return workbench.owner_map(store, bench, window, revision)

    match file:
        case "provenance.json":
            told["operations"] = workbench.operations(store, bench, revision)
            write_bytes(path, json.dumps(told, indent=1, ensure_ascii=False).encode())
        case "owners.nii.gz" | "owners.tif":
            masks.write_owners(owners, bench.visit.grid, path, told)
        case "segmentation.dcm" | "contours.dcm":
            masks.write_dicom(
                mask_at(bench, revision),
                path,
                store.files(bench.visit.id),
                bench.visit.answers,
                told,
                contours=file == "contours.dcm",
            )
        case "mask-cog.tif":
            geotiff.write_cog(mask_at(bench, revision), path, told)
        case "polygons.gpkg":
            vector.write_polygons(mask_at(bench, revision), path, told)
        case "polygons.geojson":
            geojson.write_outlines(mask_at(bench, revision), path, label, told)
        case _:
            masks.write_mask(mask_at(bench, revision), path, told)


def mask_at(bench: Workbench, revision: int) -> Mask:
    """A copy that later edits leave as it is; a byte a cell."""
    history = bench.history_at(revision)
    return Mask(bench.visit.grid, bench.mask_at(revision), history.legend, history.source)


def all_numbers(store: Store, case: Case) -> list[dict[str, Any]]:
    """The rows of all masks of a case."""
    return [
        row
        for visit in case.visits
        for layer in store.layers(visit.id)
        for row in numbers(store, case, workbench.get(store, layer.id))
    ]


def numbers(store: Store, case: Case, bench: Workbench) -> list[dict[str, Any]]:
    """A row for each label: its numbers, and what people did to what a model had said."""
    visit, state = bench.visit, bench.state()
    told = workbench.provenance(store, bench, state["revision"])
    people = {row["label"]: row for row in told["labels"]}
    about = {
        "case": case.name,
        "visit": visit.name,
        "layer": bench.layer.name,
        "date": visit.when.isoformat() if visit.when else "",
        "source": state["source"],
        "models": listed(f"{model['name']} {model['version']}" for model in told["models"]),
        "readers": listed(row["author"] for row in told["work"]),
        "revision": state["revision"],
        "use": "research only, not for diagnosis",
    }
    return [
        about
        | row
        | {
            "added_by_people": people[row["value"]]["added"],
            "removed_by_people": people[row["value"]]["removed"],
            "dice_to_model": people[row["value"]]["dice"],
        }
        for row in state["labels"]
    ]


def listed(names: Iterable[str]) -> str:
    """Each once, in the order in which they came."""
    return "; ".join(dict.fromkeys(names))


def written(kind: str, name: str, make: Callable[[Path], None]) -> Response:
    """A file made for this answer and deleted after it."""
    folder = Path(mkdtemp(prefix="segviz-"))
    path = folder / kind
    try:
        make(path)
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
