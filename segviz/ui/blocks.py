"""Blocks of findings as HTML of the pages."""

from __future__ import annotations

from html import escape
from typing import Any

from segviz.findings.blocks import Table, Text

MARKS = {"passed": "✓", "warned": "!", "failed": "✕"}


def text(block: Text) -> str:
    if block.tone == "warning":
        return f'<p class="sv-missing">{escape(block.text)}</p>'
    tone = "sv-note" if block.tone == "note" else "sv-cell"
    return f'<p class="{tone}">{escape(block.text)}</p>'


def table(block: Table) -> str:
    """Its note stands below it; a last row named ``Sum`` is set apart."""
    head = "".join(f"<th>{escape(column)}</th>" for column in block.columns)
    body = "".join(
        f"<tr{' class=sum' if row[0] == 'Sum' else ''}>"
        + "".join(f"<td>{escape(cell(value))}</td>" for value in row)
        + "</tr>"
        for row in block.rows
    )
    note = f'<p class="sv-note">{escape(block.note)}</p>' if block.note else ""
    return (
        f'<div class="sv-scroll"><table class="sv-table"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>{note}"
    )


def cell(value: Any) -> str:
    """
    >>> cell(None), cell(1234), cell(21157.76), cell(0.42), cell("forest")
    ('–', '1,234', '21,157.8', '0.42', 'forest')
    """
    if value is None:
        return "–"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.1f}" if abs(value) >= 1 or value == 0 else f"{value:.2f}"
    return str(value)
