"""Change in scenes: a map of what changed, the checks, and the numbers with their definitions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from itertools import pairwise
from typing import Any, Literal, get_args

import streamlit as st

from segviz import workbench
from segviz.case import Case, Visit
from segviz.change import align
from segviz.change.indices import INDICES, possible
from segviz.change.rates import FORMULAS
from segviz.findings import areas, land_change, series
from segviz.grid import same_grid
from segviz.mask import Label, Legend
from segviz.measure.forest import NOT_DEFORESTATION, PRESETS, forest_of
from segviz.store import Store
from segviz.ui import (
    change_map,
    charts,
    checks,
    components,
    flows,
    frame,
    index_series,
    plots,
    report,
    words,
)
from segviz.ui.change_map import Chosen
from segviz.ui.found import found

Section = Literal["Amounts", "Flows", "Series"]

AREA_NOTE = f"{land_change.AREA} {NOT_DEFORESTATION} It says that trees went, not why."


def scenes(store: Store, case: Case) -> None:
    states = {visit.id: workbench.get(store, visit.id).state() for visit in case.visits}
    lines = charts.series(list(states.values()))
    if not lines:
        frame.title(case)
        frame.empty("No date is classified yet", "Run a model on the dates on the Review page.")
        return
    with st.container():
        chosen = choose(store, case, [line.label for line in lines], states)
    if chosen is None:
        return
    left, right = st.columns([2, 1], gap="medium")
    with right, st.container(key="change-side"):
        whole = side(store, case, chosen, lines)
    with left, st.container(key="change-map"):
        flow = change_map.shown_flow(case, chosen) or flows.largest(whole, chosen.label.value)
        change_map.show(store, case, chosen, flow)


def choose(
    store: Store, case: Case, labels: Sequence[Label], states: dict[str, Any]
) -> Chosen | None:
    """Two dates, a class and a definition; None where they cannot be compared, with a sentence."""
    columns = st.columns([5, 3, 3, 3, 3], vertical_alignment="bottom")
    with columns[0]:
        report.titled(store, case)
    with columns[1]:
        first = visit_select(case, "From", case.segmented[0])
    with columns[2]:
        last = visit_select(case, "To", case.segmented[-1])
    with columns[3]:
        forest = forest_of(Legend(tuple(labels)))
        at = next((n for n, label in enumerate(labels) if label.value == forest), 0)
        label = st.selectbox("Class", labels, index=at, format_func=lambda one: one.name)
    with columns[4]:
        preset = st.selectbox(
            "Definition",
            ["", *PRESETS],
            format_func=lambda key: PRESETS[key].name if key else "As mapped",
            key=f"preset-{case.id}",
            help="What forest and its loss mean, and the smallest patch that counts.",
        )
    span = case.between(first, last)
    if not span:
        frame.empty("These are not two dates in order", "Choose an earlier date under From.")
        return None
    classified = [v for v in span if any(row["count"] for row in states[v.id]["labels"])]
    for end in (first, last):
        if end.id not in {visit.id for visit in classified}:
            frame.empty(f"{end.name} is not classified yet", "Run a model on it on Review.")
            return None
    other = next((v for v in classified if not same_grid(v.grid, first.grid)), None)
    if other is not None and not asked_to_align(first, other):
        return None
    return Chosen(tuple(classified), label, preset or None, other is not None)


def visit_select(case: Case, name: str, chosen: Visit) -> Visit:
    return st.selectbox(
        name,
        case.visits,
        index=case.visits.index(chosen),
        format_func=words.visit_title,
        key=f"{name}-{case.id}",
    )


def asked_to_align(first: Visit, second: Visit) -> bool:
    """Say how two grids differ and, when asked, compare on the grid of the first."""
    key = f"aligned-{first.id}-{second.id}"
    if st.session_state.get(key):
        return True
    how = align.describe(first.grid, second.grid) or ""
    st.html(f'<div class="sv-said"><p>The dates lie on different grids. {escape(how)}</p></div>')
    names = words.plain(second.name), words.plain(first.name)
    if st.button("Put {} on the grid of {} (nearest)".format(*names)):
        st.session_state[key] = True
        st.rerun()
    return False


def side(store: Store, case: Case, chosen: Chosen, lines: list[charts.Series]) -> dict[str, Any]:
    """The checks, and one of the sections below them.

    Returns:
        The numbers of the first date against the last.
    """
    with st.spinner("Comparing the dates …"):
        numbers = found(store, spec_of(store, chosen))
        whole = whole_span(store, chosen, numbers)
    several = len(chosen.visits) > 2
    intervals = [*numbers["checks"], *(whole["checks"] if several else [])]
    names = [*spans(numbers), *(spans(whole) if several else [])]
    st.html(checks.row(intervals, names) + warning(checks.failed(intervals)))
    key = f"section-{case.id}"
    if opened := st.session_state.pop(f"open-{case.id}", None):
        st.session_state[key] = opened
    section: Section = st.segmented_control(
        "Section", get_args(Section), default="Amounts", required=True,
        label_visibility="collapsed", key=key, width="stretch",
    )  # fmt: skip
    if section == "Amounts":
        amounts(case, chosen, lines, numbers, whole)
    elif section == "Flows":
        what_became_of_what(store, case, chosen, numbers, whole)
    else:
        index_of_place(store, case, chosen)
    return whole


def warning(failed: Sequence[str]) -> str:
    if not failed:
        return ""
    return (
        f'<p class="sv-missing">{words.plural(len(failed), "check")} failed '
        f"({escape(', '.join(failed))}): part of this change may be none on the ground.</p>"
    )


def spec_of(store: Store, chosen: Chosen, visits: Sequence[Visit] | None = None) -> dict[str, Any]:
    return land_change.now(
        store,
        visits or chosen.visits,
        chosen.label.value,
        chosen.preset,
        aligned=chosen.aligned,
    )


def whole_span(store: Store, chosen: Chosen, numbers: dict[str, Any]) -> dict[str, Any]:
    """The first date against the last, whatever lies between."""
    if len(chosen.visits) == 2:
        return numbers
    return found(store, spec_of(store, chosen, [chosen.first, chosen.last]))


def spans(numbers: dict[str, Any]) -> list[str]:
    names = flows.short_names([visit["name"] for visit in numbers["visits"]])
    return [f"{one} to {two}" for one, two in pairwise(names)]


def amounts(
    case: Case,
    chosen: Chosen,
    lines: list[charts.Series],
    numbers: dict[str, Any],
    whole: dict[str, Any],
) -> None:
    """Loss, gain, net and rates of the class, its area over time, and when it was lost."""
    with st.container():
        if any(row["label"] == chosen.label.value for row in whole["labels"]):
            st.html(balance(whole, chosen.label))
    unit = numbers["unit"]
    figure = charts.over_time(lines, case.visits, unit)
    plots.show(figure, f"area-of-{case.id}", name=f"{case.name} area")
    with st.container():
        if len(numbers["visits"]) > 2:
            st.html(by_date(numbers, chosen.label))
        if numbers["definition"]:
            st.html(by_definition(numbers))
    with st.popover("How computed", type="tertiary"):
        st.html(notes([AREA_NOTE, land_change.LOSSES, compared(whole, chosen.first)]))
        st.html(notes([f"{text}." for text in FORMULAS.values()]))


def what_became_of_what(
    store: Store,
    case: Case,
    chosen: Chosen,
    numbers: dict[str, Any],
    whole: dict[str, Any],
) -> None:
    """The matrix and the Sankey diagram; a click in either shows the cells on the map."""
    tables = {name: (numbers, n) for n, name in enumerate(spans(numbers))}
    if whole is not numbers:
        tables = {spans(whole)[0]: (whole, 0), **tables}
    name = next(iter(tables))
    if len(tables) > 1:
        name = st.selectbox("Between", list(tables), key=f"between-{case.id}")
    of, interval = tables[name]
    data = flows.matrix(of, interval, change_map.shown_flow(case, chosen))
    legend = Legend(tuple(change_map.label_rows(store, chosen)))
    key = f"flows-of-{case.id}".replace("_", ".")
    data["diagram"] = {
        "within": css_class(f"plot-{key}"),
        "flows": [flow for flow, _ in flows.flows_of(numbers)],
    }
    change_map.show_flow(case, components.show("flows", data, f"flows-{case.id}", "flow"))
    st.html('<p class="sv-note">Click a cell or a flow to see its pixels on the map.</p>')
    plots.show(flows.sankey(numbers, legend), key, name=f"{case.name} flows")
    st.html(notes([land_change.BALANCE, compared(of, chosen.first, interval)]))


def css_class(key: str) -> str:
    """The class that Streamlit gives to the container of a key."""
    return "st-key-" + re.sub(r"[^a-zA-Z0-9_-]", "-", key.strip())


def index_of_place(store: Store, case: Case, chosen: Chosen) -> None:
    """NDVI or another index of the clicked place, or of an area, on all dates."""
    bands = sorted({name for visit in chosen.visits for name in visit.channels})
    indices = [n for n in INDICES if any(n in possible(v.channels) for v in chosen.visits)]
    if not indices:
        frame.empty(
            "These images have no index of vegetation",
            f"NDVI needs bands that are called red and near infrared (here: {', '.join(bands)}).",
        )
        return
    records = {record.seq: record.name for record in store.records(case.id, areas.KIND)}
    columns = st.columns(2)
    index = columns[0].selectbox("Index", indices, key=f"index-{case.id}")
    place = columns[1].selectbox(
        "Place", [None, *records],
        format_func=lambda seq: records[seq] if seq else "clicked on the map",
        key=f"series-of-{case.id}",
    )  # fmt: skip
    point = change_map.place_on(case, chosen.first)
    if place is None and point is None:
        frame.empty("No place is chosen", "Click a place on the map.")
        return
    visits = [visit for visit in case.visits if not visit.reference]
    visits = [chosen.first, *(visit for visit in visits if visit.id != chosen.first.id)]
    at = None if place or point is None else (point[1], point[0])
    spec = series.now(store, visits, index, point=at, area=place)
    with st.spinner("Reading the dates …"):
        numbers = found(store, spec)
    numbers = numbers | {"values": sorted(numbers["values"], key=lambda row: row["when"] or "")}
    st.html(f'<p class="sv-soft">{escape(index)} of {escape(numbers["place"])}</p>')
    name = f"{case.name} {index}"
    plots.show(index_series.figure(numbers), f"series-{case.id}", name=name)
    st.html(notes([text for text in (index_series.left_out(numbers), series.how(numbers)) if text]))


def balance(numbers: dict[str, Any], label: Label) -> str:
    """Loss, gain and net of one class as three figures, and its yearly rates by name."""
    position = [row["label"] for row in numbers["labels"]].index(label.value)
    unit = numbers["unit"]
    loss, gain, net = (numbers[flow][position][0] for flow in ("loss", "gain", "net"))
    cells = "".join(
        f"<div><small>{name}</small><b>{words.signed(value, unit)}</b></div>"
        for name, value in (("Lost", -loss), ("Gained", gain), ("Net", net))
    )
    return (
        f'<div class="sv-figures"><i>{escape(label.name)}</i>{cells}</div>'
        f'<p class="sv-note">{escape(spans(numbers)[0])}. '
        f"{escape(rate(numbers['rates'][position][0], unit))}</p>"
    )


def rate(row: dict[str, Any], unit: str) -> str:
    """The mean a year and both rates, or why there are none.

    >>> rate({"a_year": -1.5, "compound_percent": -1.02, "puyravaud_percent": -1.03,
    ...       "years": 5.0, "why": None}, "ha")
    '−1.5 ha a year; −1.02 % a year (FAO compound q), −1.03 % a year (Puyravaud r).'
    """
    if row["a_year"] is None:
        return f"No yearly rate: {row['why']}."
    said = f"{words.signed(row['a_year'], unit)} a year"
    named = [
        f"{row[key]:+.2f} % a year ({name})".replace("-", "−")
        for key, name in (
            ("compound_percent", "FAO compound q"),
            ("puyravaud_percent", "Puyravaud r"),
        )
        if row[key] is not None
    ]
    return f"{said}; {', '.join(named) or 'no rate: ' + row['why']}."


def by_date(numbers: dict[str, Any], label: Label) -> str:
    """When the class was lost, as a table."""
    unit = numbers["unit"]
    lost = numbers["losses"]["lost"]
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td>{words.quantity(amount, unit)}</td></tr>"
        for name, amount in zip(spans(numbers), lost, strict=True)
    )
    total = words.quantity(sum(lost), unit)
    return (
        f'<table class="sv-table"><thead><tr><th>{escape(label.name)}, first lost</th><th>Lost</th>'
        f'</tr></thead><tbody>{rows}<tr class="sum"><td>Together, each pixel once</td>'
        f"<td>{total}</td></tr></tbody></table>"
    )


def by_definition(numbers: dict[str, Any]) -> str:
    """What the smallest area takes out, the cut-off, and what the definition says."""
    definition, split = numbers["definition"], numbers["cut_off"]
    preset = PRESETS[definition["preset"]]
    parts = [f'<h4 class="sv-heading">{escape(preset.name)}</h4>']
    if definition["area_ha"]:
        names = [visit["name"] for visit in numbers["visits"]]
        rows = [
            (name, row["before_ha"], row["after_ha"])
            for name, row in zip(names, definition["forest"], strict=True)
        ] + [
            (f"{kind.capitalize()}, {span}", row[kind]["mapped_ha"], row[kind]["after_ha"])
            for span, row in zip(spans(numbers), definition["intervals"], strict=True)
            for kind in ("loss", "gain")
        ]
        parts.append(smallest_area(rows, definition["area_ha"]))
    if split:
        parts.append(
            f'<p class="sv-note">Loss until {split["cut_off"]}: '
            f"{words.quantity(split['before'], 'ha')}; after it: "
            f"<b>{words.quantity(split['after'], 'ha')}</b>; between two dates around it, so that "
            f"it cannot be told: {words.quantity(split['undecided'], 'ha')} (as mapped).</p>"
        )
    parts.append(notes([preset.loss, *preset.notes, preset.source]))
    return "".join(parts)


def smallest_area(rows: Sequence[tuple[str, float, float]], area_ha: float) -> str:
    body = "".join(
        f"<tr><td>{escape(name)}</td><td>{words.quantity(before, 'ha')}</td>"
        f"<td>{words.quantity(after, 'ha')}</td>"
        f"<td>{words.quantity(before - after, 'ha')}</td></tr>"
        for name, before, after in rows
    )
    heads = ("", "As mapped", f"From {area_ha:g} ha", "Taken out")
    head = "".join(f"<th>{text}</th>" for text in heads)
    return f'<table class="sv-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def compared(numbers: dict[str, Any], first: Visit, interval: int = 0) -> str:
    """Over which pixels the two dates were compared, and what was left out."""
    whole = first.grid.shape[0] * first.grid.shape[1]
    both = numbers["compared"][interval]
    return (
        f"Compared over the {words.plural(both, 'pixel')} with a class on both dates "
        f"({both / whole:.1%} of the scene); where one of them has none, nothing is counted."
    )


def notes(texts: Sequence[str]) -> str:
    return "".join(f'<p class="sv-note">{escape(text)}</p>' for text in texts)
