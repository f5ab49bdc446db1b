"""A report as one HTML file that needs nothing else: styles, plots and pictures are inside it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby
from typing import Any

from segviz.findings.blocks import Block, Check, Picture, Plot, Table, Text
from segviz.report import figures
from segviz.report.document import MARKS, NOTICE, Document, Section, numeric_columns, shown

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""No script, and nothing from elsewhere."""

STYLE = """
:root { color-scheme: light dark; --ink: #1c2529; --paper: #fff; --line: #1c252929; --soft: #1c2529aa; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e3e8ea; --paper: #14191c; --line: #e3e8ea29; --soft: #e3e8eaaa; }
}
@page { size: A4; margin: 12mm 13mm; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem; max-width: 62rem; background: var(--paper); color: var(--ink);
  font: 0.875rem/1.4 system-ui, "DejaVu Sans", sans-serif; }
h1 { font-size: 1.4rem; margin: 0 0 0.2rem; overflow-wrap: anywhere; }
h2 { font-size: 1rem; margin: 1.4rem 0 0.4rem; padding-bottom: 0.2rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 0.875rem; margin: 1.1rem 0 0.2rem; }
h4 { font-size: 0.8rem; margin: 0.9rem 0 0.2rem; }
p { margin: 0.3rem 0; }
.soft, .note, figcaption { color: var(--soft); font-size: 0.78rem; }
.notice { border: 1px solid #c99300; border-radius: 4px; padding: 0 0.4rem; font-size: 0.78rem; }
.warning { border-left: 3px solid #D55E00; padding-left: 0.6rem; }
.row { display: flex; flex-wrap: wrap; gap: 1rem; align-items: flex-start; }
figure { margin: 0.4rem 0; flex: 1 1 11rem; max-width: 20rem; break-inside: avoid; }
figure.plot { flex-basis: 22rem; max-width: 30rem; }
figure img, figure svg { display: block; width: 100%; height: auto; border-radius: 4px; }
svg text { font-family: system-ui, "DejaVu Sans", sans-serif !important; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: 0.8rem; }
th, td { text-align: left; padding: 0.2rem 0.9rem 0.2rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; overflow-wrap: break-word; }
th:last-child, td:last-child { padding-right: 0; }
th { font-weight: 600; color: var(--soft); vertical-align: bottom; }
.number { text-align: right; white-space: nowrap; }
tr { break-inside: avoid; }
ul { list-style: none; margin: 0.3rem 0; padding: 0; }
li b { display: inline-block; min-width: 1.2rem; }
.passed b { color: #009E73; } .warned b { color: #E69F00; } .failed b { color: #D55E00; }
footer { margin-top: 1.6rem; padding-top: 0.4rem; border-top: 1px solid var(--line); }
@media print {
  :root { --ink: #000; --paper: #fff; --line: #0003; --soft: #000a; color-scheme: light; }
  body { padding: 0; max-width: none; font-size: 8.5pt; }
}
"""  # noqa: E501


def html(document: Document) -> str:
    """The whole file."""
    notice = f' <span class="notice">{escape(document.notice)}</span>' if document.notice else ""
    facts = " · ".join(f"{escape(name)}: {escape(value)}" for name, value in document.facts)
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            f"<title>{escape(document.title)}</title><style>{STYLE}</style></head><body>",
            f'<h1>{escape(document.title)}{notice}</h1><p class="soft">{facts}</p>',
            *(_section(section) for section in document.sections),
            f'<footer class="soft"><p>{escape(document.versions_line)}</p>'
            f"<p><b>{NOTICE}</b> · {escape(document.foot.removeprefix(NOTICE + ' · '))}</p>"
            "</footer></body></html>\n",
        ]
    )


def _section(section: Section) -> str:
    groups = groupby(section.blocks, key=_together)
    inside = "".join(_group(kind, list(blocks)) for kind, blocks in groups)
    return f"<section><h2>{escape(section.title)}</h2>{inside}</section>"


def _together(block: Block) -> str:
    """Blocks of one kind that follow each other stand side by side, or in one list."""
    match block:
        case Picture() | Plot():
            return "row"
        case Check():
            return "list"
    return ""


def _group(kind: str, blocks: Sequence[Block]) -> str:
    inside = "".join(_block(block) for block in blocks)
    return {"row": f'<div class="row">{inside}</div>', "list": f"<ul>{inside}</ul>"}.get(
        kind, inside
    )


def _block(block: Block) -> str:
    match block:
        case Text(text, "heading"):
            return f"<h3>{escape(text)}</h3>"
        case Text(text, tone):
            return f'<p class="{tone}">{escape(text)}</p>'
        case Table():
            return _table(block)
        case Plot():
            return f'<figure class="plot">{figures.svg(block)}</figure>'
        case Picture(title, png):
            source = f"data:image/png;base64,{b64encode(png).decode()}"
            return (
                f'<figure><img src="{source}" alt="{escape(title)}">'
                f"<figcaption>{escape(title)}</figcaption></figure>"
            )
        case Check(name, outcome, why):
            return (
                f'<li class="{outcome}"><b>{MARKS[outcome]}</b>{escape(name)}: {outcome}. '
                f"{escape(why)}</li>"
            )


def _table(table: Table) -> str:
    numeric = numeric_columns(table.rows) if table.rows else [False] * len(table.columns)
    rows = [
        _row("th", table.columns, numeric),
        *(_row("td", row, numeric) for row in table.rows),
    ]
    note = f'<p class="note">{escape(table.note)}</p>' if table.note else ""
    head, *body = rows
    return (
        f'<h4>{escape(table.title)}</h4><div class="wide"><table><thead>{head}</thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>{note}"
    )


def _row(tag: str, cells: Sequence[Any], numeric: Sequence[bool]) -> str:
    def told() -> Iterator[str]:
        for cell, right in zip(cells, numeric, strict=True):
            side = ' class="number"' if right else ""
            yield f"<{tag}{side}>{escape(shown(cell))}</{tag}>"

    return f"<tr>{''.join(told())}</tr>"
