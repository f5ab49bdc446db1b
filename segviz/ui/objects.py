"""Objects of a mask on Review: how many, how large, where; and how well they match a reference."""

from __future__ import annotations

from html import escape
from typing import Any
from urllib.parse import urlencode

import plotly.graph_objects as go
import streamlit as st

from segviz import workbench
from segviz.case import Case, Layer, Visit
from segviz.findings import objects, panoptic
from segviz.grid import RasterGrid, VolumeGrid, same_grid
from segviz.mask import Label
from segviz.measure.instances import unit
from segviz.store import Store
from segviz.ui import links, picture, plots, words
from segviz.ui.charts import plain
from segviz.ui.found import found
from segviz.ui.layers import title

Row = dict[str, Any]


def shown(store: Store, case: Case, visit: Visit, layer: Layer) -> Row | None:
    """Where the map finds the objects in colours of their own; None while it shows the mask."""
    asked, label = (st.session_state.get(_key(name, visit)) for name in ("color", "label"))
    if not asked or label is None:
        return None
    options = {name: st.session_state.get(_key(name, visit), 0) for name in ("smallest", "split")}
    revision = workbench.get(store, layer.id).revision
    base = f"{links.layer(store, case, visit, layer.id)}/objects/{revision}/{label.value}"
    return {
        "tiles": f"{base}/{{z}}/{{x}}/{{y}}.png?{urlencode(options)}",
        "legend": objects.COLORS.to_json(),
        "name": "each object in a colour of its own",
    }


def section(store: Store, case: Case, visit: Visit, layer: Layer) -> None:
    """A part of the panel that counts once it is opened."""
    part = st.expander("Objects", key=f"objects-{visit.id}", type="compact", on_change="rerun")
    if not part.open:
        return
    with part:
        bench = workbench.get(store, layer.id)
        present = [bench.legend[row["value"]] for row in bench.state()["labels"] if row["count"]]
        if not present:
            st.html('<p class="sv-soft">Nothing is marked yet: run a model or paint.</p>')
            return
        label = choose(visit, present)
        smallest, split = options(visit)
        spec = objects.now(store, layer, [label.value], smallest, split)
        with st.spinner("Counting objects"):
            (row,) = found(store, spec)["labels"]
        st.html(figures(row))
        with st.container():
            if row["count"]:
                sizes(visit, row)
                largest(visit, row)
        with st.popover("How computed", icon=":material/info:", type="tertiary"):
            st.html(f'<p class="sv-note">{escape(objects.definition(spec, row["unit"]))}</p>')
        if isinstance(visit.grid, RasterGrid):
            st.toggle(
                "Colour each object on the picture",
                key=_key("color", visit),
                help="To look at only: turn it off to edit.",
            )
        against(store, case, visit, layer, smallest, split)


def choose(visit: Visit, present: list[Label]) -> Label:
    """The label whose objects are counted; at first one that the legend calls a thing."""
    first = next((n for n, label in enumerate(present) if label.thing), 0)
    return st.selectbox(
        "Label",
        present,
        index=first,
        format_func=lambda label: label.name,
        key=_key("label", visit),
    )


def options(visit: Visit) -> tuple[float, float | None]:
    """The smallest size that counts, and the depth at which touching objects are told apart."""
    size, length = unit(visit.grid), "mm" if isinstance(visit.grid, VolumeGrid) else "m"
    with st.popover("Options", icon=":material/tune:", type="tertiary"):
        smallest = st.number_input(
            f"Smallest object, {size}",
            min_value=0.0,
            value=0.0,
            step=0.01,
            format="%.4g",
            key=_key("smallest", visit),
        )
        depth = 0.0
        if size != "pixels":
            depth = st.number_input(
                f"Split touching objects, depth in {length}",
                min_value=0.0,
                value=0.0,
                step=1.0 if length == "mm" else 10.0,
                key=_key("split", visit),
                help="By how much a neck must be narrower than both sides, measured from the "
                "outline. 0 counts connected pieces.",
            )
    return float(smallest), float(depth) or None


def figures(row: Row) -> str:
    """Count and distribution as one table."""
    lines = [
        ("Objects", f"{row['count']:,}"),
        ("All together", words.quantity(row["total"], row["unit"])),
        ("Median", words.quantity(row["median"], row["unit"])),
        ("Middle half", middle(row)),
        ("Largest", words.quantity(row["largest"], row["unit"])),
    ]
    body = "".join(f"<tr><td>{name}</td><td>{text}</td></tr>" for name, text in lines)
    left_out = words.plural(row["left_out"], "smaller object")
    note = f'<p class="sv-note">{left_out} left out.</p>' if row["left_out"] else ""
    return f'<table class="sv-table"><tbody>{body}</tbody></table>{note}'


def middle(row: Row) -> str:
    """
    >>> middle({"quartile_1": 1.25, "quartile_3": 20.0, "unit": "ha"})
    '1.2 ha to 20.0 ha'
    """
    if row["quartile_1"] is None:
        return "–"
    ends = (words.quantity(row[name], row["unit"]) for name in ("quartile_1", "quartile_3"))
    return " to ".join(ends)


