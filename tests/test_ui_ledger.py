"""The ledger's page: what a click means, and the page of the demonstration without a browser."""

from __future__ import annotations

import pytest

from segviz.ui import charts, ledger, plots


def entry(state: str, volume_ml: float, voxel: list[int] | None) -> dict[str, object]:
    there = voxel is not None
    return {
        "state": state,
        "of": [],
        "pieces": [1] if there else [],
        "volume_ml": volume_ml,
        "outline_ml": 0.1 if there else 0.0,
        "voxel": voxel,
    }


NUMBERS = {
    "visits": [
        {"visit": "one", "date": "2021-01-01", "name": "1"},
        {"visit": "two", "date": "2021-03-01", "name": "2"},
    ],
    "lesions": [
        {
            "title": "L1",
            "nadir": 1,
            "visits": [entry("first", 2.0, [3, 4, 5]), entry("persistent", 1.0, [3, 4, 6])],
        },
        {"title": "L2", "nadir": 0, "visits": [entry("first", 0.05, [9, 9, 9]), None]},
        {
            "title": "L3",
            "nadir": 0,
            "visits": [entry("first", 1.0, [1, 1, 1]), entry("vanished", 0.0, None)],
        },
    ],
}


def test_a_click_is_a_visit_and_a_voxel():
    def place(curve: int, point: int) -> tuple[str, str] | None:
        return ledger.place_of([{"curve_number": curve, "point_index": point}], NUMBERS)

    assert place(0, 1) == ("two", "3,4,6")
    assert place(1, 1) is None and place(2, 1) is None
    assert ledger.place_of([], NUMBERS) is None


def test_the_plot_has_bars_and_a_ring_at_the_nadir():
    one, two, three = charts.lesions_over_time(NUMBERS).data
    assert list(one.y) == [2.0, 1.0] and list(one.error_y.array) == pytest.approx([0.1] * 2)
    assert list(one.marker.symbol) == ["circle", "circle-open-dot"]
    assert list(two.y) == [0.05, None] and list(three.y) == [1.0, 0.0]
    assert list(two.error_y.arrayminus) == [0.05, None], "a volume is never below 0"


def test_points_as_csv():
    rows = plots.points_csv(charts.lesions_over_time(NUMBERS)).splitlines()
    print(rows)
    assert rows[0].split(",")[0] == "series" and rows[0].endswith("low,high")
    assert rows[1].startswith("L1,2021-01-01,2.0,1.9,2.1")
