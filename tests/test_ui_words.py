"""Numbers and dates as the pages show them."""

from __future__ import annotations

import doctest
from datetime import UTC, date, datetime, timedelta

import pytest
from web_case import SCENE_GRID

from segviz.case import Visit
from segviz.ui import transitions, words

NOW = datetime(2024, 5, 10, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("module", [words, transitions])
def test_the_examples_in_the_docstrings_hold(module):
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=59), "59 min ago"),
        (timedelta(hours=5), "5 h ago"),
        (timedelta(days=1, hours=1), "yesterday"),
        (timedelta(days=3), "3 days ago"),
        (timedelta(days=40), "31 Mar 2024"),
    ],
)
def test_how_long_ago(before: timedelta, said: str):
    assert words.ago(NOW - before, NOW) == said


@pytest.mark.parametrize(
    ("name", "when", "reference", "title"),
    [
        ("Visit 1", None, False, "Visit 1"),
        ("Baseline", date(2021, 5, 2), False, "Baseline · 2021-05-02"),
        ("2021-05-02", date(2021, 5, 2), False, "2021-05-02"),
        ("1985", date(1985, 1, 1), False, "1985"),
        ("Tree cover", date(2018, 1, 1), True, "Tree cover · 2018-01-01 · reference"),
    ],
)
def test_a_visits_title_says_its_date_once(name, when, reference, title):
    visit = Visit("id", "case", when, name, SCENE_GRID, ("red",), "", reference=reference)
    assert words.visit_title(visit) == title