def sizes(visit: Visit, row: Row) -> None:
    plots.show(histogram(row), _key("sizes", visit), name=f"objects of {row['name']}")


def histogram(row: Row) -> go.Figure:
    """Objects by size, in bins of 1, 2 and 5."""
    block = objects.sizes(row)
    (bars,) = block.lines
    figure = go.Figure(
        go.Bar(
            x=list(bars.x),
            y=list(bars.y),
            name=plain(bars.name),
            marker={"color": bars.color},
            hovertemplate=f"%{{y:,}} objects of %{{x}} {row['unit']}<extra></extra>",
        )
    )
    figure.update_layout(
        height=190,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        bargap=0.05,
        showlegend=False,
        xaxis={"title": block.x_title, "type": "category"},
        yaxis={
            "title": block.y_title,
            "separatethousands": True,
            "rangemode": "tozero",
            "dtick": 1 if max(y or 0 for y in bars.y) < 6 else None,
        },
    )
    return figure


def largest(visit: Visit, row: Row) -> None:
    """The largest objects; a row is a door to its place."""
    key = _key("rows", visit)

    def follow() -> None:
        chosen = st.session_state[key].selection.rows
        if chosen:
            picture.go(visit, row["objects"][chosen[0]]["at"])

    st.dataframe(
        [table_row(item, row["unit"]) for item in row["objects"]],
        hide_index=True,
        height=200,
        selection_mode="single-row",
        on_select=follow,
        key=key,
    )
    many = row["count"] > len(row["objects"])
    listed = f"The {len(row['objects']):,} largest. " if many else ""
    st.html(f'<p class="sv-note">{listed}Choose a row to go there.</p>')


def table_row(item: Row, size_unit: str) -> Row:
    """An object as the table shows it.

    >>> table_row({"id": 3, "cells": 9, "size": 0.5, "at": [1, 2], "row": 1.0, "column": 2.0}, "ha")
    {'No.': 3, 'Size, ha': 0.5, 'Row': 1.0, 'Column': 2.0}
    """
    places = {shown: item[name] for name, shown in objects.PLACES.items() if name in item}
    return {"No.": item["id"], f"Size, {size_unit}": item["size"], **places}


def against(
    store: Store, case: Case, visit: Visit, layer: Layer, smallest: float, split: float | None
) -> None:
    """Panoptic quality against another mask of the same cells."""
    others = references(store, case, visit, layer)
    if not others:
        return
    names = {other.id: name for name, other in others}
    chosen = st.selectbox(
        "Match with a reference",
        [None, *names],
        format_func=lambda key: "none" if key is None else names[key],
        key=f"objects-reference-{layer.id}",
    )
    if chosen is None:
        return
    spec = panoptic.now(store, layer, store.layer(chosen), smallest, split)
    with st.spinner("Matching objects"):
        numbers = found(store, spec)
    st.html(quality(numbers))
    with st.popover("How computed", icon=":material/info:", type="tertiary"):
        st.html(f'<p class="sv-note">{escape(panoptic.definition(numbers))}</p>')


def references(store: Store, case: Case, visit: Visit, layer: Layer) -> list[tuple[str, Layer]]:
    """Other layers of the visit, and masks of reference visits on the same cells."""
    own = [(title(other), other) for other in store.layers(visit.id) if other.id != layer.id]
    maps = [
        (words.visit_title(other), first)
        for other in case.visits
        if other.reference and other.id != visit.id and same_grid(other.grid, visit.grid)
        for first in store.layers(other.id)[:1]
    ]
    return [*own, *maps]


def quality(numbers: Row) -> str:
    """PQ, SQ and RQ of each class, with what was matched, missed and false."""
    head = "".join(f"<th>{name}</th>" for name in ("PQ", "SQ", "RQ", "TP", "FP", "FN"))
    rows = "".join(
        f'<tr title="{escape(row.get("why", ""))}"><td>{escape(row["name"])}</td>'
        + "".join(f"<td>{share(row[name])}</td>" for name in ("pq", "sq", "rq"))
        + "".join(f"<td>{row[name]:,}</td>" for name in ("tp", "fp", "fn"))
        + "</tr>"
        for row in numbers["classes"]
    )
    mean = numbers["mean"]
    means = "".join(f"<td>{share(mean[name])}</td>" for name in ("pq", "sq", "rq"))
    over = f"Mean of {words.plural(mean['classes'], 'class', 'classes')}"
    last = f'<tr class="sum"><td>{over}</td>{means}<td colspan="3"></td></tr>'
    return (
        f'<div class="sv-scroll"><table class="sv-table"><thead><tr><th></th>{head}</tr></thead>'
        f"<tbody>{rows}{last}</tbody></table></div>"
    )


def share(value: float | None) -> str:
    """
    >>> share(0.54629), share(None)
    ('0.546', '–')
    """
    return "–" if value is None else f"{value:.3f}"


def _key(name: str, visit: Visit) -> str:
    return f"objects-{name}-{visit.id}"
