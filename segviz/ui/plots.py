"""Plots as every page shows them: in the colours of its theme, and to take along as PNG and CSV."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Literal

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from segviz.io import table

Row = dict[str, Any]

BUTTONS_LEFT_OUT = ["select2d", "lasso2d", "autoScale2d"]
"""Buttons of plotly that do nothing useful here."""


def show(
    figure: go.Figure,
    key: str,
    *,
    name: str,
    on_select: Callable[[], None] | Literal["rerun"] | None = None,
) -> Any:
    """A plot with a PNG of itself (the camera on it) and a CSV of its points (beside it).

    Args:
        figure: titles of its axes name the unit.
        key: unlike that of any other plot of the page.
        name: of the files, without ending.
        on_select: called on a click on a point; ``st.session_state[key]`` then holds the selection.
            ``"rerun"`` returns it from here.

    Returns:
        What ``st.plotly_chart`` returns.
    """
    with st.container(gap=None, horizontal_alignment="right", key=f"plot-{key}"):
        shown = st.plotly_chart(
            figure,
            key=key,
            config=config(name),
            on_select=on_select or "ignore",
            selection_mode="points",
        )
        st.download_button(
            "CSV",
            points_csv(figure),
            f"{file_name(name)}.csv",
            "text/csv",
            key=f"csv-of-{key}",
            help="The points of this plot. For a PNG, use the camera on the plot.",
            type="tertiary",
            icon=":material/download:",
            on_click="ignore",
        )
    return shown


def config(name: str) -> dict[str, Any]:
    """Plotly's options: a camera that writes a sharp PNG, and no logo."""
    return {
        "displaylogo": False,
        "modeBarButtonsToRemove": BUTTONS_LEFT_OUT,
        "toImageButtonOptions": {"format": "png", "scale": 2, "filename": file_name(name)},
    }


def file_name(name: str) -> str:
    """
    >>> file_name("Area, ha: 2018 to 2021")
    'Area-ha-2018-to-2021'
    """
    return re.sub(r"[^A-Za-z0-9.-]+", "-", name).strip("-.")[:60] or "plot"


def points_csv(figure: go.Figure) -> str:
    """The points of scatter, bar, Sankey and heatmap traces, one a line.

    Columns bear the titles of the axes, which name the unit; the ends of error bars follow as
    ``low`` and ``high``.
    """
    titles = figure.layout.xaxis.title.text or "x", figure.layout.yaxis.title.text or "y"
    return table.csv_text([row for trace in figure.data for row in _rows(trace, *titles)])


def _rows(trace: Any, across: str, up: str) -> Iterator[Row]:
    match trace.type:
        case "scatter" | "scattergl" | "bar":
            return _points(trace, across, up)
        case "sankey":
            return _flows(trace)
        case "heatmap":
            return _cells(trace, across, up)
        case other:
            raise ValueError(f"no points are known of a trace of the type {other}")


def _points(trace: Any, across: str, up: str) -> Iterator[Row]:
    lying = trace.type == "bar" and trace.orientation == "h"
    bars, value = (trace.error_x, across) if lying else (trace.error_y, up)
    above = _values(bars.array)
    below = _values(bars.arrayminus) or above
    for n, (x, y) in enumerate(zip(_values(trace.x), _values(trace.y), strict=True)):
        row = {"series": trace.name or "", across: x, up: y}
        middle = row[value]
        if above and None not in (middle, above[n], below[n]):
            row |= {"low": middle - below[n], "high": middle + above[n]}
        yield row


def _flows(trace: Any) -> Iterator[Row]:
    names, links = trace.node.label, trace.link
    unit = (trace.valuesuffix or "").strip()
    amount = f"amount, {unit}" if unit else "amount"
    ends = (_values(links[name]) for name in ("source", "target", "value"))
    for source, target, value in zip(*ends, strict=True):
        yield {"from": names[source], "to": names[target], amount: value}


def _cells(trace: Any, across: str, up: str) -> Iterator[Row]:
    rows = _values(trace.z)
    columns = _values(trace.x) or range(len(rows[0]))
    value = trace.colorbar.title.text or "value"
    for y, row in zip(_values(trace.y) or range(len(rows)), rows, strict=True):
        for x, cell in zip(columns, row, strict=True):
            yield {across: x, up: y, value: cell}


def _values(found: Any) -> list[Any]:
    return [] if found is None else np.asarray(found, dtype=object).tolist()
