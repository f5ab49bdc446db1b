"""Areas of interest of a scene: drawn or uploaded, and the hectares of each label in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any

import streamlit as st

from segviz.case import Case, Layer, Record, Visit
from segviz.errors import Question, Refused
from segviz.findings import areas as finding
from segviz.findings.gaps import now as missing
from segviz.grid import RasterGrid
from segviz.io import hashing, polygons
from segviz.measure import forest
from segviz.measure.ellipsoid import is_on_earth
from segviz.store import Store
from segviz.ui import asks, components, frame, links, reader, words
from segviz.ui.found import found

AT_ONCE = 1 << 22
"""Cells of a scene whose numbers follow each stroke; of a larger one they are asked for."""

MOST_ROWS = 100

HOW = "Draw one on the map with the tool Area to measure in, or upload a file of polygons."
FORMATS = "GeoJSON, GeoPackage or a zipped Shapefile"


def section(store: Store, case: Case, visit: Visit, layer: Layer, revision: int) -> None:
    """Areas, what the mask holds in each, and what a definition of forest leaves of it."""
    if not isinstance(visit.grid, RasterGrid) or not is_on_earth(visit.grid.crs):
        return
    records = store.records(case.id, finding.KIND)
    frame.heading("Areas", words.plural(len(records), "area") if records else "")
    with frame.part():
        preset = choose_preset()
        if not records:
            st.html(f'<p class="sv-soft">{HOW}</p>')
        if records or preset:
            numbers(store, case, visit, layer, revision, preset)
    with frame.part(horizontal=True, gap=None, key="area-doors"):
        add(store, case)
        if records:
            change(store, case, records)
            explain(visit.grid, "areas")


def gaps(store: Store, case: Case, visit: Visit) -> None:
    """Under the labels of a scene: the share of no data and cloud, and how hectares came to be."""
    if not isinstance(visit.grid, RasterGrid):
        return
    key = f"gaps-{visit.id}"
    rows, columns = visit.grid.shape
    st.session_state.setdefault(key, rows * columns <= AT_ONCE)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if st.session_state[key]:
            st.html(
                f'<p class="sv-note">{escape(said(found(store, missing(visit.id, case.id))))}</p>'
            )
        elif st.button("Count cells without data", type="tertiary"):
            st.session_state[key] = True
            st.rerun()
        if is_on_earth(visit.grid.crs):
            explain(visit.grid, "labels")


def said(told: Mapping[str, Any]) -> str:
    """
    >>> said({"nodata_share": 0.0213, "cloud_share": None})
    'No data 2.1 % of the scene, clouds not known.'
    """
    cloud = told["cloud_share"]
    clouds = "clouds not known" if cloud is None else f"clouds {percent(cloud)}"
    return f"No data {percent(told['nodata_share'])} of the scene, {clouds}."


def choose_preset() -> str | None:
    names = {"": "as the mask says"} | {key: preset.name for key, preset in forest.PRESETS.items()}
    key = "forest-preset"
    chosen = st.selectbox("Definition of forest", names, format_func=names.__getitem__, key=key)
    return chosen or None


def numbers(
    store: Store, case: Case, visit: Visit, layer: Layer, revision: int, preset: str | None
) -> None:
    """The table, at once or for the version it was last asked for."""
    asked: dict[str, int] = st.session_state.setdefault("areas-at", {})
    rows, columns = visit.grid.shape[:2]
    if rows * columns <= AT_ONCE:
        asked[layer.id] = revision
    elif asked.get(layer.id) != revision:
        if st.button(f"Measure version {revision}"):
            asked[layer.id] = revision
            st.rerun()
        if layer.id not in asked:
            return
    spec = finding.now(store, visit, layer.id, asked[layer.id], preset)
    with st.spinner("Measuring the areas …"):
        told = found(store, spec)
    if told["areas"]:
        st.html(f'<div class="sv-scroll">{area_table(told)}</div>')
        url = f"{links.layer(store, case, visit, layer.id)}/areas.csv"
        query = f"revision={spec['revision']}&areas={','.join(map(str, spec['areas']))}"
        st.html(
            f'<p class="sv-note"><a href="{url}?{query}&preset={preset or ""}" download>CSV</a> '
            f"of version {spec['revision']}</p>"
        )
    if told["preset"]:
        st.html(definition(told["preset"]))


def area_table(told: Mapping[str, Any]) -> str:
    """A line for each area: what has data, what of it each label covers."""
    rows = told["areas"]
    shown = [
        place
        for place, label in enumerate(rows[0]["labels"])
        if any(row["labels"][place]["area_ha"] for row in rows)
    ]
    after = told["preset"] and told["preset"]["sieved"]
    heads = [rows[0]["labels"][place]["name"] for place in shown]
    heads += [f"forest from {told['preset']['mmu_ha']:g} ha"] if after else []
    head = "".join(f"<th>{escape(name)}, ha</th>" for name in ["With data", *heads])
    body = "".join(area_row(row, shown, bool(after)) for row in rows[:MOST_ROWS])
    if len(rows) > MOST_ROWS:
        body += f"<tr><td>{len(rows) - MOST_ROWS:,} more in the CSV</td></tr>"
    return (
        f'<table class="sv-table"><thead><tr><th></th>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )


def area_row(row: Mapping[str, Any], shown: list[int], after: bool) -> str:
    cells = [f"{hectares(row['valid_ha'])}<small>{beside(row)}</small>"]
    for place in shown:
        label = row["labels"][place]
        cells.append(f"{hectares(label['area_ha'])}<small>{percent(label['share'])}</small>")
    if after:
        cells.append(hectares(row["after_mmu_ha"]))
    body = "".join(f"<td>{cell}</td>" for cell in cells)
    return f"<tr><td>{escape(row['name'])}</td>{body}</tr>"


def beside(row: Mapping[str, Any]) -> str:
    """What the number leaves out: no data, clouds, what lies outside the scene."""
    if row.get("why"):
        return escape(row["why"])
    outside = 1 - row["inside_ha"] / row["polygon_ha"]
    parts = [f"no data {percent(row['nodata_share'])}"]
    if row["cloud_share"] is not None:
        parts.append(f"cloud {percent(row['cloud_share'])}")
    if outside > 1e-4:
        parts.append(f"outside {percent(outside)}")
    return ", ".join(parts)


def hectares(value: float | None) -> str:
    return words.quantity(value, "ha").removesuffix(" ha")


def percent(share: float | None) -> str:
    """
    >>> percent(0.1234), percent(0.0004), percent(0.0), percent(None)
    ('12 %', '0.04 %', '0 %', '–')
    """
    return "–" if share is None else f"{100 * share:.2g} %" if share < 0.995 else "100 %"


def definition(told: Mapping[str, Any]) -> str:
    """What a definition means, and the forest before and after its smallest area."""
    preset, sieved = forest.preset(told["key"]), told["sieved"]
    lines = [preset.forest, preset.loss]
    if sieved:
        gone = words.plural(sieved["removed"], "patch", "patches")
        lines.append(
            f"Whole scene: {hectares(sieved['before_ha'])} ha before, "
            f"{hectares(sieved['after_ha'])} ha after {gone} below {sieved['area_ha']:g} ha "
            f"({sieved['cells']:.1f} cells here, {sieved['connectivity']} neighbours) "
            "were taken out."
        )
    else:
        lines.append(told["why"])
    lines += [*preset.notes, f"Source: {preset.source}"]
    return "".join(f'<p class="sv-note">{escape(line)}</p>' for line in lines)


def explain(grid: RasterGrid, where: str) -> None:
    name = "How computed"
    with st.popover(name, icon=":material/info:", type="tertiary", key=f"how-{where}"):
        crs = {"grid": {"crs": grid.crs_name}, "ellipsoid": finding.ellipsoid_of(grid)}
        st.html(f'<p class="sv-note">{escape(finding.how(crs))}</p>')


def add(store: Store, case: Case) -> None:
    """Take the polygons of a file; ask what it leaves open."""
    with st.popover("Upload areas", icon=":material/upload:", type="tertiary"), frame.told():
        with st.container():
            for note in st.session_state.pop(f"areas-told-{case.id}", ()):
                st.html(f'<p class="sv-note">{escape(note)}</p>')
        waiting: dict[str, Any] = st.session_state.setdefault("areas-waiting", {})
        if case.id in waiting:
            path, name, given, question = waiting[case.id]
            if answer := asks.ask(question):
                del waiting[case.id]
                take(store, case, path, name, given | {question.key: answer})
            return
        key = f"areas-{case.id}-{len(store.records(case.id, finding.KIND))}"
        if sent := components.uploaded(store, key, FORMATS):
            path = store.upload_files(sent["upload"])[0]
            take(store, case, path, Path(sent["names"][0]).name, {})


def take(store: Store, case: Case, path: Path, name: str, answers: dict[str, str]) -> None:
    try:
        read = polygons.read_areas(path, answers)
    except Question as question:
        st.session_state["areas-waiting"][case.id] = path, name, answers, question
    else:
        source = {"file": name, "sha256": hashing.sha256([path])}
        taken = [record.name for record in store.records(case.id, finding.KIND)]
        names = polygons.distinct((area.name for area in read.areas), taken)
        with st.spinner(f"Keeping {words.plural(len(read.areas), 'area')} …"):
            for name, area in zip(names, read.areas, strict=True):
                named = replace(area, name=name)
                finding.keep(store, case.id, named, source, reader.signature())
        st.session_state[f"areas-told-{case.id}"] = read.notes
    st.rerun()


def change(store: Store, case: Case, records: list[Record]) -> None:
    """Give an area another name, or take it back."""
    with st.popover("Edit areas", icon=":material/edit:", type="tertiary"), frame.told():
        chosen = st.selectbox("Area", records, format_func=lambda record: record.name)
        if chosen.body["file"]:
            st.html(f'<p class="sv-note">From {escape(chosen.body["file"])}</p>')
        name = st.text_input("Name", chosen.name, max_chars=polygons.LONGEST_NAME).strip()
        with st.container(horizontal=True, gap="small"):
            if st.button("Rename") and name and name != chosen.name:
                rename(store, case, records, chosen, name)
            if st.button("Remove"):
                store.add_record(case.id, finding.KIND, chosen.name, None, reader.signature())
                st.rerun()


def rename(store: Store, case: Case, records: list[Record], chosen: Record, name: str) -> None:
    if name in {record.name for record in records}:
        raise Refused(
            "SV-NUM-065",
            f"There is an area called '{name}' already, and its numbers could not be told from "
            "those of this one; choose another name.",
        )
    store.add_record(case.id, finding.KIND, name, chosen.body, reader.signature())
    store.add_record(case.id, finding.KIND, chosen.name, None, reader.signature())
    st.rerun()
