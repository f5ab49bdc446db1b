"""Series and figures from the numbers of masks."""

from __future__ import annotations

from datetime import date

from web_case import SCENE_GRID

from segviz.case import Visit
from segviz.mask import Label
from segviz.ui import charts


def row(value: int, count: int, amount: float | None, unit: str = "ha") -> dict[str, object]:
    return {
        "value": value,
        "name": f"class {value}",
        "color": "#009E73",
        "count": count,
        "amount": amount,
        "unit": unit,
    }


def test_an_empty_mask_has_no_number_and_a_missing_label_is_zero():
    states = [
        {"labels": [row(1, 10, 1.0), row(2, 0, 0.0)]},
        {"labels": [row(1, 0, 0.0)]},
        {"labels": [row(2, 5, 0.5)]},
    ]
    one, two = charts.series(states)
    assert one.values == [1.0, None, 0.0]
    assert two.values == [0.0, None, 0.5]


def test_without_a_crs_pixels_are_counted():
    (line,) = charts.series([{"labels": [row(1, 10, None, "pixels")]}])
    assert line.values == [10.0]


def visit(name: str, when: date | None, reference: bool = False) -> Visit:
    return Visit(name, "case", when, name, SCENE_GRID, ("red",), "", reference=reference)


def test_the_axis_is_in_time_where_all_visits_have_a_date():
    lines = [charts.Series(Label(1, "<b>tree</b>", "#009E73"), [1.0, 2.0])]
    visits = [visit("a", date(2018, 1, 1)), visit("b", date(2020, 1, 1))]
    dated = charts.over_time(lines, visits, "ha")
    assert dated.layout.xaxis.type == "date"
    assert list(dated.data[0].x) == ["2018-01-01", "2020-01-01"]
    assert dated.layout.yaxis.title.text == "Area, ha"
    assert "<b>" not in dated.data[0].hovertemplate
    ordered = charts.over_time(lines, [visit("a", None), visits[1]], "ml")
    assert ordered.layout.xaxis.type == "category"
    assert list(ordered.data[0].x) == ["a", "b"]


def test_a_reference_layer_is_no_part_of_the_line():
    lines = [charts.Series(Label(1, "tree", "#009E73"), [1.0, 5.0, 2.0])]
    days = [date(year, 1, 1) for year in (2018, 2019, 2020)]
    visits = [visit("a", days[0]), visit("map", days[1], reference=True), visit("b", days[2])]
    line, marks = charts.over_time(lines, visits, "ha").data
    assert list(line.y) == [1.0, 2.0] and line.mode == "lines+markers"
    assert list(marks.y) == [5.0] and marks.mode == "markers" and marks.name == "tree, reference"
