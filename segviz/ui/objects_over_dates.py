"""Objects of a class through the dates of a scene, on Change."""

from __future__ import annotations

from html import escape
from itertools import pairwise
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from segviz import workbench
from segviz.case import Case
from segviz.change.objects import STATES
from segviz.findings import objects, objects_over_dates
from segviz.grid import same_grid
from segviz.mask import Label, Legend
from segviz.store import Store
from segviz.ui import plots, words
from segviz.ui.found import found
from segviz.ui.objects import options

Row = dict[str, Any]


def section(store: Store, case: Case) -> None:
    """A part of the page that follows objects once it is opened."""
    dates = case.segmented
    part = st.expander(
        "Objects over dates",
        key=f"objects-over-dates-{case.id}",
        type="compact",
        on_change="rerun",
    )
    if not part.open:
        return
    with part:
        if not all(same_grid(dates[0].grid, visit.grid) for visit in dates):
            st.html(
                '<p class="sv-soft">The dates lie on different grids, so objects cannot be '
                "followed cell by cell; open them on one grid.</p>"
            )
            return
        labels = present(store, case)
        if len(dates) < 2 or not labels:
            st.html('<p class="sv-soft">Objects are followed once two dates have a mask.</p>')
            return
        with st.container(horizontal=True, vertical_alignment="bottom"):
            label = st.selectbox(
                "Objects of",
                labels,
                format_func=lambda label: label.name,
                key=f"followed-label-{case.id}",
            )
            smallest, split = options(dates[-1])
        spec = objects_over_dates.now(store, case, label.value, smallest, split)
        with st.spinner("Following objects"):
            numbers = found(store, spec)
        left, right = st.columns([3, 2], gap="medium")
        with left:
            st.html(steps(numbers))
            plots.show(
                states(numbers), f"followed-{case.id}", name=f"objects of {label.name} by state"
            )
        with right:
            st.dataframe(table(numbers), hide_index=True, height=380)
        note = objects_over_dates.defined(spec, numbers["unit"])
        st.html(f'<p class="sv-note">{escape(note)}</p>')


def present(store: Store, case: Case) -> list[Label]:
    """Labels that some date has, those that are things first."""
    found: dict[int, Label] = {}
    for visit in case.segmented:
        bench = workbench.get(store, visit.id)
        for row in bench.state()["labels"]:
            if row["count"]:
                found.setdefault(row["value"], bench.legend[row["value"]])
    things = objects.things(Legend(tuple(found.values())))
    return sorted(found.values(), key=lambda label: (label.value not in things, label.value))


def steps(numbers: Row) -> str:
    """How many objects, and how much, are in which state from date to date."""
    head = "".join(f"<th>{state.capitalize()}</th>" for state in STATES)
    names = [date["name"] for date in numbers["dates"]]
    body = "".join(
        f"<tr><td>{escape(one)} → {escape(two)}</td>"
        + "".join(cell(step[state], numbers["unit"]) for state in STATES)
        + "</tr>"
        for (one, two), step in zip(pairwise(names), numbers["steps"], strict=True)
    )
    return (
        f'<div class="sv-scroll"><table class="sv-table"><thead><tr><th></th>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def cell(state: Row, unit: str) -> str:
    """
    >>> cell({"count": 1200, "size": 42.5}, "ha")
    '<td>1,200<small>42.5 ha</small></td>'
    """
    return f"<td>{state['count']:,}<small>{words.quantity(state['size'], unit)}</small></td>"


def states(numbers: Row) -> go.Figure:
    """Size by state at each date but the first, as bars beside each other."""
    block = objects_over_dates.states(numbers)
    figure = go.Figure(
        [
            go.Bar(
                x=list(line.x),
                y=list(line.y),
                name=line.name,
                marker={"color": line.color},
                hovertemplate=f"%{{y:,.1f}} {numbers['unit']}<extra>{line.name}</extra>",
            )
            for line in block.lines
        ]
    )
    figure.update_layout(
        height=260,
        barmode="group",
        margin={"l": 8, "r": 8, "t": 28, "b": 8},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        xaxis={"title": block.x_title, "type": "category"},
        yaxis={"title": block.y_title, "separatethousands": True, "rangemode": "tozero"},
    )
    return figure


def table(numbers: Row) -> list[Row]:
    """The largest objects with their size at each date."""
    dates = [f"{date['name']}, {numbers['unit']}" for date in numbers["dates"]]
    return [
        {
            "No.": row["name"],
            **dict(zip(dates, row["sizes"], strict=True)),
            "Last": next(state for state in row["states"][::-1] if state),
        }
        for row in numbers["objects"]
    ]
