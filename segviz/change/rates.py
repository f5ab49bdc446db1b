"""Yearly rates of change of an area.

The two that are in use differ in the second digit, so that a rate is never given without its name.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import Any

FORMULAS: Mapping[str, str] = {
    "compound_percent": "FAO compound rate q = (A2 / A1)^(1 / years) − 1",
    "puyravaud_percent": "Puyravaud (2003) rate r = ln(A2 / A1) / years",
}
"""What each rate is, by its key."""


def compound(before: float, after: float, years: float) -> float:
    """FAO (1995) compound rate q a year, as a share: (A2 / A1)^(1 / years) - 1.

    >>> f"{100 * compound(100, 95, 5):.5f} %"
    '-1.02062 %'
    """
    return float((after / before) ** (1 / years)) - 1


def puyravaud(before: float, after: float, years: float) -> float:
    """Puyravaud (2003) rate r a year, as a share: ln(A2 / A1) / years.

    >>> f"{100 * puyravaud(100, 95, 5):.5f} %"
    '-1.02587 %'
    """
    return math.log(after / before) / years


def yearly(before: float, after: float, years: float | None) -> dict[str, Any]:
    """Both rates in percent a year and the mean change a year, null with a ``why`` where undefined.

    Args:
        before, after: of one area in the same unit.
        years: between the two dates; None where a date is not known.
    """
    if not years or years < 0:
        why = "the years between the two dates are not known"
        return {**dict.fromkeys(("years", "a_year", *FORMULAS)), "why": why}
    row: dict[str, Any] = {"years": years, "a_year": (after - before) / years}
    if not before:
        return {**row, **dict.fromkeys(FORMULAS), "why": "there was none at the first date"}
    row["compound_percent"] = 100 * compound(before, after, years)
    if not after:
        return {**row, "puyravaud_percent": None, "why": "there is none at the second date (ln 0)"}
    return {**row, "puyravaud_percent": 100 * puyravaud(before, after, years), "why": None}


def years_between(first: date | str | None, second: date | str | None) -> float | None:
    """Calendar years and the part of the last one; None where either is no date.

    A year alone stands for its middle.

    >>> years_between("2015-07-15", "2020-07-15"), years_between("1985", "1991")
    (5.0, 6.0)
    """
    start, stop = day(first), day(second)
    if start is None or stop is None:
        return None
    whole = stop.year - start.year - (_place(stop) < _place(start))
    last, following = _turned(start, whole), _turned(start, whole + 1)
    return whole + (stop - last).days / (following - last).days


def day(when: date | str | None) -> date | None:
    """The day of an ISO date or, of a year alone, its middle; None of anything else."""
    if when is None or isinstance(when, date):
        return when
    text = when.strip()
    try:
        return date.fromisoformat(f"{text}-07-02" if text.isdigit() and len(text) == 4 else text)
    except ValueError:
        return None


def _place(when: date) -> tuple[int, int]:
    """In the year; 29 February counts as the 28th, which every year has."""
    return when.month, min(when.day, 28) if when.month == 2 else when.day


def _turned(when: date, years: int) -> date:
    return date(when.year + years, *_place(when))
