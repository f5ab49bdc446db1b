"""What the Change page says of a scene."""

from __future__ import annotations

from datetime import date

from test_ui_flows import LEGEND, numbers
from web_case import SCENE_GRID

from segviz.case import Visit
from segviz.ui import transitions


def visit(name: str) -> Visit:
    return Visit("id", "case", date(int(name), 1, 1), name, SCENE_GRID, ("red",), "")


def test_loss_gain_and_net_of_a_class():
    shown = transitions.balance(numbers(), LEGEND[1])
    assert "−1.0 ha" in shown and shown.count("1.0 ha") == 2
    assert "No yearly rate: the years between the two dates are not known." in shown


def test_rates_are_never_without_their_name():
    row = {"a_year": -1.0, "compound_percent": -25.0, "puyravaud_percent": None, "why": "ln 0"}
    assert transitions.rate(row, "ha") == "−1.0 ha a year; −25.00 % a year (FAO compound q)."


def test_it_is_said_over_what_the_dates_were_compared():
    assert "400 pixels" in transitions.compared(numbers(), visit("2018"))
    assert "0.1%" in transitions.compared(numbers(), visit("2018"))


def test_when_it_was_lost_is_a_table_with_its_sum():
    html = transitions.by_date(numbers(3) | {"losses": {"lost": [1.0, 0.5]}}, LEGEND[1])
    assert "2018 to 2019" in html and "Together, each pixel once" in html and "1.5 ha" in html


def test_the_container_of_a_key_has_its_class():
    assert transitions.css_class("plot-flows.of a") == "st-key-plot-flows-of-a"
