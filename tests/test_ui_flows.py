from __future__ import annotations

import numpy as np
import pytest
from web_case import SCENE_GRID

from segviz.change.series import scene_change
from segviz.mask import Label, Legend, Mask
from segviz.ui import checks, flows, plots

LEGEND = Legend((Label(1, "forest", "#009E73"), Label(2, "<other>", "#E69F00")))


def numbers(dates: int = 2):
    """400 pixels of forest become 300 of forest and 100 of the other; 50 are seen once only."""
    before, after = np.zeros((2, *SCENE_GRID.shape), np.uint8)
    before[:20, :20] = 1
    after[:20, :15], after[:20, 15:20] = 1, 2
    after[100, :50] = 2
    masks = [Mask(SCENE_GRID, data, LEGEND) for data in (before, after, after)][:dates]
    visits = [{"id": f"v{n}", "name": f"{2018 + n}-07-01"} for n in range(dates)]
    return scene_change(masks) | {"visits": visits}


def texts(row):
    return [cell["text"] for cell in row["cells"]]


def test_rows_and_columns_add_up_on_the_page():
    shown = flows.matrix(numbers(), 0, None)
    assert shown["head"] == ["forest", "<other>", "Sum", "First only"]
    forest, other, sums, second = shown["rows"]
    assert texts(forest) == ["3.00", "1.00", "4.00", "–"]
    assert texts(other) == ["–", "–", "–", "–"]
    assert texts(sums) == ["3.00", "1.00", "4.00", ""]
    assert texts(second) == ["–", "0.50", "", ""]


def test_a_cell_is_a_flow_and_what_stays_is_not_coloured():
    stays, went = flows.matrix(numbers(), 0, None)["rows"][0]["cells"][:2]
    assert stays["kind"] == "stays" and "share" not in stays
    assert went["share"] == 50
    assert went["flow"] == {"a": "v0", "b": "v1", "from": 1, "to": 2}
    assert "flow" not in flows.matrix(numbers(), 0, None)["rows"][1]["cells"][0]


def test_the_diagram_has_the_flows_in_their_order():
    found = numbers(3)
    (trace,) = flows.sankey(found, LEGEND).data
    listed = flows.flows_of(found)
    assert list(trace.link.value) == pytest.approx([value for _, value in listed])
    for n, (flow, _) in enumerate(listed):
        name = {1: "forest", 2: "‹other›"}
        year = {"v0": "2018", "v1": "2019", "v2": "2020"}
        assert trace.node.label[trace.link.source[n]] == f"{name[flow['from']]} · {year[flow['a']]}"
        assert trace.node.label[trace.link.target[n]] == f"{name[flow['to']]} · {year[flow['b']]}"
    assert all(0 < x < 1 and 0 < y < 1 for x, y in zip(trace.node.x, trace.node.y, strict=True))
    assert "forest · 2018,‹other› · 2019" in plots.points_csv(flows.sankey(found, LEGEND))


def test_the_map_begins_with_the_largest_flow_out_of_the_class():
    assert flows.largest(numbers(), 1) == {"a": "v0", "b": "v1", "from": 1, "to": 2}
    assert flows.largest(numbers(), 2) == {"a": "v0", "b": "v1", "from": 1, "to": 2}
    still = numbers(3) | {"visits": [{"id": "v1", "name": "2019"}, {"id": "v2", "name": "2020"}]}
    still["transitions"] = still["transitions"][1:]
    assert flows.largest(still, 1) is None


@pytest.mark.parametrize("classes", [2, 9])
def test_bars_of_a_date_lie_in_the_order_of_the_classes(classes):
    random = np.random.default_rng(classes)
    legend = Legend.named(*(f"class {n}" for n in range(1, classes + 1)))
    masks = [
        Mask(SCENE_GRID, random.integers(1, classes + 1, SCENE_GRID.shape).astype(np.uint8), legend)
        for _ in range(3)
    ]
    found = scene_change(masks) | {"visits": [{"id": i, "name": i} for i in "abc"]}
    (trace,) = flows.sankey(found, legend).data
    assert len(trace.node.label) == 3 * classes
    first = [y for y, x in zip(trace.node.y, trace.node.x, strict=True) if x < 0.1]
    assert first == sorted(first) and len(first) == classes


CHECKS = [
    [{"name": "Grid", "outcome": "passed", "why": "Same grid."},
     {"name": "Shift", "outcome": "warned", "why": "0.3 <pixels>."}],
    [{"name": "Grid", "outcome": "passed", "why": "Same grid."},
     {"name": "Shift", "outcome": "failed", "why": "1.3 pixels."}],
]  # fmt: skip


def test_the_worst_outcome_of_a_check_is_in_the_row():
    html = checks.row(CHECKS, ["2018 to 2019", "2019 to 2020"])
    assert 'passed">✓ Grid' in html and 'failed">✗ Shift' in html
    assert html.count("Same grid.") == 1
    assert "2018 to 2019: 0.3 &lt;pixels&gt;." in html and "2019 to 2020: 1.3 pixels." in html
    assert checks.failed(CHECKS) == ["Shift"]
