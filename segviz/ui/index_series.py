"""The series of an index at a chosen place: its plot, and what is said beside it."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

VALUE, LEVEL, BREAK, MISSING = "#0072B2", "#E69F00", "#D55E00", "#8C8C8C"
"""Okabe and Ito."""


def figure(numbers: dict[str, Any]) -> go.Figure:
    """Values of the clear dates, the fitted level, and a line at each break."""
    name, rows = numbers["index"], numbers["values"]
    clear = [row for row in rows if row["value"] is not None]
    plot = go.Figure(
        go.Scatter(
            x=[row["when"] or row["name"] for row in clear],
            y=[row["value"] for row in clear],
            name=name,
            mode="markers+lines" if not numbers["seasonal"] else "markers",
            line={"color": VALUE, "width": 1.5},
            marker={"size": 7},
            hovertemplate="%{x}: %{y:.3f}<extra></extra>",
        )
    )
    if numbers["breaks"] is not None:
        plot.add_trace(
            go.Scatter(
                x=[row["when"] for row in clear],
                y=[row["fitted"] for row in clear],
                name="level" if not numbers["seasonal"] else "level and yearly wave",
                mode="lines",
                line={"color": LEVEL, "width": 2, "shape": "hv"},
                hoverinfo="skip",
            )
        )
    for found in numbers["breaks"] or []:
        plot.add_shape(
            type="line", xref="x", yref="paper", x0=found["when"], x1=found["when"], y0=0, y1=1,
            line={"color": BREAK, "width": 2, "dash": "dot"},
        )  # fmt: skip
        plot.add_annotation(
            x=found["when"], y=1, yref="paper", yanchor="bottom", showarrow=False,
            text=f"break {found['step']:+.2f}", font={"color": BREAK, "size": 11},
        )  # fmt: skip
    dated = all(row["when"] for row in clear)
    plot.update_layout(
        height=270,
        margin={"l": 8, "r": 8, "t": 28, "b": 8},
        legend={"orientation": "h", "y": 1.08, "yanchor": "bottom", "x": 0},
        showlegend=True,
        xaxis={"title": "Date", "type": "date" if dated else "category"},
        yaxis={"title": f"{name} (no unit)", "range": around([row["value"] for row in clear])},
    )
    return plot


def around(values: list[float]) -> list[float] | None:
    """An axis on which noise stays small.

    >>> around([0.8, 0.82])
    [0.7, 0.92]
    """
    return [round(min(values) - 0.1, 2), round(max(values) + 0.1, 2)] if values else None


def left_out(numbers: dict[str, Any]) -> str:
    """Which dates have no value, and why; empty where all have one."""
    missing = [row for row in numbers["values"] if row["value"] is None]
    if not missing:
        return ""
    told = "; ".join(f"{row['name']} ({row['why']})" for row in missing)
    return f"Left out: {told}."
