"""Masks that come in and files that go out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from segviz import workbench
from segviz.case import Case, Layer, Visit
from segviz.change import align
from segviz.errors import Question
from segviz.io import masks
from segviz.store import Store
from segviz.ui import asks, components, links, reader

FILES = {
    "volume": {
        "mask.nii.gz": ("Mask", "NIfTI, on the scan's own grid"),
        "numbers.csv": ("Numbers of this visit", "CSV"),
    },
    "scene": {
        "mask.tif": ("Mask", "GeoTIFF, with class names and colours"),
        "polygons.gpkg": ("Outlines", "GeoPackage"),
        "numbers.csv": ("Numbers of this date", "CSV"),
    },
}


def downloads(store: Store, case: Case, visit: Visit, layer: Layer) -> None:
    with st.popover("Download", icon=":material/download:", type="tertiary"):
        st.html(file_list(store, case, visit, layer))


def file_list(store: Store, case: Case, visit: Visit, layer: Layer) -> str:
    """Links to our own routes, which make each file when it is asked for."""
    base = links.layer(store, case, visit, layer.id)
    rows = [(f"{base}/download/{file}", *about) for file, about in FILES[case.world].items()]
    if len(case.visits) > 1:
        every = f"{links.base(store, case)}/download/numbers.csv"
        of = "visits" if case.world == "volume" else "dates"
        rows.append((every, f"Numbers of all {of}", "CSV"))
    items = "".join(
        f'<a href="{address}" download>{name}<small>{kind}</small></a>'
        for address, name, kind in rows
    )
    return f'<div class="sv-files">{items}</div>'


def import_mask(store: Store, visit: Visit, layer: Layer) -> None:
    """Take a mask from a file in place of this one; undo brings this one back."""
    with st.popover("Import", icon=":material/upload:", type="tertiary"):
        st.html('<p class="sv-note">A mask of this image: NIfTI, NRRD, MetaImage or GeoTIFF.</p>')
        waiting: dict[str, tuple[Path, str, Question]] = st.session_state.setdefault("masks", {})
        if visit.id in waiting:
            path, name, question = waiting[visit.id]
            if answer := asks.ask(question):
                del waiting[visit.id]
                take(store, visit, layer, path, name, {question.key: answer})
        else:
            url = links.uploads(store)
            sent = components.show("upload", {"url": url}, f"mask-{visit.id}", "uploaded")
            if sent:
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
