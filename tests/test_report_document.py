"""What a page says of cells and of itself."""

from __future__ import annotations

from datetime import UTC, datetime

from segviz.report.document import NOTICE, Document, numeric_columns

MADE = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


def test_a_column_is_numeric_where_nothing_else_is_in_it() -> None:
    rows = [["a", 1, None, None, True], ["b", 2.5, None, 3, False]]
    assert numeric_columns(rows) == [False, True, False, True, False]


def test_the_foot_says_what_it_is_for_and_when_it_was_made() -> None:
    document = Document("T", [], "", [], MADE, [("segviz", "1.2"), ("numpy", "2.0")])
    assert document.foot == f"{NOTICE} · segviz 1.2 · 2026-01-02 03:04 UTC"
    assert document.versions_line == "Versions: segviz 1.2, numpy 2.0."
