"""Numbers, dates and states as people read them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape
from typing import Any

from segviz.case import Case, Status, Visit

WORLDS: dict[str, str | None] = {"all": None, "medical": "volume", "land": "scene"}
"""What lists are filtered by."""

STATUS_ICONS: dict[Status, str] = {"new": "○", "in progress": "◐", "reviewed": "●"}


def ago(when: datetime, now: datetime | None = None) -> str:
    """How long ago something was, as a reader would say it.

    >>> ago(datetime(2024, 5, 1, 12, 0, tzinfo=UTC), datetime(2024, 5, 1, 12, 40, tzinfo=UTC))
    '40 min ago'
    """
    minutes = int(((now or datetime.now(UTC)) - when).total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes} min ago"
    if minutes < 24 * 60:
        return f"{minutes // 60} h ago"
    if minutes < 7 * 24 * 60:
        days = minutes // (24 * 60)
        return "yesterday" if days == 1 else f"{days} days ago"
    return when.strftime("%-d %b %Y")


def duration(seconds: float) -> str:
    """A time left, rounded so that it does not flicker.

    >>> duration(8), duration(47), duration(200)
    ('under 10 s', 'about 50 s', 'about 4 min')
    """
    if seconds < 10:
        return "under 10 s"
    if seconds < 90:
        return f"about {round(seconds / 10) * 10} s"
    return f"about {-(-int(seconds) // 60)} min"


def plural(count: int, one: str, many: str = "") -> str:
    """
    >>> plural(1, "visit"), plural(3, "visit")
    ('1 visit', '3 visits')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def quantity(value: float | None, unit: str) -> str:
    """An amount with its unit, with the digits that a stroke of the brush moves.

    >>> quantity(48.618, "ml"), quantity(0.0421, "ml"), quantity(48952.4, "ha")
    ('48.62 ml', '0.042 ml', '48,952.4 ha')
    """
    if value is None:
        return "–"
    if unit == "pixels":
        return f"{value:,.0f} pixels"
    digits = 3 if 0 < abs(value) < 0.1 else 2 if unit == "ml" or abs(value) < 1 else 1
    return f"{value:,.{digits}f} {unit}"


def percent_change(before: float | None, after: float | None) -> str:
    """
    >>> percent_change(20.0, 25.0), percent_change(0.0, 3.0)
    ('+25 %', '–')
    """
    if not before or after is None:
        return "–"
    share = 100 * (after - before) / before
    return f"{share:+.0f} %" if abs(share) >= 10 else f"{share:+.1f} %"


def signed(value: float | None, unit: str) -> str:
    """
    >>> signed(1.5, "ml"), signed(-20.0, "ha")
    ('+1.50 ml', '−20.0 ha')
    """
    if value is None:
        return "–"
    sign = "+" if value > 0 else "−" if value < 0 else "±"
    return sign + quantity(abs(value), unit)


def count_of(row: Mapping[str, Any]) -> str:
    """The amount of a label: ml, ha, or pixels where the scene says no CRS."""
    amount = row["count"] if row["amount"] is None else row["amount"]
    return quantity(amount, row["unit"])


def shown_date(visit: Visit) -> str:
    """The date, where the visit's name does not hold it already."""
    return "" if not visit.when or visit.name.startswith(str(visit.when.year)) else str(visit.when)


def visit_title(visit: Visit) -> str:
    """``Baseline · 2021-05-02``; a visit named by its date or year is called that alone."""
    parts = [visit.name, shown_date(visit), "reference" if visit.reference else ""]
    return " · ".join(part for part in parts if part)


def visits_of(case: Case) -> str:
    """``2 visits`` of a patient, ``5 dates`` of a place."""
    return plural(len(case.visits), "visit" if case.world == "volume" else "date")


def swatch(color: str) -> str:
    return f'<span class="sv-swatch" style="background:{escape(color)}"></span>'


def code(text: str) -> str:
    """HTML of a sentence with commands in backticks.

    >>> code("run `segviz demo` & wait")
    'run <code>segviz demo</code> &amp; wait'
    """
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(text))


def plain(text: str) -> str:
    r"""Text of a user with Markdown's signs taken literally.

    >>> print(plain("**[x](y)**"))
    \*\*\[x\]\(y\)\*\*
    """
    return "".join("\\" + sign if sign in r"\`*_{}[]<>()#+-.!|:$~" else sign for sign in text)
