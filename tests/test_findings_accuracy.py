"""A sample's numbers: which estimator, which points, and that a spec gives the same on any day."""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import sqrt
from pathlib import Path

import numpy as np
import pytest
from sampled_case import FOREST, OTHER, drawn, halves, mapped, put
from workspace import store_at

from segviz import findings, workbench
from segviz.case import Record
from segviz.errors import Refused
from segviz.findings import accuracy, samples
from segviz.findings.blocks import Check, Plot, Table, Text
from segviz.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    yield store_at(tmp_path / "home")
    workbench.close_all()


def read_all(store: Store, sample: Record, wrong: int = 4, until: int | None = None) -> None:
    """All points as mapped, but the first ``wrong`` of forest, which were seen as other."""
    left = wrong
    for number, point in enumerate(sample.body["points"][:until]):
        label = point["stratum"]
        if label == FOREST and left:
            label, left = OTHER, left - 1
        samples.keep_reading(store, sample, number, label, author="Dr A")


def test_olofsson_while_the_map_stays(store: Store) -> None:
    """20 points each; 4 of those of forest are other: 300 ha become 0.8 x 300."""
    sample = drawn(store, mapped(store, halves()))
    read_all(store, sample)
    spec = accuracy.now(store, sample)
    numbers = findings.find(store, spec)
    assert numbers["method"] == accuracy.OLOFSSON and not numbers["edited"]
    assert numbers["counts"] == [[16, 4], [0, 20]]
    forest, other = (row["area_ha"] for row in sample.body["strata"])
    row = numbers["classes"][0]
    assert row["mapped"] == forest
    assert row["estimated"]["value"] == pytest.approx(0.8 * forest)
    se = forest * sqrt(0.8 * 0.2 / 19)
    assert row["estimated"]["se"] == pytest.approx(se)
    assert row["estimated"]["low"] == pytest.approx(0.8 * forest - 1.959964 * se)
    assert row["users"]["value"] == pytest.approx(0.8)
    assert row["producers"]["value"] == pytest.approx(1.0)
    assert numbers["overall"]["value"] == pytest.approx((0.8 * forest + other) / (forest + other))
    assert numbers["raw_overall"] == pytest.approx(0.9)
    assert numbers["points"] == {"drawn": 40, "read": 40, "left_out": {}, "missing": 0}
    assert json.loads(json.dumps(numbers, allow_nan=False)) == numbers


def test_stehman_once_the_map_was_edited(store: Store) -> None:
    """Ten columns of forest become other after the draw, three cells lose their class."""
    visit = mapped(store, halves())
    sample = drawn(store, visit)
    read_all(store, sample)
    labels = halves()
    labels[:, :10] = OTHER
    labels[0, 15:18] = 0
    labels[0, 29] = FOREST
    put(store, visit, labels)
    numbers = findings.find(store, accuracy.now(store, sample))
    assert numbers["method"] == accuracy.STEHMAN and numbers["edited"]
    no_class, forest, other = numbers["classes"]
    per_pixel = sample.body["strata"][0]["area_ha"] / 300
    assert forest["mapped"] == pytest.approx(100 * per_pixel, rel=1e-3)
    assert other["mapped"] == pytest.approx((200 + 277) * per_pixel, rel=1e-3)
    assert no_class["mapped"] == pytest.approx(3 * per_pixel, rel=1e-3)
    assert no_class["users"]["value"] is None
    assert forest["estimated"]["value"] == pytest.approx(
        0.8 * sample.body["strata"][0]["area_ha"], rel=1e-9
    )
    shares = np.array(numbers["shares"])
    assert shares.sum() == pytest.approx(1)
    at_points = [labels[p["row"], p["column"]] for p in sample.body["points"]]
    assert np.array(numbers["counts"]).sum(axis=1)[1] == at_points.count(FOREST)
    assert numbers["overall"]["value"] == pytest.approx(np.trace(shares))


def test_an_edit_that_was_undone_is_no_edit(store: Store) -> None:
    visit = mapped(store, halves())
    sample = drawn(store, visit)
    read_all(store, sample)
    put(store, visit, np.full((20, 30), FOREST, np.uint8))
    put(store, visit, halves())
    assert findings.find(store, accuracy.now(store, sample))["method"] == accuracy.OLOFSSON


