"""What became of what: the matrix as cells that can be chosen, and the Sankey diagram."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import plotly.graph_objects as go

from segviz.mask import Legend
from segviz.ui.charts import plain

Flow = dict[str, Any]
"""Visits ``a`` and ``b``, and labels ``from`` and ``to``."""

LINK = 0.42
"""Opacity of a flow; what stays is fainter."""

STAYS = 0.18

SMALL = 0.04
"""Bars below this share have their name in what the pointer shows alone."""

Node = tuple[str, int]
"""A visit and a label."""


def matrix(numbers: dict[str, Any], interval: int, chosen: Flow | None) -> dict[str, Any]:
    """Data of the ``flows`` component: from (rows) to (columns), sums, and what one date has alone.

    Args:
        numbers: of ``findings.land_change``.
        chosen: the flow that the map shows.
    """
    table, only = numbers["transitions"][interval], numbers["one_date_only"][interval]
    first, second = numbers["visits"][interval : interval + 2]
    labels = numbers["labels"]
    used = [
        n
        for n in range(len(labels))
        if any(table[n]) or any(row[n] for row in table) or only["first"][n] or only["second"][n]
    ]
    rows = [
        {
            "name": labels[n]["name"],
            "cells": [
                *(cell(table, n, m, labels, first["id"], second["id"]) for m in used),
                {"text": area(sum(table[n])), "kind": "sum"},
                {"text": area(only["first"][n]), "kind": "aside"},
            ],
        }
        for n in used
    ]
    columns = [sum(row[m] for row in table) for m in used]
    sums = [{"text": area(value)} for value in (*columns, sum(columns))]
    aside = [{"text": area(only["second"][m]), "kind": "aside"} for m in used]
    return {
        "corner": f"{first['name']} ↓  {second['name']} →, {numbers['unit']}",
        "head": [*(labels[n]["name"] for n in used), "Sum", "First only"],
        "rows": [
            *rows,
            {"name": "Sum", "cells": [*sums, {"text": ""}], "sum": True},
            {"name": "Second only", "cells": [*aside, {"text": ""}, {"text": ""}]},
        ],
        "chosen": chosen,
        "diagram": None,
    }


def cell(
    table: list[list[float]], n: int, m: int, labels: list[dict[str, Any]], a: str, b: str
) -> dict[str, Any]:
    value, whole = table[n][m], sum(table[n])
    told: dict[str, Any] = {"text": area(value)}
    if n == m:
        told["kind"] = "stays"
    elif value:
        told["share"] = round(100 * min(1.0, 2 * value / whole))
    if not value:
        return told
    title = f"Show where {labels[n]['name']} became {labels[m]['name']}"
    flow = {"a": a, "b": b, "from": labels[n]["label"], "to": labels[m]["label"]}
    return told | {"title": title, "flow": flow}


def flows_of(numbers: dict[str, Any]) -> list[tuple[Flow, float]]:
    """Every flow between neighbouring dates with its amount, in the order of the diagram."""
    labels = [row["label"] for row in numbers["labels"]]
    return [
        ({"a": a["id"], "b": b["id"], "from": labels[n], "to": labels[m]}, value)
        for (a, b), table in zip(pairwise(numbers["visits"]), numbers["transitions"], strict=True)
        for n, row in enumerate(table)
        for m, value in enumerate(row)
        if value
    ]


def largest(numbers: dict[str, Any], label: int) -> Flow | None:
    """The largest flow out of a label between the first two dates, else the largest of all."""
    a, b = (visit["id"] for visit in numbers["visits"][:2])
    moved = [
        (flow, value)
        for flow, value in flows_of(numbers)
        if flow["from"] != flow["to"] and (flow["a"], flow["b"]) == (a, b)
    ]
    out = [pair for pair in moved if pair[0]["from"] == label] or moved
    return max(out, key=lambda pair: pair[1])[0] if out else None


def sankey(numbers: dict[str, Any], legend: Legend) -> go.Figure:
    """Classes at each date as bars from left to right, and between them what became of what."""
    visits, unit = numbers["visits"], numbers["unit"]
    flows = flows_of(numbers)
    labels = [row["label"] for row in numbers["labels"]]
    names = {row["label"]: row["name"] for row in numbers["labels"]}
    ends = [((f["a"], f["from"]), (f["b"], f["to"])) for f, _ in flows]
    order = {visit["id"]: n for n, visit in enumerate(visits)}
    nodes = sorted(
        {end for pair in ends for end in pair}, key=lambda e: (order[e[0]], labels.index(e[1]))
    )
    short = dict(zip(order, short_names([visit["name"] for visit in visits]), strict=True))
    place = {node: n for n, node in enumerate(nodes)}
    sizes = sizes_of(nodes, ends, flows)
    tall = heights(sizes)
    figure = go.Figure(
        go.Sankey(
            arrangement="fixed",
            valuesuffix=f" {unit}",
            valueformat=",.1f",
            node={
                "label": [f"{plain(names[label])} · {short[visit]}" for visit, label in nodes],
                "color": [legend[label].color for _, label in nodes],
                "x": [clear_of_edge(order[visit] / max(len(visits) - 1, 1)) for visit, _ in nodes],
                "y": [clear_of_edge(tall[node]) for node in nodes],
                "pad": 14,
                "thickness": 14,
                "line": {"width": 0},
            },
            textfont={"size": 1, "color": "rgba(0,0,0,0)"},
            link={
                "source": [place[source] for source, _ in ends],
                "target": [place[target] for _, target in ends],
                "value": [value for _, value in flows],
                "color": [
                    faint(legend[f["from"]].color, STAYS if f["from"] == f["to"] else LINK)
                    for f, _ in flows
                ],
            },
        )
    )
    figure.update_layout(
        height=230 + 14 * len({label for _, label in nodes}),
        margin={"l": 4, "r": 4, "t": 24, "b": 8},
        annotations=[
            *(date_above(order[v], len(visits), name) for v, name in short.items()),
            *(
                class_beside(names[label], tall[(visit, label)])
                for (visit, label), size in sizes.items()
                if order[visit] == 0 and size > SMALL
            ),
        ],
    )
    return figure


def date_above(position: int, count: int, name: str) -> dict[str, Any]:
    anchor = "left" if position == 0 else "right" if position == count - 1 else "center"
    return {
        "x": position / max(count - 1, 1), "y": 1.0, "xref": "paper", "yref": "paper",
        "xanchor": anchor, "yanchor": "bottom", "showarrow": False, "text": name,
        "font": {"size": 11},
    }  # fmt: skip


def class_beside(name: str, middle: float) -> dict[str, Any]:
    """The name of a class beside its bar at the first date."""
    return {
        "x": 0, "y": 1 - middle, "xref": "paper", "yref": "paper", "xshift": 18,
        "xanchor": "left", "yanchor": "middle", "showarrow": False, "text": plain(name),
        "font": {"size": 12},
    }  # fmt: skip


def sizes_of(
    nodes: Sequence[Node], ends: Sequence[tuple[Node, Node]], flows: Sequence[tuple[Flow, float]]
) -> dict[Node, float]:
    """Share of its date that each bar is."""
    out, into = dict.fromkeys(nodes, 0.0), dict.fromkeys(nodes, 0.0)
    for (source, target), (_, value) in zip(ends, flows, strict=True):
        out[source] += value
        into[target] += value
    sizes = {node: max(out[node], into[node]) for node in nodes}
    wholes = {visit: sum(s for (v, _), s in sizes.items() if v == visit) for visit, _ in nodes}
    return {node: size / wholes[node[0]] for node, size in sizes.items()}


def heights(sizes: dict[Node, float]) -> dict[Node, float]:
    """Middle of each bar from the top (0) to the bottom (1), classes in one order at all dates."""
    middles, above = {}, dict.fromkeys((visit for visit, _ in sizes), 0.0)
    for node, size in sizes.items():
        middles[node] = above[node[0]] + size / 2
        above[node[0]] += size
    return middles


def clear_of_edge(share: float) -> float:
    """Plotly takes 0 and 1 for not given."""
    return min(max(share, 0.001), 0.999)


def faint(color: str, opacity: float) -> str:
    """
    >>> faint("#D55E00", 0.4)
    'rgba(213,94,0,0.4)'
    """
    red, green, blue = bytes.fromhex(color.removeprefix("#"))
    return f"rgba({red},{green},{blue},{opacity})"


def short_names(names: Sequence[str]) -> list[str]:
    """Years where they tell the dates apart, else the names.

    >>> short_names(["2018-07-15", "2020-07-15"]), short_names(["2018-01-01", "2018-07-01"])
    (['2018', '2020'], ['2018-01-01', '2018-07-01'])
    """
    years = [name[:4] for name in names]
    plain_years = all(year.isdigit() for year in years) and len(set(years)) == len(years)
    return years if plain_years else list(names)


def area(value: float) -> str:
    """
    >>> area(0.0), area(0.42), area(48952.31)
    ('–', '0.42', '48,952')
    """
    if not value:
        return "–"
    return f"{value:,.2f}" if value < 10 else f"{value:,.1f}" if value < 1000 else f"{value:,.0f}"
