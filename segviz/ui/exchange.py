"""Masks that come in and files that go out."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path

import streamlit as st

from segviz import workbench
from segviz.case import Case, Layer, Visit
from segviz.change import align
from segviz.errors import Question, SegvizError
from segviz.grid import RasterGrid
from segviz.io import masks
from segviz.io.kinds import Kind, kind_of
from segviz.measure.ellipsoid import is_on_earth
from segviz.store import Store
from segviz.ui import asks, components, frame, links, reader

MASKS = ("NIfTI, NRRD or MetaImage", "GeoTIFF")
"""Formats of a mask that can be imported: of a volume, of a scene."""

WHO = "Who drew what"
SURFACE = "Surface"
DICOM = ("segmentation.dcm", "contours.dcm")
NO_DICOM = (
    '<p class="sv-note">For DICOM SEG and RTSTRUCT open the DICOM series of this scan: they '
    "belong to its study.</p>"
)
LABELS = ("Labels", {"labels.txt": "ITK-SNAP", "colours.clr": "colour table, for GDAL"})
FILES: dict[str, list[tuple[str, dict[str, str]]]] = {
    "volume": [
        (
            "Mask",
            {
                "mask.nii.gz": "NIfTI, on the scan's own grid",
                "segmentation.dcm": "DICOM SEG, with patient and study ids",
                "contours.dcm": "RTSTRUCT, with patient and study ids",
            },
        ),
        (SURFACE, {"surface.stl": "STL in mm, all labels"}),
        ("Numbers", {"numbers.csv": "CSV"}),
        (WHO, {"provenance.json": "JSON", "owners.nii.gz": "map, NIfTI"}),
        LABELS,
    ],
    "scene": [
        (
            "Mask",
            {
                "mask.tif": "GeoTIFF, with class names and colours",
                "mask-cog.tif": "the same, cloud optimized (COG)",
            },
        ),
        ("Numbers", {"numbers.csv": "CSV"}),
        ("Outlines", {"polygons.gpkg": "GeoPackage", "polygons.geojson": "GeoJSON"}),
        (WHO, {"provenance.json": "JSON", "owners.tif": "map, GeoTIFF"}),
        LABELS,
    ],
}
"""What can be taken along: the files of each, and what they are."""


def downloads(store: Store, case: Case, visit: Visit, layer: Layer) -> None:
    with st.popover("Download", icon=":material/download:", type="tertiary"):
        st.html(file_list(store, case, visit, layer))


def file_list(store: Store, case: Case, visit: Visit, layer: Layer) -> str:
    """Links to our own routes, which make each file when it is asked for."""
    base = f"{links.layer(store, case, visit, layer.id)}/download"
    every = f"{links.base(store, case)}/download/numbers.csv"
    rows = []
    for name, files in FILES[case.world]:
        found = {
            f"{base}/{file}": kind
            for file, kind in files.items()
            if can_be(visit, file) and (file not in DICOM or from_dicom(store, visit.id))
        }
        if name == SURFACE:
            found |= surfaces(store, layer, f"{base}/surface.stl")
        if name == "Numbers" and len(case.visits) > 1:
            found[every] = f"all {'visits' if case.world == 'volume' else 'dates'}"
        rows.append(file_row(name, found))
    note = "" if case.world == "scene" or from_dicom(store, visit.id) else NO_DICOM
    return f'<div class="sv-files">{"".join(rows)}</div>{note}'


def surfaces(store: Store, layer: Layer, address: str) -> dict[str, str]:
    """A surface for each label that has voxels, where there are several."""
    rows = [row for row in workbench.get(store, layer.id).state()["labels"] if row["count"]]
    if len(rows) < 2:
        return {}
    return {f"{address}?label={row['value']}": escape(row["name"]) for row in rows}


@st.cache_data(show_spinner=False, max_entries=256)
def from_dicom(_store: Store, visit_id: str) -> bool:
    """The scan came as DICOM, or as an archive that may hold some; False where it is gone."""
    try:
        return kind_of(_store.files(visit_id)[0]) in (Kind.DICOM, Kind.ZIP)
    except SegvizError:
        return False


def file_row(name: str, files: Mapping[str, str]) -> str:
    """Files of one thing by address: the first bears its name, the others what they are."""
    titles = [name, *[""] * (len(files) - 1)]
    items = (
        f'<a href="{address}" download>{title}<small>{kind}</small></a>'
        for title, (address, kind) in zip(titles, files.items(), strict=True)
    )
    return f"<div>{''.join(items)}</div>"


def can_be(visit: Visit, file: str) -> bool:
    """False of GeoJSON of a scene that does not say where on the Earth it lies."""
    grid = visit.grid
    return file != "polygons.geojson" or (isinstance(grid, RasterGrid) and is_on_earth(grid.crs))


def import_mask(store: Store, visit: Visit, layer: Layer) -> None:
    """Take a mask from a file in place of this one; undo brings this one back."""
    with st.popover("Import", icon=":material/upload:", type="tertiary"), frame.told():
        st.html('<p class="sv-note">A mask of this image, in place of this one.</p>')
        waiting: dict[str, tuple[Path, str, Question]] = st.session_state.setdefault("masks", {})
        if visit.id in waiting:
            path, name, question = waiting[visit.id]
            if answer := asks.ask(question):
                del waiting[visit.id]
                take(store, visit, layer, path, name, {question.key: answer})
        else:
            if sent := components.uploaded(
                store, f"mask-{visit.id}", MASKS[isinstance(visit.grid, RasterGrid)]
            ):
                path = store.upload_files(sent["upload"])[0]
                take(store, visit, layer, path, sent["names"][0], {})


def take(
    store: Store, visit: Visit, layer: Layer, path: Path, name: str, answers: Mapping[str, str]
) -> None:
    """Read a mask and put it in place, or keep the question it leaves open."""
    try:
        mask = masks.read_mask(path, visit.grid, answers)
    except Question as question:
        st.session_state["masks"][visit.id] = path, name, question
    else:
        if align.describe(mask.grid, visit.grid):
            mask = align.nearest(mask, visit.grid)
        workbench.get(store, layer.id).replace_by(
            mask,
            title=f"Import of {name}",
            author=reader.signature(),
            uuid=path.parent.name,
        )
    st.rerun()
