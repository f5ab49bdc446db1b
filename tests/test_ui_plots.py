"""Plots to take along: the points of each kind of trace as CSV."""

from __future__ import annotations

import csv
import io

import numpy as np
import plotly.graph_objects as go
import pytest

from segviz.ui import plots

AXES = {"xaxis": {"title": "Date"}, "yaxis": {"title": "Area, ha"}}


def rows(*traces: object, layout: dict[str, object] | None = None) -> list[dict[str, str]]:
    text = plots.points_csv(go.Figure(list(traces), layout=AXES if layout is None else layout))
    return list(csv.DictReader(io.StringIO(text)))


def test_lines_with_intervals_and_a_visit_without_a_number():
    line = go.Scatter(
        x=["2018-01-01", "2020-01-01"],
        y=[1.5, None],
        name="forest",
        error_y={"array": [0.5, None], "arrayminus": [0.25, None]},
    )
    first, second = rows(line)
    assert first == {
        "series": "forest", "Date": "2018-01-01", "Area, ha": "1.5", "low": "1.25", "high": "2.0",
    }  # fmt: skip
    assert second["Area, ha"] == second["low"] == second["high"] == ""


def test_symmetric_intervals_of_packed_numbers():
    trace = go.Scatter(x=np.arange(2.0), y=np.array([3.0, 4.0]), error_y={"array": [1, 2]})
    assert [(row["low"], row["high"]) for row in rows(trace)] == [("2.0", "4.0"), ("2.0", "6.0")]


def test_bars_lying_have_their_intervals_along_x():
    bar = go.Bar(x=[2], y=["lost"], orientation="h", error_x={"array": [1]})
    assert rows(bar, layout={}) == [{"series": "", "x": "2", "y": "lost", "low": "1", "high": "3"}]


def test_a_sankey_says_from_where_to_where():
    flows = go.Sankey(
        node={"label": ["forest 2018", "crop 2021"]},
        link={"source": [0], "target": [1], "value": [12.5]},
        valuesuffix=" ha",
    )
    assert rows(flows) == [{"from": "forest 2018", "to": "crop 2021", "amount, ha": "12.5"}]


def test_a_heatmap_gives_each_cell():
    heat = go.Heatmap(z=[[1, 2], [3, 4]], x=["a", "b"], y=["c", "d"], colorbar={"title": "points"})
    assert [tuple(row.values()) for row in rows(heat)] == [
        ("a", "c", "1"), ("b", "c", "2"), ("a", "d", "3"), ("b", "d", "4"),
    ]  # fmt: skip


def test_a_name_is_never_a_formula():
    assert rows(go.Scatter(x=[1], y=[2], name="=1+1"))[0]["series"] == "'=1+1"


def test_a_trace_without_known_points_is_a_bug_and_not_an_empty_file():
    with pytest.raises(ValueError, match="pie"):
        rows(go.Pie(values=[1]))


def test_the_camera_writes_a_sharp_png_under_the_name_of_the_plot():
    assert plots.config("Glioma 03: volume")["toImageButtonOptions"] == {
        "format": "png", "scale": 2, "filename": "Glioma-03-volume",
    }  # fmt: skip
