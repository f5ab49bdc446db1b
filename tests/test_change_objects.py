"""Fields and clearings through dates, small enough to follow with a finger."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from affine import Affine
from pyproj import CRS

from segviz.change.objects import followed
from segviz.errors import Refused
from segviz.grid import RasterGrid
from segviz.mask import Legend, Mask
from segviz.measure.instances import objects

GRID = RasterGrid((10, 30), Affine(100, 0, 500_000, 0, -100, 9_000_000), CRS.from_epsg(32718))


def at(*boxes: tuple[int, int, int, int]):
    """Objects of a mask with these rectangles of rows and columns; cells of a hectare."""
    data = np.zeros(GRID.shape, np.uint8)
    for top, bottom, left, right in boxes:
        data[top:bottom, left:right] = 1
    return objects(Mask(GRID, data, Legend.named("clearing")), 1)


STAYS = (1, 3, 1, 5)


def test_one_stays_one_is_new_one_is_gone() -> None:
    told = followed([at(STAYS, (6, 8, 1, 4)), at((1, 3, 1, 6), (6, 8, 20, 25))])
    assert told["unit"] == "ha"
    assert [date["count"] for date in told["dates"]] == [2, 2]
    (step,) = told["steps"]
    assert {state: row["count"] for state, row in step.items()} == {
        "new": 1, "persistent": 1, "split": 0, "merged": 0, "vanished": 1,
    }  # fmt: skip
    assert step["new"]["size"] == pytest.approx(10, rel=1e-3)
    assert step["persistent"]["size"] == pytest.approx(10, rel=1e-3)
    assert step["vanished"]["size"] == pytest.approx(6, rel=1e-3), "as large as it was"
    rows = {row["name"]: row for row in told["objects"]}
    assert rows["1"]["states"] == ["first", "persistent"]
    assert rows["2"]["states"] == ["first", "vanished"]
    assert rows["2"]["sizes"][1] is None
    assert rows["3"]["states"] == [None, "new"]
    assert rows["3"]["at"] == [6, 22]


def test_a_field_splits_and_two_clearings_merge() -> None:
    whole, halves = at((1, 4, 1, 12)), at((1, 4, 1, 7), (1, 4, 8, 12))
    (split,) = followed([whole, halves])["steps"]
    assert split["split"]["count"] == 2
    (merged,) = followed([halves, whole])["steps"]
    assert merged["merged"]["count"] == 2, "the one that grew and the one that went into it"
    told = followed([halves, whole])
    assert {row["name"]: row["states"] for row in told["objects"]} == {
        "1": ["first", "merged"], "2": ["first", "merged"],
    }  # fmt: skip


def test_sizes_balance_from_date_to_date() -> None:
    """What is there is what stayed, split, merged or is new."""
    random = np.random.default_rng(0)
    dates = []
    for _ in range(4):
        data = (random.random(GRID.shape) < 0.3).astype(np.uint8)
        dates.append(objects(Mask(GRID, data, Legend.named("clearing")), 1))
    told = followed(dates)
    for n, step in enumerate(told["steps"], 1):
        there = sum(row["sizes"][n] or 0 for row in told["objects"])
        assert there == pytest.approx(told["dates"][n]["total"])
        assert (
            sum(row["count"] for state, row in step.items() if state != "vanished")
            >= told["dates"][n]["count"]
        )


@pytest.mark.parametrize(("share", "state"), [(0.1, "vanished"), (0.0, "persistent")])
def test_a_sliver_is_no_link(share: float, state: str) -> None:
    """Two fields side by side, drawn a cell too far: 2 of 30 cells overlap."""
    before, after = at((1, 3, 1, 16)), at((1, 3, 15, 30))
    told = followed([before, after], share)
    assert told["objects"][0]["states"][1] == state


def test_other_grids_are_refused() -> None:
    one = at(STAYS)
    moved = RasterGrid(GRID.shape, GRID.transform @ Affine.translation(1, 0), GRID.crs)
    with pytest.raises(Refused) as refused:
        followed([one, replace(one, grid=moved)])
    assert refused.value.code == "SV-NUM-115"
