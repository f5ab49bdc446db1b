"""A report as it is printed: title, facts, sections of blocks, versions. HTML and PDF show this."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from segviz.findings.blocks import Block

NOTICE = "Research use, not for diagnosis"
MARKS = {"passed": "✓", "warned": "!", "failed": "✗"}
"""Outcomes of checks as signs, which stand beside the words."""


@dataclass(frozen=True)
class Section:
    """Blocks under a heading."""

    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Document:
    """One report.

    Attributes:
        title: the case's name where it was asked for, else its id.
        facts: (what, value) pairs for the line under the title.
        notice: of the case, e.g. ``"Simulated lesion"``; empty of most.
        made: when, in UTC.
        versions: of segviz and of the packages that the numbers depend on.
    """

    title: str
    facts: Sequence[tuple[str, str]]
    notice: str
    sections: Sequence[Section]
    made: datetime
    versions: Sequence[tuple[str, str]]

    @property
    def foot(self) -> str:
        """Stands on every page."""
        segviz = dict(self.versions)["segviz"]
        return f"{NOTICE} · segviz {segviz} · {self.made:%Y-%m-%d %H:%M} UTC"

    @property
    def versions_line(self) -> str:
        return "Versions: " + ", ".join(" ".join(pair) for pair in self.versions) + "."


def shown(cell: Any) -> str:
    """A cell of a table as people read it; None is a number that is not defined.

    >>> shown(1234567), shown(48952.312), shown(17.504), shown(0.85080), shown(0.0004213)
    ('1,234,567', '48,952.3', '17.50', '0.851', '0.000421')
    >>> shown(None), shown(0.0), shown(-2.5), shown(True), shown("−")
    ('–', '0', '−2.50', 'yes', '−')
    """
    match cell:
        case None:
            return "–"
        case bool():
            return "yes" if cell else "no"
        case int():
            return f"{cell:,}".replace("-", "−")
        case float():
            return _decimal(cell).replace("-", "−")
    return str(cell)


def _decimal(value: float) -> str:
    size = abs(value)
    if size == 0:
        return "0"
    if size >= 100:
        return f"{value:,.1f}"
    return f"{value:.2f}" if size >= 1 else f"{value:.3f}" if size >= 0.1 else f"{value:.3g}"


def is_number(cell: Any) -> bool:
    return isinstance(cell, int | float) and not isinstance(cell, bool)


def numeric_columns(rows: Sequence[Sequence[Any]]) -> list[bool]:
    """Which columns hold numbers, and nothing else but None."""
    return [
        any(map(is_number, column)) and all(c is None or is_number(c) for c in column)
        for column in zip(*rows, strict=True)
    ]
