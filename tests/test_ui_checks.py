"""Checks as a row of marks that opens to sentences."""

from __future__ import annotations

from segviz.ui import checks


def check(name: str, outcome: str, why: str = "<so>") -> dict[str, str]:
    return {"name": name, "outcome": outcome, "why": why}


INTERVALS = [
    [check("Grid", "passed"), check("Shift", "passed")],
    [check("Grid", "failed", "other"), check("Shift", "passed")],
    [check("Grid", "warned")],
]


def test_the_worst_of_several_intervals_counts() -> None:
    told = checks.row(INTERVALS, ["a", "b", "c"])
    assert '<span class="sv-mark failed">✗ Grid</span>' in told
    assert '<span class="sv-mark passed">✓ Shift</span>' in told
    assert checks.failed(INTERVALS) == ["Grid"]


def test_what_all_intervals_say_is_said_once() -> None:
    told = checks.row(INTERVALS, ["a", "b", "c"])
    assert told.count("<dd>") == 4
    assert "b: other" in told and "&lt;so&gt;" in told and "<so>" not in told
