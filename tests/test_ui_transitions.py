"""The table of what became what."""

from __future__ import annotations

import re
from datetime import date

import numpy as np
from web_case import SCENE_GRID

from segviz.case import Visit
from segviz.change.series import scene_change
from segviz.mask import Label, Legend, Mask
from segviz.ui import transitions

LEGEND = Legend((Label(1, "forest", "#009E73"), Label(2, "<other>", "#E69F00")))


def visit(name: str) -> Visit:
    return Visit("id", "case", date(int(name), 1, 1), name, SCENE_GRID, ("red",), "")


def numbers():
    """400 pixels of forest become 300 of forest and 100 of the other; 50 are seen once only."""
    before, after = np.zeros((2, *SCENE_GRID.shape), np.uint8)
    before[:20, :20] = 1
    after[:20, :15], after[:20, 15:20] = 1, 2
    after[100, :50] = 2
    return scene_change([Mask(SCENE_GRID, data, LEGEND) for data in (before, after)])


def test_rows_and_columns_add_up():
    table = transitions.matrix(numbers(), visit("2018"), visit("2020"))
    cells = re.findall(r"<td[^>]*>(.*?)</td>", table)
    forest = cells[:4]
    assert forest == ["forest", "3.00", "1.00", "4.00"]
    assert cells[-4:] == ["2020, ha", "3.00", "1.00", "4.00"]
    assert "&lt;other&gt;" in table and "<other>" not in table


def test_loss_gain_and_net_of_a_class():
    shown = transitions.balance(numbers(), LEGEND[1])
    assert "−1.0 ha" in shown and shown.count("1.0 ha") == 2


def test_it_is_said_over_what_the_dates_were_compared():
    assert "400 pixels" in transitions.compared(numbers(), visit("2018"))
    assert "0.1%" in transitions.compared(numbers(), visit("2018"))
