"""Samples as records: what is drawn, what is read, and by whom."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from pyproj import CRS
from sampled_case import FOREST, OTHER, drawn, halves, layer, mapped, put
from workspace import scene_grid, store_at

from segviz import workbench
from segviz.errors import Refused
from segviz.findings import samples
from segviz.grid import RasterGrid
from segviz.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    yield store_at(tmp_path / "home")
    workbench.close_all()


def test_a_sample_says_what_it_was_drawn_from(store: Store) -> None:
    visit = mapped(store, halves())
    body = drawn(store, visit).body
    assert body["map"] == layer(store, visit)
    assert body["seed"] == 7
    rows = body["strata"]
    assert [(r["value"], r["name"], r["pixels"], r["points"]) for r in rows] == [
        (FOREST, "forest", 300, 20),
        (OTHER, "other", 280, 20),
    ]
    assert rows[0]["area_ha"] == pytest.approx(300, rel=2e-3)
    for point in body["points"]:
        assert halves()[point["row"], point["column"]] == point["stratum"]
        place = samples.position(scene_grid(), point["longitude"], point["latitude"])
        assert place == (point["row"], point["column"])


def test_the_same_seed_draws_the_same_points(store: Store) -> None:
    visit = mapped(store, halves())
    one, two = drawn(store, visit), drawn(store, visit)
    assert one.body["points"] == two.body["points"]
    assert one.name != two.name
    assert [sample.seq for sample in store.records(visit.case_id, "sample")] == [one.seq, two.seq]


def test_the_order_of_points_does_not_tell_their_class(store: Store) -> None:
    order = [p["stratum"] for p in drawn(store, mapped(store, halves())).body["points"]]
    changes = np.count_nonzero(np.diff(order))
    assert changes > 8


def test_a_scene_without_a_crs_has_pixels(store: Store) -> None:
    visit = mapped(store, halves(), scene_grid(crs=None))
    body = drawn(store, visit).body
    assert [row["area_ha"] for row in body["strata"]] == [None, None]
    assert "longitude" not in body["points"][0]


def test_an_empty_map_has_no_sample(store: Store) -> None:
    with pytest.raises(Refused, match="no class yet") as refused:
        drawn(store, mapped(store, np.zeros((20, 30), np.uint8)))
    assert refused.value.code == "SV-NUM-074"


def test_each_class_needs_points(store: Store) -> None:
    visit = mapped(store, halves())
    with pytest.raises(Refused, match="'other' would have 0 points") as refused:
        samples.draw(store, visit.case_id, layer(store, visit), {FOREST: 9}, 1, {})
    assert refused.value.code == "SV-NUM-072"
    assert store.records(visit.case_id, "sample") == []


def test_points_of_change_between_two_dates(store: Store) -> None:
    """Of 15 columns of forest 5 are lost; 3 are gained; a column without a class is in none."""
    after = halves()
    after[:, :5] = OTHER
    after[:, 20:23] = FOREST
    first, second = mapped(store, halves()), mapped(store, after)
    of = {"before": layer(store, first), "after": layer(store, second), "label": FOREST}
    classes = samples.class_map(store, of)
    assert classes.title == "forest, Visit 1 to Visit 1"
    found = {row["name"]: row["pixels"] for row in samples.strata(classes)}
    assert found == {
        "forest stayed": 200,
        "forest lost": 100,
        "forest gained": 60,
        "never forest": 220,
    }
    body = samples.draw(store, first.case_id, of, dict.fromkeys((1, 2, 3, 4), 5), 1, {}).body
    lost = [p["column"] for p in body["points"] if p["stratum"] == 2]
    assert len(lost) == 5 and max(lost) < 5


def test_a_change_between_two_grids_is_refused(store: Store) -> None:
    moved = RasterGrid((20, 30), Affine(100, 0, 500_040, 0, -100, 9_000_000), CRS(32718))
    first, second = mapped(store, halves()), mapped(store, halves(), moved)
    of = {"before": layer(store, first), "after": layer(store, second), "label": FOREST}
    with pytest.raises(Refused, match="different grids") as refused:
        samples.class_map(store, of)
    assert refused.value.code == "SV-NUM-075"


def test_the_newest_reading_counts_and_each_reader_keeps_one(store: Store) -> None:
    sample, other = (drawn(store, mapped(store, halves())) for _ in range(2))
    samples.keep_reading(store, sample, 0, FOREST, author="Dr A")
    samples.keep_reading(store, sample, 0, OTHER, author="Dr B")
    bound = samples.keep_reading(store, sample, 3, None, why="no data", author="Dr A").seq
    samples.keep_reading(store, sample, 0, OTHER, "low", author="Dr A")
    samples.keep_reading(store, other, 1, FOREST, author="Dr A")
    now = samples.readings(store, sample)
    assert list(now) == [0, 3]
    assert [(r.author, r.body["label"], r.body["confidence"]) for r in now[0]] == [
        ("Dr A", OTHER, "low"),
        ("Dr B", OTHER, "high"),
    ]
    before = samples.readings(store, sample, bound)
    assert [(r.author, r.body["label"]) for r in before[0]] == [("Dr B", OTHER), ("Dr A", FOREST)]


def test_an_undone_edit_leaves_the_map_the_same(store: Store) -> None:
    visit = mapped(store, halves())
    first = samples.class_map(store, layer(store, visit))
    put(store, visit, np.where(halves() == 0, np.uint8(1), halves()))
    edited = samples.class_map(store, layer(store, visit))
    put(store, visit, halves())
    again = samples.class_map(store, layer(store, visit))
    assert not samples.same(first, edited)
    assert samples.same(first, again)


@pytest.mark.parametrize(
    ("place", "cell"),
    [
        ((-75.0, -9.0), None),
        ((500_050.0, 8_999_950.0), (0, 0)),
        ((502_950.0, 8_998_050.0), (19, 29)),
    ],
)
def test_a_place_on_a_grid(place: tuple[float, float], cell: tuple[int, int] | None) -> None:
    grid = scene_grid()
    longitude, latitude = (
        place if place[0] < 180 else samples._to_degrees(grid.crs).transform(*place)
    )
    assert samples.position(grid, longitude, latitude) == cell
    assert samples.position(scene_grid(crs=None), longitude, latitude) is None
