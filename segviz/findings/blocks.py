"""What a finding says to people, apart from how it is shown: on a page, on paper, in a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Text:
    """A paragraph: plain, a definition or source (note), something to heed (warning), a heading."""

    text: str
    tone: Literal["plain", "note", "warning", "heading"] = "plain"


@dataclass(frozen=True)
class Table:
    """Rows under headings that name their unit; a cell is text, a number or None (not defined)."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    note: str = ""


@dataclass(frozen=True)
class Line:
    """Points (x, y) of a plot with, where known, the ends of their intervals.

    Attributes:
        x: ISO dates, names or numbers.
        y: None where there is no number.
        low, high: as long as ``y``, or empty.
    """

    name: str
    color: str
    x: Sequence[Any]
    y: Sequence[float | None]
    low: Sequence[float | None] = ()
    high: Sequence[float | None] = ()


@dataclass(frozen=True)
class Plot:
    """Lines or bars over an axis; titles name the unit."""

    title: str
    x_title: str
    y_title: str
    lines: Sequence[Line]
    form: Literal["lines", "bars"] = "lines"


@dataclass(frozen=True, eq=False)
class Picture:
    """A PNG and what it shows."""

    title: str
    png: bytes


@dataclass(frozen=True)
class Check:
    """What was looked at before a number was believed."""

    name: str
    outcome: Literal["passed", "warned", "failed"]
    why: str


Block = Text | Table | Plot | Picture | Check
