"""Figures of change: pure functions from numbers to Plotly figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from segviz.case import Visit
from segviz.findings import ledger
from segviz.findings.blocks import Line
from segviz.mask import Label
from segviz.ui import words


@dataclass(frozen=True)
class Series:
    """One label over the visits of a case; None where a visit has no number."""

    label: Label
    values: list[float | None]


def series(states: Sequence[dict[str, Any]]) -> list[Series]:
    """Each label's amount at each visit; a visit whose mask is empty has no number."""
    rows = [{row["value"]: row for row in state["labels"]} for state in states]
    known = {value: row for at in rows for value, row in at.items() if row["count"]}
    return [
        Series(Label(value, row["name"], row["color"]), [amount(at, value) for at in rows])
        for value, row in sorted(known.items())
    ]


def amount(rows: Mapping[int, dict[str, Any]], value: int) -> float | None:
    """ml, ha or, without a CRS, pixels of a label; 0 where only others are marked."""
    if not any(row["count"] for row in rows.values()):
        return None
    if value not in rows:
        return 0.0
    row = rows[value]
    return float(row["count"] if row["amount"] is None else row["amount"])


def over_time(series: Sequence[Series], visits: Sequence[Visit], unit: str) -> go.Figure:
    """A line for each label through its visits; reference layers are marks beside the line.

    The axis is time where all visits have a date, else their order.
    """
    dated = all(visit.when for visit in visits)
    figure = go.Figure()
    for line in series:
        for reference in sorted({visit.reference for visit in visits}):
            figure.add_trace(trace(line, visits, unit, dated=dated, reference=reference))
    figure.update_layout(
        height=250,
        margin={"l": 8, "r": 8, "t": 28, "b": 8},
        hovermode="closest",
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        showlegend=True,
        yaxis={"title": axis_title(unit), "rangemode": "tozero", "separatethousands": True},
        xaxis={"title": None, "type": "date" if dated else "category"},
    )
    return figure


def trace(
    line: Series, visits: Sequence[Visit], unit: str, *, dated: bool, reference: bool
) -> go.Scatter:
    """One label at the visits that are, or are not, reference layers."""
    shown = [
        (visit, value)
        for visit, value in zip(visits, line.values, strict=True)
        if visit.reference == reference
    ]
    name = plain(line.label.name) + (", reference" if reference else "")
    return go.Scatter(
        x=[visit.when.isoformat() if dated and visit.when else visit.name for visit, _ in shown],
        y=[value for _, value in shown],
        name=name,
        mode="markers" if reference else "lines+markers",
        line={"color": line.label.color, "width": 2},
        marker={"size": 9 if reference else 7, "symbol": "diamond-open" if reference else "circle"},
        text=[f"{plain(visit.name)}: {words.quantity(value, unit)}" for visit, value in shown],
        hovertemplate="%{text}<extra>" + name + "</extra>",
    )


def lesions_over_time(numbers: dict[str, Any]) -> go.Figure:
    """ml of each lesion over its visits, from the numbers of a ledger.

    A trace for each lesion, a point for each visit; the smallest volume of a lesion has a ring.
    """
    visits = numbers["visits"]
    dated = all(visit["date"] for visit in visits)
    plot = ledger.volume_plot(numbers)
    figure = go.Figure()
    for line, row in zip(plot.lines, numbers["lesions"], strict=True):
        figure.add_trace(lesion_trace(line, row["nadir"]))
    figure.update_layout(
        height=290,
        margin={"l": 8, "r": 8, "t": 28, "b": 8},
        hovermode="closest",
        clickmode="event+select",
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        showlegend=True,
        yaxis={"title": plot.y_title, "rangemode": "tozero", "separatethousands": True},
        xaxis={"title": None, "type": "date" if dated else "category"},
    )
    return figure


def lesion_trace(line: Line, nadir: int | None) -> go.Scatter:
    """One lesion; half a voxel of its outline as error bars."""
    half = [
        None if high is None or y is None else high - y
        for y, high in zip(line.y, line.high, strict=True)
    ]
    least = [
        None if low is None or y is None else y - low
        for y, low in zip(line.y, line.low, strict=True)
    ]
    ring = [3 if n == nadir else 1 for n in range(len(line.y))]
    return go.Scatter(
        x=list(line.x),
        y=list(line.y),
        error_y={"type": "data", "array": half, "arrayminus": least, "thickness": 1.2},
        name=plain(line.name),
        mode="lines+markers",
        line={"color": line.color, "width": 2},
        marker={
            "size": [13 if n == nadir else 8 for n in range(len(line.y))],
            "symbol": ["circle-open-dot" if n == nadir else "circle" for n in range(len(line.y))],
            "line": {"width": ring},
        },
        hovertemplate="%{x}: %{y:.2f} ml<extra>" + plain(line.name) + "</extra>",
    )


def axis_title(unit: str) -> str:
    """``Volume, ml`` or ``Area, ha``."""
    return f"{'Volume' if unit == 'ml' else 'Area'}, {unit}"


def plain(name: str) -> str:
    """A name that Plotly cannot take for markup."""
    return name.replace("<", "‹").replace(">", "›").replace("%", "%%")
