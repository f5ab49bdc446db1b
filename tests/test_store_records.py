"""Decisions about a case: the last of each name counts, none is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from workspace import store_at

from segviz.errors import NotFound
from segviz.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return store_at(tmp_path / "home")


def test_the_last_of_each_name_counts(store: Store) -> None:
    case = store.add_case("Place", "scene").id
    first = store.add_record(case, "area", "park", {"name": "Park"}, "Dr A")
    store.add_record(case, "area", "farm", {"name": "Farm"})
    store.add_record(case, "area", "park", {"name": "National park"}, "Dr B")
    store.add_record(case, "sample", "park", [1, 2])
    found = store.records(case, "area")
    assert [(r.name, r.body["name"], r.author) for r in found] == [
        ("park", "National park", "Dr B"),
        ("farm", "Farm", ""),
    ]
    assert store.record(case, first.seq) == first
    store.add_record(case, "area", "farm", None)
    assert [r.name for r in store.records(case, "area")] == ["park"]


def test_records_as_they_stood_before(store: Store) -> None:
    case = store.add_case("Place", "scene").id
    first = store.add_record(case, "reading", "1", "forest").seq
    store.add_record(case, "reading", "1", "loss")
    store.add_record(case, "reading", "2", "forest")
    assert [r.body for r in store.records(case, "reading", first)] == ["forest"]
    assert [r.body for r in store.records(case, "reading", first + 1)] == ["loss"]
    assert [r.body for r in store.records(case, "reading")] == ["loss", "forest"]


def test_a_record_belongs_to_its_case(store: Store) -> None:
    one, two = (store.add_case(name, "scene").id for name in "ab")
    seq = store.add_record(one, "area", "park", 1).seq
    assert store.records(two, "area") == []
    with pytest.raises(NotFound, match="no such record"):
        store.record(two, seq)


def test_a_decision_begun_earlier_gives_way_to_a_newer_one(store: Store) -> None:
    case = store.add_case("Patient", "volume").id
    assert store.last_seq(case, "registration", "visit") == 0
    begun = store.last_seq(case, "registration", "visit")
    by_hand = store.add_record(case, "registration", "visit", {"by": "hand"})
    late = store.add_record(case, "registration", "visit", {"by": "automatic"}, after=begun)
    assert late == by_hand == store.records(case, "registration")[0]
    taken_back = store.add_record(case, "registration", "visit", None)
    assert store.last_seq(case, "registration", "visit") == taken_back.seq
    assert store.add_record(case, "registration", "visit", 1, after=by_hand.seq) == taken_back
    newest = store.add_record(case, "registration", "visit", 2, after=taken_back.seq)
    assert store.records(case, "registration") == [newest]
