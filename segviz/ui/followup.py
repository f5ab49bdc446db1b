"""Change in volumes: slices of all visits at the same place, and ml over time."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from segviz import workbench
from segviz.case import Case, Visit
from segviz.grid import VolumeGrid
from segviz.registration import REGISTRATION
from segviz.render import slices, thumbnails
from segviz.store import Store
from segviz.ui import charts, components, frame, ledger, links, plots, report, words

PLANES: tuple[slices.Plane, ...] = ("axial", "coronal", "sagittal")
MOST_SIDE_BY_SIDE = 4


def volumes(store: Store, case: Case) -> None:
    states = [workbench.get(store, visit.id).state() for visit in case.visits]
    left, right = st.columns([2, 1], gap="medium")
    with left:
        report.titled(store, case)
        compare(store, case)
    with right:
        lines = charts.series(states)
        if not lines:
            frame.empty("Nothing is marked yet", "Segment or paint the visits on the Review page.")
            return
        figure = charts.over_time(lines, case.visits, "ml")
        plots.show(figure, f"volume-of-{case.id}", name=f"{case.name} volume")
        st.html(volume_table(case, lines))
        st.html(
            '<p class="sv-note">Volume = marked voxels × voxel volume on each scan\'s own grid. '
            "Places are compared in mm, never voxel by voxel.</p>"
        )
    ledger.section(store, case)


def compare(store: Store, case: Case) -> None:
    """Slices of the visits at the same place in mm, those aligned on the slices of the first."""
    plane = st.segmented_control(
        "Plane", PLANES, default="axial", required=True, label_visibility="collapsed"
    )
    shown = case.visits[-MOST_SIDE_BY_SIDE:]
    aligned = {record.name: record.seq for record in store.records(case.id, REGISTRATION)}
    own = [v for v in shown if v.id not in aligned] or [case.segmented[0]]
    ranges = [slices.range_mm(grid, plane) for v in own if isinstance(grid := v.grid, VolumeGrid)]
    low, high = min(r[0] for r in ranges), max(r[1] for r in ranges)
    components.show(
        "compare",
        {
            "base": links.base(store, case),
            "visits": [
                {
                    "id": v.id,
                    "name": v.name,
                    "when": words.shown_date(v) or None,
                    "aligned": aligned.get(v.id),
                }
                for v in shown
            ],
            "notice": case.notice,
            "plane": plane,
            "range_mm": [low, high],
            "step_mm": min(r[2] for r in ranges),
            "mm": start_mm(store, own[-1], plane, (low + high) / 2),
        },
        f"compare-{case.id}",
    )


def start_mm(store: Store, visit: Visit, plane: slices.Plane, middle: float) -> float:
    """The axial slice on which the latest mask is largest; the middle of other planes."""
    if plane != "axial" or not isinstance(visit.grid, VolumeGrid):
        return middle
    index = thumbnails.largest_slice(workbench.get(store, visit.id).mask(), visit.grid)
    first, _, step = slices.range_mm(visit.grid, plane)
    return first + index * step


def volume_table(case: Case, lines: Sequence[charts.Series]) -> str:
    """ml at each visit, with the change against the first and the previous one."""
    head = "<th>Visit</th><th>Volume</th><th>vs first</th><th>vs previous</th>"
    body = "".join(label_rows(case, line, len(lines) > 1) for line in lines)
    return f'<table class="sv-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def label_rows(case: Case, line: charts.Series, named: bool) -> str:
    rows = []
    if named:
        name = f"{words.swatch(line.label.color)}{escape(line.label.name)}"
        rows.append(f'<tr class="sum"><td colspan="4">{name}</td></tr>')
    for position, visit in enumerate(case.visits):
        value = line.values[position]
        cells = [escape(words.visit_title(visit)), words.quantity(value, "ml")]
        cells.append(compared(line.values[0], value) if position else "")
        cells.append(compared(line.values[position - 1], value) if position else "")
        rows.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    return "".join(rows)


def compared(before: float | None, after: float | None) -> str:
    if before is None or after is None:
        return "–"
    share = words.percent_change(before, after)
    return f"{words.signed(after - before, 'ml')}<small>{share}</small>"