def test_a_spec_gives_the_same_numbers_whatever_came_after(store: Store) -> None:
    visit = mapped(store, halves())
    sample = drawn(store, visit)
    read_all(store, sample)
    spec = accuracy.now(store, sample)
    before = findings.find(store, spec)
    for number in range(40):
        samples.keep_reading(store, sample, number, OTHER, author="Dr B")
    put(store, visit, np.full((20, 30), FOREST, np.uint8))
    assert findings.find(store, spec) == before
    assert findings.find(store, accuracy.now(store, sample)) != before


def test_points_that_cannot_be_told_are_left_out_and_reported(store: Store) -> None:
    sample = drawn(store, mapped(store, halves()))
    read_all(store, sample, wrong=0)
    for number, why in ((0, "no data"), (1, "no data"), (2, "cannot tell")):
        samples.keep_reading(store, sample, number, None, why=why, author="Dr A")
    numbers = findings.find(store, accuracy.now(store, sample))
    assert numbers["points"]["left_out"] == {"cannot tell": 1, "no data": 2}
    assert numbers["points"]["read"] == 37
    assert numbers["raw_overall"] == 1.0
    told = accuracy.tell({}, numbers)
    assert any(isinstance(b, Check) and "2 no data; left out" in b.why for b in told)


def test_a_sample_half_read_is_provisional(store: Store) -> None:
    sample = drawn(store, mapped(store, halves()))
    read_all(store, sample, until=20)
    numbers = findings.find(store, accuracy.now(store, sample))
    assert numbers["points"]["missing"] == 20
    first = accuracy.tell({}, numbers)[0]
    assert isinstance(first, Text) and first.text.startswith("Provisional: 20 of 40 points")


def test_before_the_first_reading_nothing_is_estimated(store: Store) -> None:
    sample = drawn(store, mapped(store, halves()))
    numbers = findings.find(store, accuracy.now(store, sample))
    assert [row["estimated"]["value"] for row in numbers["classes"]] == [None, None]
    assert numbers["shares"] is None and numbers["raw_overall"] is None
    assert "no point was read" in numbers["overall"]["why"]
    assert len(accuracy.tell({}, numbers)) > 5


def test_one_point_in_a_class_is_refused(store: Store) -> None:
    sample = drawn(store, mapped(store, halves()))
    samples.keep_reading(store, sample, 0, FOREST)
    with pytest.raises(Refused) as refused:
        findings.find(store, accuracy.now(store, sample))
    assert refused.value.code == "SV-NUM-070"


def test_readers_who_differ_are_named(store: Store) -> None:
    sample = drawn(store, mapped(store, halves()))
    read_all(store, sample, wrong=0)
    label = sample.body["points"][5]["stratum"]
    samples.keep_reading(store, sample, 5, 3 - label, author="Dr B")
    numbers = findings.find(store, accuracy.now(store, sample))
    assert numbers["disagreements"] == [
        {
            "point": 5,
            "readings": [
                {"author": "Dr B", "label": 3 - label},
                {"author": "Dr A", "label": label},
            ],
        }
    ]
    assert any(
        isinstance(b, Check) and b.name == "Readers agree" for b in accuracy.tell({}, numbers)
    )


def test_mapped_and_estimated_area_stand_side_by_side(store: Store) -> None:
    sample = drawn(store, mapped(store, halves()))
    read_all(store, sample)
    spec = accuracy.now(store, sample)
    told = findings.tell(spec, findings.find(store, spec))
    tables = {block.title: block for block in told if isinstance(block, Table)}
    assert tables["Area"].columns[:3] == ("Class", "Mapped, ha", "Estimated, ha")
    assert tables["Points"].rows[-1] == ("Sum", 16, 24, 40)
    assert [row[-1] for row in tables["Share of the area, %"].rows][-1] == pytest.approx(100)
    (plot,) = [block for block in told if isinstance(block, Plot)]
    assert [line.name for line in plot.lines] == ["mapped", "estimated, 95 % interval"]
