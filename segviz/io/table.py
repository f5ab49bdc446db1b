"""Numbers as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from segviz.io.atomic import write_bytes

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def write_csv(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Write rows under the names of their keys, in the order they first appear; None is empty."""
    write_bytes(path, csv_text(rows).encode("utf-8"))


def csv_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """The same as text."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="")
    writer.writeheader()
    writer.writerows({key: _cell(value) for key, value in row.items()} for row in rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    """Text that a spreadsheet would run as a formula is marked as text (OWASP, CSV injection)."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value
