"""The worklist."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from segviz.case import Case
from segviz.grid import VolumeGrid
from segviz.store import Store
from segviz.ui import frame, intake, links, words

COLUMNS = [1.15, 3.2, 1, 1.2, 1.25, 1.1]


def worklist(store: Store) -> None:
    cases = [case for case in store.cases() if case.visits]
    left, right = st.columns([2.6, 1], gap="large")
    with right:
        intake.section(store, cases)
    with left:
        if not cases:
            frame.empty(
                "No cases yet",
                "Drop a scan (NIfTI, NRRD, DICOM) or a satellite scene (GeoTIFF) on the right, "
                "or run “segviz demo” for worked examples.",
            )
            return
        shown = filtered(cases)
        with st.container(gap=None, key="worklist"):
            for case in shown:
                row(store, case)
        if not shown:
            st.html('<p class="sv-soft">No case matches; clear the filter to see all.</p>')


def filtered(cases: Sequence[Case]) -> list[Case]:
    """The cases of the chosen world whose name holds what was typed."""
    left, right = st.columns([1.2, 1], vertical_alignment="center")
    with left:
        world = st.segmented_control(
            "Show", list(words.WORLDS), default="all", required=True, label_visibility="collapsed"
        )
    with right:
        typed = st.text_input(
            "Find",
            placeholder="Find a case",
            label_visibility="collapsed",
            icon=":material/search:",
        )
    wanted = words.WORLDS[world or "all"]
    return [
        case
        for case in cases
        if wanted in (None, case.world) and typed.strip().lower() in case.name.lower()
    ]


def row(store: Store, case: Case) -> None:
    with st.container(key=f"case-{case.id}"):
        picture, name, visits, changed, status, doors = st.columns(
            COLUMNS, vertical_alignment="center"
        )
    picture.html(
        f'<img class="sv-thumb" loading="lazy" alt="" src="{links.thumbnail(store, case)}">'
    )
    with name:
        st.page_link(
            "review.py",
            label=f"**{words.plain(case.name)}**",
            query_params=links.query(case),
            width="stretch",
        )
        st.html(f'<div class="sv-soft">{escape(subtitle(case))}{notice(case)}</div>')
    visits.html(f'<div class="sv-cell">{words.visits_of(case)}</div>')
    changed.html(f'<div class="sv-cell sv-soft">{words.ago(case.changed)}</div>')
    status.html(f'<div class="sv-cell">{words.STATUS_ICONS[case.status]} {case.status}</div>')
    with doors:
        if len(case.visits) > 1:
            st.page_link(
                "change.py",
                label="Change",
                icon=":material/show_chart:",
                query_params=links.query(case),
                width="stretch",
            )


def subtitle(case: Case) -> str:
    """What the images of a case are, in a few words."""
    latest = case.segmented[-1]
    if isinstance(latest.grid, VolumeGrid):
        size = " × ".join(map(str, latest.grid.shape))
        return f"{latest.channels[0]}, {size}" if any(latest.channels) else size
    size = " × ".join(map(str, latest.grid.shape))
    return f"{words.plural(len(latest.channels), 'band')}, {size}"


def notice(case: Case) -> str:
    return f' <span class="sv-notice">{escape(case.notice)}</span>' if case.notice else ""


def choose(store: Store, page: str, title: str) -> None:
    """For pages that need a case and were opened without one."""
    cases = [case for case in store.cases() if case.visits]
    if not cases:
        frame.empty(title, "There is none yet. Open a study or a scene on the Cases page first.")
        st.page_link("cases.py", label="Go to Cases", icon=":material/view_list:")
        return
    st.subheader(title)
    for case in cases:
        st.page_link(
            page,
            label=f"**{words.plain(case.name)}** · {words.visits_of(case)}",
            query_params=links.query(case),
        )
