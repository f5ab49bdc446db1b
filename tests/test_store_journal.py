from pathlib import Path

import pytest
from workspace import add_visit, store_at, volume_grid

from segviz.errors import Conflict
from segviz.mask import Legend
from segviz.store.journal import Entry, Journal


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return store_at(tmp_path / "home").journal


@pytest.fixture
def visit(tmp_path: Path, journal: Journal) -> str:
    return add_visit(store_at(tmp_path / "home"), volume_grid()).id


def entry(visit: str, revision: int, kind: str = "edit", generation: int = 0) -> Entry:
    return Entry(visit, revision, f"uuid-{revision}", kind, generation, "Brush", "reader")  # type: ignore[arg-type]


def test_entries_come_back_in_order(journal: Journal, visit: str) -> None:
    legend = Legend.named("a", "b")
    first = journal.append(entry(visit, 1), b"delta")
    second = journal.append(
        Entry(visit, 2, "u", "replace", 1, "Run", "m", legend=legend, source="m 1")
    )
    assert journal.entries(visit) == [first, second]
    assert journal.entries(visit, after=1) == [second]
    assert second.legend == legend and first.legend is None
    assert first.seq < second.seq
    assert (journal.delta(first.seq), journal.delta(second.seq)) == (b"delta", None)


def test_an_entry_is_found_by_its_uuid(journal: Journal, visit: str) -> None:
    first = journal.append(entry(visit, 1))
    assert journal.find(visit, "uuid-1") == first
    assert journal.find(visit, "uuid-2") is None


@pytest.mark.parametrize("second", [(1, "other"), (2, "uuid-1")])
def test_a_revision_and_a_uuid_are_there_once(
    journal: Journal, visit: str, second: tuple[int, str]
) -> None:
    journal.append(entry(visit, 1))
    with pytest.raises(Conflict):
        journal.append(Entry(visit, *second, "edit", 0, "Brush", "reader"))
    assert len(journal.entries(visit)) == 1


def test_deltas_are_those_of_a_generation_after_a_revision(journal: Journal, visit: str) -> None:
    for revision, generation in ((1, 0), (2, 0), (4, 1), (5, 0)):
        journal.append(entry(visit, revision, generation=generation), b"%d" % revision)
    journal.append(entry(visit, 6))
    assert list(journal.deltas(visit, 0, after=1)) == [b"2", b"5"]
    assert list(journal.deltas(visit, 1, after=0)) == [b"4"]
    assert journal.last_generation(visit) == 1


def test_checkpoints_are_kept_for_each_generation(journal: Journal, visit: str) -> None:
    assert journal.checkpoint(visit, 0) == 0
    journal.set_checkpoint(visit, 0, 5)
    journal.set_checkpoint(visit, 0, 9)
    journal.append(entry(visit, 10, "replace", 1))
    assert (journal.checkpoint(visit, 0), journal.checkpoint(visit, 1)) == (9, 10)
