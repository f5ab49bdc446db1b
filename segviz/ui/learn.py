"""Learning from strokes: what was painted, the button, and how good the last lesson was."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any
from uuid import uuid4

import numpy as np
import streamlit as st

from segviz import jobs, workbench
from segviz.case import Case, Layer, Visit
from segviz.edit.samples import BACKGROUND, Samples
from segviz.grid import RasterGrid, Window
from segviz.mask import Label, Legend
from segviz.store import Store
from segviz.store.strokes import Strokes, collect
from segviz.ui import frame, picture, reader, segment, words
from segviz.workbench.strokes import painted

VIEW_EDGE = 2048
"""Most rows and columns that are segmented before the rest; a smaller scene is done at once."""

LABELS, STROKES = 2, 2
"""Fewest labels to tell apart, and fewest strokes of a label to be judged."""

AROUND = 512
"""Cells around the last stroke that are taken for the view where the map did not tell it."""

SHADE = "#999999"

HOW = "Paint a few strokes of each label, some here and some there, then press Learn."
HOW_SCAN = (
    "Paint a few strokes of what shall be found and a few of the label background, then press "
    "Learn. What you erase counts as background."
)
AGAIN = "Where the mask is wrong, paint over it and learn again: all your strokes count."


def section(
    store: Store, case: Case, visit: Visit, layer: Layer, asked: Sequence[jobs.Job]
) -> None:
    """What was painted, and the lesson.

    Args:
        asked: the visit's jobs, the newest first, as they were before their masks were taken over.
    """
    frame.heading("Learn", "from my strokes")
    lessons = [job for job in asked if job.kind == "learn"]
    strokes = painted(store, case, visit, layer.id)
    samples = [collect(store.journal, one) for one in strokes]
    counts = counted(samples)
    legend = workbench.get(store, layer.id).legend
    scan = case.world == "volume"
    done = next((job for job in lessons if job.result), None)
    with frame.part():
        if not counts:
            st.html(f'<p class="sv-soft">{escape(HOW_SCAN if scan else HOW)}</p>')
        else:
            st.html(table(counts, legend, shares(done)))
            st.html(f'<p class="sv-note">{escape(advice(counts, legend, done))}</p>')
    if lessons and lessons[0].is_open:
        segment.watch(store, lessons[0].id)
        return
    with frame.part():
        if lessons and lessons[0].state in ("failed", "interrupted", "cancelled"):
            st.html(f'<p class="sv-note">{escape(lessons[0].message)}</p>')
    with st.container(horizontal=True, gap="small"):
        if counts and st.button(
            "Learn", icon=":material/school:", disabled=len(counts) < LABELS, key="learn"
        ):
            view = in_view(visit, samples[0] if samples else None)
            start(store, case, visit, layer, strokes, view)
        if scan and BACKGROUND not in {label.name.casefold() for label in legend}:
            offer_background(workbench.get(store, layer.id))


def counted(samples: list[Samples]) -> dict[int, tuple[int, int]]:
    """Label -> (strokes, cells), over all dates."""
    total: dict[int, tuple[int, int]] = {}
    for one in samples:
        for label, (strokes, cells) in one.counts().items():
            before = total.get(label, (0, 0))
            total[label] = before[0] + strokes, before[1] + cells
    return dict(sorted(total.items()))


def shares(done: jobs.Job | None) -> dict[str, float]:
    """Label name -> share of held-back cells labelled right, of the last lesson."""
    rows = (done.result or {}).get("metrics", []) if done else []
    return dict(rows[0]["values"]) if rows else {}


def table(counts: dict[int, tuple[int, int]], legend: Legend, right: dict[str, float]) -> str:
    rows = "".join(
        f"<tr><td>{words.swatch(label.color)}{escape(label.name)}</td>"
        f"<td>{strokes:,}</td><td>{cells:,}</td>"
        + (f"<td>{percent(right.get(label.name))}</td>" if right else "")
        + "</tr>"
        for label, (strokes, cells) in ((named(v, legend), n) for v, n in counts.items())
    )
    title = "Share of cells of held-back strokes that the last lesson labelled right"
    judged = f'<th title="{title}">Right</th>' if right else ""
    return (
        '<table class="sv-table"><thead><tr><th></th><th>Strokes</th><th>Cells</th>'
        f"{judged}</tr></thead><tbody>{rows}</tbody></table>"
    )


def named(value: int, legend: Legend) -> Label:
    return legend[value] if value else Label(0, BACKGROUND, SHADE)


def percent(share: float | None) -> str:
    """
    >>> percent(0.934), percent(None)
    ('93 %', '–')
    """
    return "–" if share is None else f"{100 * share:.0f} %"


def advice(counts: dict[int, tuple[int, int]], legend: Legend, done: jobs.Job | None) -> str:
    """What the numbers mean and what to paint next, in one or two sentences."""
    if len(counts) < LABELS:
        return "Paint a second label: samples of one alone tell nothing apart."
    said = []
    if done and (right := shares(done)):
        overall = next(iter(right.values()))
        said.append(
            f"{percent(overall)} of the cells in strokes held back from training were labelled "
            "right. " + AGAIN
        )
    single = [named(v, legend).name for v, (strokes, _) in counts.items() if strokes < STROKES]
    if single:
        said.append(
            f"Only one stroke of {', '.join(single)}: it is learnt, but how well can be judged "
            "from two strokes on. Paint another one elsewhere."
        )
    return " ".join(said) or "Strokes are held back in turn to judge what is learnt."


def start(
    store: Store,
    case: Case,
    visit: Visit,
    layer: Layer,
    strokes: list[Strokes],
    view: Window | None,
) -> None:
    """Ask for a lesson; a run of what was learnt before is stopped, being out of date."""
    model = f"learnt-{case.id[:8]}"
    for job in jobs.of_visit(store, visit.id):
        if job.is_open and job.kind == "segment" and job.params.get("model") == model:
            jobs.cancel(store, job.id)
    params: dict[str, Any] = {
        "model": model,
        "strokes": [one.to_json() for one in strokes],
        "layer": layer.id,
        "legend": workbench.get(store, layer.id).legend.to_json(),
    }
    if view:
        params["view"] = list(view)
    jobs.submit(store, "learn", visit.id, params)
    st.rerun()


def remember_view(visit: Visit, told: Any) -> None:
    """Keep what the map said of its view with the last stroke, for this session."""
    view = told.get("view") if isinstance(told, dict) else None
    if isinstance(view, list) and len(view) == 4:
        st.session_state[f"view-{visit.id}"] = tuple(int(end) for end in view)


def in_view(visit: Visit, samples: Samples | None) -> Window | None:
    """The part of a large scene to segment first; None where the whole takes no longer."""
    if not isinstance(visit.grid, RasterGrid) or max(visit.grid.shape) <= VIEW_EDGE:
        return None
    view: Window | None = st.session_state.get(f"view-{visit.id}")
    if view is None and samples is not None and len(samples):
        view = around_last(samples, visit.grid.shape)
    return view and clipped(view, visit.grid.shape)


def around_last(samples: Samples, shape: tuple[int, int]) -> Window:
    """Around the last stroke: whoever painted it was looking there."""
    last = samples.cells[samples.strokes == samples.strokes.max()]
    rows, columns = np.divmod(last, shape[1])
    return (
        int(rows.min()) - AROUND,
        int(rows.max()) + AROUND,
        int(columns.min()) - AROUND,
        int(columns.max()) + AROUND,
    )


def clipped(view: Window, shape: tuple[int, int]) -> Window | None:
    """At most ``VIEW_EDGE`` around the middle of a view, inside the scene."""
    ends = []
    for start, stop, size in zip(view[::2], view[1::2], shape, strict=True):
        middle = (start + stop) // 2
        first = max(start, middle - VIEW_EDGE // 2, 0)
        last = min(stop, middle + VIEW_EDGE // 2, size)
        ends += [first, last]
    window = (ends[0], ends[1], ends[2], ends[3])
    return window if window[0] < window[1] and window[2] < window[3] else None


def offer_background(bench: workbench.Workbench) -> None:
    if st.button("Add the label background"):
        bench.add_label("background", SHADE, uuid=uuid4().hex, author=reader.signature())
        picture.changed(bench)
        st.rerun()
