"""What was looked at before a number: a row of marks that opens to sentences."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

MARKS = {"passed": "✓", "warned": "!", "failed": "✗"}
ORDER = tuple(MARKS)

Row = dict[str, Any]


def row(intervals: Sequence[Sequence[Row]], names: Sequence[str]) -> str:
    """HTML of the checks of all intervals, the worst of each name in the row.

    Args:
        intervals: rows of name, outcome and why, as ``findings.land_change`` gives them.
        names: of the intervals.
    """
    found: dict[str, list[tuple[str, Row]]] = {}
    for name, checks in zip(names, intervals, strict=True):
        for check in checks:
            found.setdefault(check["name"], []).append((name, check))
    marks = "".join(
        f'<span class="sv-mark {(outcome := worst(rows))}">{MARKS[outcome]} {escape(name)}</span>'
        for name, rows in found.items()
    )
    sentences = "".join(sentence(name, rows) for name, rows in found.items())
    return f'<details class="sv-checks"><summary>{marks}</summary><dl>{sentences}</dl></details>'


def failed(intervals: Sequence[Sequence[Row]]) -> list[str]:
    """Names of the checks that failed in any interval."""
    names = (c["name"] for rows in intervals for c in rows if c["outcome"] == "failed")
    return list(dict.fromkeys(names))


def worst(rows: list[tuple[str, Row]]) -> str:
    outcomes: list[str] = [check["outcome"] for _, check in rows]
    return max(outcomes, key=ORDER.index)


def sentence(name: str, rows: list[tuple[str, Row]]) -> str:
    """Why; said once where all intervals say the same, else by interval."""
    by_why: dict[tuple[str, str], list[str]] = {}
    for interval, check in rows:
        by_why.setdefault((check["outcome"], check["why"]), []).append(interval)
    several = len(by_why) > 1
    told = "".join(
        f'<dd><b class="{outcome}">{MARKS[outcome]}</b> '
        f"{escape(', '.join(spans)) + ': ' if several else ''}{escape(why)}</dd>"
        for (outcome, why), spans in by_why.items()
    )
    return f"<dt>{escape(name)}</dt>{told}"
