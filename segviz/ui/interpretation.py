"""One point after another: its surroundings on all dates, its NDVI, and what the reader sees.

The class that the map has there is never shown, nor does the order of the points tell it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import urlencode

import plotly.graph_objects as go
import streamlit as st

from segviz import opening
from segviz.case import Case, Record, Visit
from segviz.errors import SegvizError
from segviz.findings import samples
from segviz.grid import RasterGrid
from segviz.mask import Label
from segviz.render import bands
from segviz.render.bands import find_bands
from segviz.store import Store
from segviz.ui import frame, links, picture, plots, reader, words

CLOSE, WIDE = 65, 193
"""Cells a side of the surroundings."""

CONFIDENCES: list[samples.Confidence] = ["high", "medium", "low"]
MOST_KEYS = 9
MOST_ACROSS = 5
"""Dates side by side."""
NO_DATA, CANNOT_TELL = "no data", "cannot tell"

Readings = Mapping[int, Sequence[Record]]
Places = Mapping[str, tuple[int, int] | None]


@dataclass(frozen=True)
class Seen:
    """What was measured at a point on one date: NDVI where there are red and near infrared."""

    visit: str
    valid: bool
    ndvi: float | None


def read_points(store: Store, case: Case, sample: Record) -> None:
    """The next point that nobody has read, until all are."""
    read = samples.readings(store, sample)
    with st.container():
        told_before(sample)
    left, right = st.columns([3.4, 1], gap="medium")
    with right:
        panel = st.container(key="reading")
        again(sample, read)
    done = done_of(sample, read)
    point = chosen(sample, done)
    with panel:
        with st.container():
            progress(sample, done, point)
        if point is not None:
            ask(store, case, sample, read, point)
        else:
            back(sample, len(sample.body["points"]))
    with left:
        if point is None:
            frame.empty(
                f"All {len(sample.body['points']):,} points are read",
                "See the areas and accuracies under Results; Back leads to the last point.",
            )
            return
        show(store, case, sample, point)
        after = next_unread(sample, {*done, point}, point)
        if after is not None:
            st.html(f'<div class="sv-ahead">{pictures(store, case, sample, after)}</div>')


def again(sample: Record, read: Readings) -> None:
    """A second reader can read all points, too, without seeing what the first one saw."""
    if any(one.author != reader.signature() for found in read.values() for one in found):
        st.toggle(
            "Read all points myself",
            key=again_key(sample),
            on_change=turn_to,
            args=(sample, None),
            help="Points that others have read come up, too. Where readers differ the newest "
            "reading counts, and Results say so.",
        )


def done_of(sample: Record, read: Readings) -> set[int]:
    """Points that need no reading: those that anybody read, or only those of this reader."""
    if not st.session_state.get(again_key(sample)):
        return set(read)
    me = reader.signature()
    return {point for point, found in read.items() if any(one.author == me for one in found)}


def chosen(sample: Record, done: set[int]) -> int | None:
    """The point gone to, else the first unread one; None once all are read."""
    gone: int | None = st.session_state.get(f"point-{sample.name}")
    return gone if gone is not None else next_unread(sample, done)


def next_unread(sample: Record, done: set[int], after: int = -1) -> int | None:
    """The first unread point behind one, else from the start."""
    unread = [n for n in range(len(sample.body["points"])) if n not in done]
    return next((n for n in unread if n > after), unread[0] if unread else None)


def progress(sample: Record, done: set[int], point: int | None) -> None:
    whole = len(sample.body["points"])
    st.html(f'<p class="sv-title">{len(done):,} of {whole:,} read</p>')
    st.progress(len(done) / whole)
    if point is not None:
        st.html(f'<p class="sv-soft">Point {point + 1:,}</p>')


def ask(store: Store, case: Case, sample: Record, read: Readings, point: int) -> None:
    """The classes as buttons with keys; a press keeps the reading and goes to the next point.

    The buttons are of one point alone: a second press that comes before the next point is on the
    screen can never be taken for a reading of it.
    """
    st.html(f'<p class="sv-cell"><b>{escape(question(store, sample))}</b></p>')
    own = next((one for one in read.get(point, ()) if one.author == reader.signature()), None)
    given = own.body if own else {"label": 0, "confidence": "high", "note": "", "why": ""}
    for n, label in enumerate(samples.legend_of(sample.body), 1):
        st.button(
            words.plain(label.name),
            key=f"label-{sample.name}-{point}-{label.value}",
            type="primary" if given["label"] == label.value else "secondary",
            shortcut=str(n) if n <= MOST_KEYS else None,
            on_click=keep,
            args=(store, case, sample, point, label),
            width="stretch",
        )
    st.button(
        "Cannot tell",
        key=f"label-{sample.name}-{point}-none",
        type="primary" if given["label"] is None else "secondary",
        shortcut="0",
        on_click=keep,
        args=(store, case, sample, point, None),
        width="stretch",
        help="Left out and reported; never counted as wrong.",
    )
    confidence = st.session_state.setdefault(confidence_key(sample, point), given["confidence"])
    st.button(
        f"Confidence: {confidence}",
        key=f"confidence-of-{sample.name}-{point}",
        shortcut="S",
        on_click=less_sure,
        args=(sample, point),
        width="stretch",
    )
    st.text_input("Note", given["note"], key=note_key(sample, point), max_chars=500)
    back(sample, point)
    st.button(
        "Closer" if st.session_state.get("wide-view") else "Wider view",
        key="wider",
        shortcut="W",
        on_click=turn_wide,
        width="stretch",
    )
    st.html(f'<p class="sv-note">{escape(where(sample.body["points"][point]))}</p>')


def back(sample: Record, point: int) -> None:
    st.button(
        "Back",
        key=f"back-{sample.name}-{point}",
        shortcut="B",
        on_click=turn_to,
        args=(sample, point - 1),
        disabled=point == 0,
        width="stretch",
    )


def keep(store: Store, case: Case, sample: Record, point: int, label: Label | None) -> None:
    """Keep a reading and go on; an error is told on the page, and the point stays."""
    why = "" if label else why_not(store, case, sample, point)
    try:
        samples.keep_reading(
            store,
            sample,
            point,
            label.value if label else None,
            st.session_state[confidence_key(sample, point)],
            why=why,
            note=st.session_state.get(note_key(sample, point), "").strip(),
            author=reader.signature(),
        )
    except SegvizError as error:
        st.session_state[f"told-{sample.name}"] = error
        return
    turn_to(sample, next_unread(sample, done_of(sample, samples.readings(store, sample)), point))


def told_before(sample: Record) -> None:
    error = st.session_state.pop(f"told-{sample.name}", None)
    if error is not None:
        frame.say(error)


def turn_to(sample: Record, point: int | None) -> None:
    st.session_state[f"point-{sample.name}"] = point


def less_sure(sample: Record, point: int) -> None:
    key = confidence_key(sample, point)
    position = CONFIDENCES.index(st.session_state[key]) + 1
    st.session_state[key] = CONFIDENCES[position % len(CONFIDENCES)]


def turn_wide() -> None:
    st.session_state["wide-view"] = not st.session_state.get("wide-view", False)


def again_key(sample: Record) -> str:
    return f"again-{sample.name}"


def confidence_key(sample: Record, point: int) -> str:
    return f"confidence-{sample.name}-{point}"


def note_key(sample: Record, point: int) -> str:
    return f"note-{sample.name}-{point}"


def question(store: Store, sample: Record) -> str:
    """What is asked, and of which date; never which class the map has."""
    dates = [words.visit_title(store.visit(visit)) for visit in asked_of(store, sample)]
    if len(dates) == 1:
        return f"What is in the frame on {dates[0]}?"
    return f"What happened in the frame between {dates[0]} and {dates[1]}?"


def asked_of(store: Store, sample: Record) -> list[str]:
    """The visits whose classes are asked for."""
    of = sample.body["map"]
    maps = [of] if "layer" in of else [of["before"], of["after"]]
    return [store.layer(one["layer"]).visit_id for one in maps]


def where(point: Mapping[str, Any]) -> str:
    place = f"Row {point['row']:,}, column {point['column']:,}"
    if "latitude" not in point:
        return place
    return f"{place} · {point['latitude']:.6f}, {point['longitude']:.6f}"


def show(store: Store, case: Case, sample: Record, point: int) -> None:
    """All dates around the point, and its NDVI over time."""
    st.html(pictures(store, case, sample, point))
    seen = seen_at(store, case, sample, point)
    if any(one.ndvi is not None for one in seen):
        figure = series(dates_of(case), seen, asked_of(store, sample))
        plots.show(figure, f"ndvi-{sample.seq}", name=f"NDVI of point {point + 1}")
    else:
        st.html(
            '<p class="sv-note">No NDVI: no date has bands named red and near infrared with data '
            "at this point.</p>"
        )


def dates_of(case: Case) -> tuple[Visit, ...]:
    """All dates but reference layers, which are maps of others."""
    return tuple(visit for visit in case.segmented if isinstance(visit.grid, RasterGrid))


def places_of(case: Case, grid: RasterGrid, point: Mapping[str, Any]) -> Places:
    """Row and column of a point on each date; None where a date does not show it."""
    found: dict[str, tuple[int, int] | None] = {}
    for visit in dates_of(case):
        if isinstance(visit.grid, RasterGrid) and visit.grid.same_as(grid):
            found[visit.id] = point["row"], point["column"]
        elif isinstance(visit.grid, RasterGrid) and "longitude" in point:
            found[visit.id] = samples.position(visit.grid, point["longitude"], point["latitude"])
        else:
            found[visit.id] = None
    return found


def places(store: Store, case: Case, sample: Record, point: int) -> Places:
    grid = store.visit(asked_of(store, sample)[0]).grid
    if not isinstance(grid, RasterGrid):
        raise TypeError("samples are drawn from scenes")
    return places_of(case, grid, sample.body["points"][point])


def pictures(store: Store, case: Case, sample: Record, point: int) -> str:
    """The surroundings of a point on all dates, stretched alike, the dates asked for in a frame."""
    stretch = picture.shared_stretch(store, list(dates_of(case)))
    asked = asked_of(store, sample)
    at = places(store, case, sample, point)
    figures = [
        figure(store, case, visit, at[visit.id], stretch, visit.id in asked)
        for visit in dates_of(case)
    ]
    across = min(len(figures), MOST_ACROSS)
    return f'<div class="sv-around" style="--across:{across}">{"".join(figures)}</div>'


def figure(
    store: Store,
    case: Case,
    visit: Visit,
    place: tuple[int, int] | None,
    stretch: Mapping[str, tuple[float, float]],
    asked: bool,
) -> str:
    kind = ' class="asked"' if asked else ""
    title = escape(words.visit_title(visit))
    if place is None:
        return f"<figure{kind}><i>not on this date</i><figcaption>{title}</figcaption></figure>"
    source = escape(chip_address(store, case, visit, place, stretch))
    return f'<figure{kind}><img alt="" src="{source}"><figcaption>{title}</figcaption></figure>'


def chip_address(
    store: Store,
    case: Case,
    visit: Visit,
    place: tuple[int, int],
    stretch: Mapping[str, tuple[float, float]],
) -> str:
    shown = bands.natural(visit.channels)
    ends = (stretch[visit.channels[band]] for band in shown)
    asked = {
        "row": place[0],
        "column": place[1],
        "size": WIDE if st.session_state.get("wide-view") else CLOSE,
        "bands": ",".join(map(str, shown)),
        "stretch": ",".join(f"{low:g}:{high:g}" for low, high in ends),
    }
    return f"{links.visit(store, case, visit)}/chip.png?{urlencode(asked, safe=',:')}"


def seen_at(store: Store, case: Case, sample: Record, point: int) -> list[Seen]:
    """What each date measured at a point; one pixel of each is read."""
    at = places(store, case, sample, point)
    return [seen(store, visit, at[visit.id]) for visit in dates_of(case)]


def seen(store: Store, visit: Visit, place: tuple[int, int] | None) -> Seen:
    if place is None:
        return Seen(visit.id, False, None)
    row, column = place
    found = find_bands(visit.channels, ("near infrared", "red"))
    pixel, valid = opening.scene(store, visit).read((row, row + 1, column, column + 1), found)
    if found is None or not valid[0, 0]:
        return Seen(visit.id, bool(valid[0, 0]), None)
    infrared, red = (float(value) for value in pixel[:, 0, 0])
    both = infrared + red
    return Seen(visit.id, True, (infrared - red) / both if both else None)


def why_not(store: Store, case: Case, sample: Record, point: int) -> str:
    """Why a point could not be told: a date that is asked for has no data there, or the reader."""
    asked = asked_of(store, sample)
    blind = [one for one in seen_at(store, case, sample, point) if one.visit in asked]
    return CANNOT_TELL if all(one.valid for one in blind) else NO_DATA


def series(visits: Sequence[Visit], seen: Sequence[Seen], asked: Sequence[str]) -> go.Figure:
    """NDVI of a point over the dates; the dates asked for are marked."""
    dated = all(visit.when for visit in visits)
    across = [
        visit.when.isoformat() if dated and visit.when else words.visit_title(visit)
        for visit in visits
    ]
    figure = go.Figure(
        go.Scatter(
            x=across,
            y=[one.ndvi for one in seen],
            name="NDVI",
            mode="lines+markers",
            line={"color": "#009E73", "width": 2},
            marker={"size": [13 if one.visit in asked else 7 for one in seen]},
            hovertemplate="%{x}: %{y:.2f}<extra>NDVI</extra>",
        )
    )
    figure.update_layout(
        height=190,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        showlegend=False,
        yaxis={"title": "NDVI, values as stored", "range": [-0.2, 1]},
        xaxis={"title": None, "type": "date" if dated else "category"},
    )
    return figure
