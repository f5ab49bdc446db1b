"""Review: the picture with its mask, and beside it models, numbers and history."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import streamlit as st

from segviz import jobs, opening, workbench
from segviz.case import Case, Layer, Status, Visit
from segviz.grid import VolumeGrid
from segviz.store import Store
from segviz.ui import (
    agreement,
    areas,
    components,
    consensus,
    exchange,
    frame,
    layers,
    learn,
    legend,
    lesions,
    links,
    objects,
    picture,
    reader,
    report,
    segment,
    since,
    versions,
    words,
)

STATUSES: list[Status] = ["new", "in progress", "reviewed"]


@frame.fragment
def bench(store: Store, case_id: str) -> None:
    """The picture and its panel; a stroke reruns this and nothing else."""
    case = store.case(case_id)
    visit = frame.chosen_visit(case)
    # Before what they made is taken over: a job that ends in between is still watched.
    asked = jobs.of_visit(store, visit.id)
    opening.take_finished(store, [visit])
    left, right = st.columns([3.35, 1], gap="small")
    layer = layers.chosen(store, visit)
    with left, frame.part(key="picture"):
        show_picture(store, case, visit, layer)
    with right, st.container(key="panel"):
        panel(store, case, visit, layer, asked)


def show_picture(store: Store, case: Case, visit: Visit, layer: Layer) -> None:
    other = agreement.shown(store, case, visit) or objects.shown(store, case, visit, layer)
    compared = {"compare": other}
    whose = picture.whose(store, case, visit, layer) | compared
    if isinstance(visit.grid, VolumeGrid):
        data = picture.volume_data(store, case, visit, visit.grid, layer.id) | whose
        if not agreement.compared(visit):
            data["calipers"] = lesions.calipers(store, workbench.get(store, layer.id))
        _, made = components.show("volume", data, f"volume-{case.id}", "changed", "layer")
    else:
        data = picture.map_data(store, case, visit, visit.grid, layer.id) | whose
        key = f"map-{case.id}"
        changed, made, _ = components.show("map", data, key, "changed", "layer", "area")
        learn.remember_view(visit, changed)
    if made:
        layers.go(case, visit, made["layer"])
        st.rerun(scope="fragment")


def panel(store: Store, case: Case, visit: Visit, layer: Layer, asked: Sequence[jobs.Job]) -> None:
    """What stands beside the picture.

    Args:
        asked: the visit's jobs, the newest first, as they were before their masks were taken over.
    """
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        frame.title(case)
        reader.choose()
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        choose_visit(case, visit)
        choose_status(store, case)
    with frame.part():
        layers.choose(store, case, visit, layer)
    if agreement.compared(visit):
        with frame.part():
            agreement.section(store, visit)
        with frame.part(horizontal=True, gap=None, key="doors"):
            versions.section(store, case, visit, layer)
            consensus.section(store, case, visit)
        return
    with frame.part():
        if visit.reference:
            st.html('<p class="sv-soft">A reference layer: compared with, not segmented.</p>')
        else:
            segment.section(store, case, visit, layer, asked)
    if not visit.reference:
        with frame.part():
            learn.section(store, case, visit, layer, asked)
    with frame.part():
        segment.preparation(store, asked)
    bench = workbench.get(store, layer.id)
    state = bench.state()
    with frame.part():
        labels(state, isinstance(visit.grid, VolumeGrid))
    with frame.part():
        if isinstance(visit.grid, VolumeGrid):
            lesions.section(store, visit, bench)
        else:
            areas.gaps(store, case, visit)
    with frame.part():
        since.section(store, bench)
    with frame.part():
        objects.section(store, case, visit, layer)
    with frame.part():
        consensus.told(store, case, layer)
    with frame.part():
        areas.section(store, case, visit, layer, state["revision"])
    with frame.part(horizontal=True, gap=None, key="doors"):
        if not visit.reference:
            legend.section(bench)
        exchange.downloads(store, case, visit, layer)
        report.popover(store, case, f"review-{case.id}")
        if not visit.reference:
            exchange.import_mask(store, visit, layer)
            layers.new(store, case, visit, layer)
        versions.section(store, case, visit, layer)
        consensus.section(store, case, visit)
    history(store, case, visit, layer, state)
    about(visit)


def choose_visit(case: Case, visit: Visit) -> None:
    if len(case.visits) == 1:
        st.html(f'<p class="sv-soft">{escape(words.visit_title(visit))}</p>')
        return
    key = f"visit-of-{visit.id}"

    def follow() -> None:
        st.query_params.from_dict(links.query(case, st.session_state[key]))

    st.selectbox(
        "Visit",
        case.visits,
        index=case.visits.index(visit),
        format_func=lambda v: words.visit_title(v),
        key=key,
        on_change=follow,
        label_visibility="collapsed",
    )


def labels(state: dict[str, Any], volume: bool) -> None:
    """What the mask holds, and who made it."""
    frame.heading("Labels", f"version {state['revision']}" if state["revision"] else "")
    if not any(row["count"] for row in state["labels"]):
        st.html('<p class="sv-soft">Nothing is marked yet: run a model or paint.</p>')
    st.html(label_table(state["labels"], volume))
    if state["source"]:
        st.html(f'<p class="sv-note">Mask: {escape(state["source"])}</p>')


def label_table(rows: list[dict[str, Any]], volume: bool) -> str:
    head = "<th>Longest ⌀, mm</th>" if volume else ""
    body = "".join(label_row(row, volume) for row in rows)
    unit = "Volume" if volume else "Area"
    return (
        f'<table class="sv-table"><thead><tr><th></th><th>{unit}</th>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )


def label_row(row: dict[str, Any], volume: bool) -> str:
    longest = row.get("longest_diameter_mm")
    across = row.get("perpendicular_diameter_mm")
    size = "–" if longest is None else f"{longest:.1f}"
    if longest is not None and across is not None:
        size += f"<small>× {across:.1f}</small>"
    return (
        f"<tr><td>{words.swatch(row['color'])}{escape(row['name'])}</td>"
        f"<td>{words.count_of(row)}</td>" + (f"<td>{size}</td>" if volume else "") + "</tr>"
    )


def history(store: Store, case: Case, visit: Visit, layer: Layer, state: dict[str, Any]) -> None:
    """What was done, the newest on top; a click goes to the state after a step."""
    frame.heading("History")
    shown = {name: state[name] for name in ("revision", "operations", "position")}
    url = links.layer(store, case, visit, layer.id)
    components.show("history", {"url": url, "state": shown}, f"history-{layer.id}")


def about(visit: Visit) -> None:
    """What the file said and what its reader answered."""
    frame.heading("About this image")
    st.html("".join(f'<p class="sv-note">{escape(line)}</p>' for line in about_lines(visit)))


def about_lines(visit: Visit) -> list[str]:
    lines = [*visit.notes, str(visit.grid)]
    channels = [name for name in visit.channels if name]
    if channels:
        lines.append(", ".join(channels))
    lines += [f"The reader chose {key}: {value}" for key, value in visit.answers.items()]
    return lines


def choose_status(store: Store, case: Case) -> None:
    key = f"status-of-{case.id}-{case.status}"

    def keep() -> None:
        store.set_status(case.id, st.session_state[key])

    st.selectbox(
        "Status",
        STATUSES,
        index=STATUSES.index(case.status),
        key=key,
        on_change=keep,
        label_visibility="collapsed",
    )
