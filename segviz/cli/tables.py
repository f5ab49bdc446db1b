"""What a command prints: JSON for programs, aligned columns for people."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import click

HEADINGS = {
    "label": "label",
    "name": "name",
    "voxels": "voxels",
    "pixels": "pixels",
    "volume_ml": "volume (ml)",
    "area_ha": "area (ha)",
    "share": "share",
    "components": "parts",
    "longest_diameter_mm": "longest (mm)",
    "perpendicular_diameter_mm": "across (mm)",
    "dice": "Dice",
    "iou": "IoU",
    "f1": "F1",
    "precision": "precision",
    "recall": "recall",
    "hd95_mm": "HD95 (mm)",
    "assd_mm": "ASSD (mm)",
    "hd_mm": "HD (mm)",
    "nsd_1mm": "NSD at 1 mm",
    "nsd": "NSD",
    "tolerance_mm": "at (mm)",
    "difference_ml": "difference (ml)",
    "difference_percent": "difference (%)",
    "why": "why not",
}
"""Keys of our JSON and what people call them, in the order of the columns."""


def print_json(value: Any) -> None:
    """One JSON document; a number that does not exist is null, never NaN."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False, default=str))


def print_table(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Columns with two spaces between them; numbers to the right.

    Args:
        headings: with the unit, e.g. ``"volume (ml)"``.
    """
    kept = [list(row) for row in rows]
    cells = [[text(cell) for cell in row] for row in kept]
    numeric = [
        any(isinstance(row[n], int | float) for row in kept)
        and not any(isinstance(row[n], str) for row in kept)
        for n in range(len(headings))
    ]
    widths = [max(map(len, column)) for column in zip(headings, *cells, strict=True)]
    for line in (list(headings), *cells):
        padded = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, numeric, strict=True)
        ]
        click.echo("  ".join(padded).rstrip())


def text(cell: Any) -> str:
    """A cell as people read it: counts with separators, measures to what they are good for.

    >>> text(1234567), text(17.50049), text(0.00042), text(None), text(True)
    ('1,234,567', '17.500', '0.00042', '-', 'yes')
    """
    match cell:
        case None:
            return "-"
        case bool():
            return "yes" if cell else "no"
        case int():
            return f"{cell:,}"
        case float():
            return f"{cell:,.3f}" if cell == 0 or abs(cell) >= 0.001 else f"{cell:.2g}"
    return str(cell)


def print_records(records: list[dict[str, Any]]) -> None:
    """A table of the keys that have a heading."""
    keys = [key for key in HEADINGS if any(key in record for record in records)]
    print_table(
        [HEADINGS[key] for key in keys], [[record.get(key) for key in keys] for record in records]
    )
