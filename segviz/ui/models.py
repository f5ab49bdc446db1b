"""The cards of the models: what each is for, how good it was found to be, where it fails."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import streamlit as st

from segviz.inference import catalog, pictures
from segviz.inference.catalog import Card
from segviz.inference.pictures import Picture
from segviz.store import Store
from segviz.ui import frame, links, words

KINDS = {"volume": "medical volumes", "scene": "satellite scenes", "both": "volumes and scenes"}
METHODS = {
    "network": "network",
    "pixels": "pixel classifier",
    "kmeans": "clustering",
    "otsu": "threshold",
}
SHOWN = {"example": "At work", "failure": "Where it fails"}

FEW = 3
"""Rows of one measure that are shown at once; more of them, as one for each patient, unfold."""

MANY = 6
"""Such rows that are shown at once where nothing sums them up."""

SUMMARIES = ("mean", "median", "all", "pooled")
"""How the data of a row begin that stands for the others."""

Row = dict[str, Any]


def cards(store: Store) -> None:
    found = catalog.models(store.settings)
    shipped = [card for card in found if card.case is None]
    if not shipped:
        frame.empty("No models", "Put a model's folder into the models folder of the server.")
        return
    world = st.segmented_control(
        "Show", list(words.WORLDS), default="all", required=True, label_visibility="collapsed"
    )
    wanted = words.WORLDS[world or "all"]
    for shown in shipped:
        if wanted in (None, shown.kind) or shown.kind == "both":
            st.html(card(store, shown))
    learnt = len(found) - len(shipped)
    if learnt:
        are = "is" if learnt == 1 else "are"
        st.html(
            f'<p class="sv-soft">{words.plural(learnt, "model")} learnt from strokes {are} '
            "offered in Review of the case that it belongs to.</p>"
        )


def card(store: Store, shown: Card) -> str:
    """The whole card; what few people look for unfolds."""
    album = pictures.of(pictures.folder_of(store.settings, shown))
    return (
        f'<article class="sv-model{" sv-plainly" if not album else ""}">'
        f"<header>{about(shown)}</header>"
        f"{gallery(store, shown, album)}"
        f'<div class="sv-results">{results(shown.metrics)}</div>'
        f'<div class="sv-fails">{fails(shown)}{made_from(shown)}</div>'
        "</article>"
    )


def about(shown: Card) -> str:
    return (
        f'<p class="sv-title">{escape(shown.title)}</p>'
        f'<p class="sv-soft">{escape(shown.name)} {escape(shown.version)} · '
        f"{METHODS[shown.method]} for {KINDS[shown.kind]} · {escape(shown.licence)}</p>"
        f"{waiting(shown)}"
        f'<p class="sv-cell">{escape(shown.intended_use)}</p>'
        f"{legend(shown)}"
    )


def waiting(shown: Card) -> str:
    """How weights that are not here yet are fetched."""
    return f'<p class="sv-missing">{words.code(shown.waiting)}</p>' if shown.waiting else ""


def legend(shown: Card) -> str:
    labels = "".join(
        f"<span>{words.swatch(label.color)}{escape(label.name)}</span>" for label in shown.legend
    )
    return f'<p class="sv-legend">{labels}</p>'


def gallery(store: Store, shown: Card, album: Iterable[Picture]) -> str:
    figures = "".join(
        f'<figure class="sv-{picture.kind}">'
        f'<img loading="lazy" alt="{escape(picture.caption)}" width="{picture.width}" '
        f'height="{picture.height}" src="{links.model_picture(store, shown, picture)}">'
        f"<figcaption><b>{SHOWN[picture.kind]}</b> {escape(picture.caption)} "
        f"<small>{escape(picture.credit)}.</small></figcaption></figure>"
        for picture in album
    )
    return f'<div class="sv-gallery">{figures}</div>' if figures else ""


def fails(shown: Card) -> str:
    if not shown.examples:
        return ""
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in shown.examples)
    return heading("When not to trust it") + f'<ul class="sv-list">{items}</ul>'


def made_from(shown: Card) -> str:
    lines = [shown.metadata.get("data_source"), *shown.metadata.get("references", ())]
    text = "".join(f'<p class="sv-note">{escape(str(line))}</p>' for line in lines if line)
    return unfold("Made from", text) if text else ""


def results(metrics: Sequence[Row]) -> str:
    """Tables of what was measured; rows by patient, fold or scene unfold."""
    if not metrics:
        return ""
    summary, single = split(metrics)
    shown = "".join(table(rows) for rows in alike(summary))
    if not summary:
        shown, single = "".join(lines(rows) for rows in alike(single[:MANY])), single[MANY:]
    folded = "".join(lines(rows) for rows in alike(single))
    if folded:
        title = f"One by one: {words.plural(len(single), 'row')}"
        shown += unfold(title, folded)
    return heading("How good it was found to be") + shown


def split(metrics: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """Rows that sum up, and rows of single patients, folds or scenes."""
    single = []
    for same in alike(metrics, by_measure=True):
        rows = [row for row in same if not row["data"].lower().startswith(SUMMARIES)]
        single += rows if len(rows) > FEW else []
    return [row for row in metrics if row not in single], single


def alike(rows: Iterable[Row], by_measure: bool = False) -> list[list[Row]]:
    """Rows with values of the same names together, in the order of their first."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        key = (*row["values"], row["measure"] if by_measure else "")
        groups.setdefault(key, []).append(row)
    return list(groups.values())


def table(rows: Sequence[Row]) -> str:
    """Rows with the same names; many names of few rows stand below each other."""
    names = list(rows[0]["values"])
    return columns(rows, names) if len(names) > max(len(rows), FEW) else lines(rows)


def lines(rows: Sequence[Row]) -> str:
    """A line for each row, a column for each name; what all have in common stands above."""
    measures = {row["measure"] for row in rows}
    data = {row["data"] for row in rows}
    head = "".join(f"<th>{escape(str(name))}</th>" for name in rows[0]["values"])
    body = "".join(
        f"<tr><td>{escape(title(row, len(measures) == 1, len(data) == 1))}</td>"
        + "".join(
            f"<td>{number(value, coarse(r['values'][name] for r in rows))}</td>"
            for name, value in row["values"].items()
        )
        + "</tr>"
        for row in rows
    )
    caption = measures.pop() if len(measures) == 1 else data.pop() if len(data) == 1 else ""
    return framed(caption, f"<th></th>{head}", body)


def title(row: Row, one_measure: bool, one_data: bool) -> str:
    """What tells a row from the others of its table."""
    if one_measure:
        return str(row["data"])
    return str(row["measure"]) if one_data else f"{row['measure']}, {row['data']}"


def columns(rows: Sequence[Row], names: Sequence[str]) -> str:
    """A line for each name, a column for each row; what they were measured on is noted below."""
    data = list(dict.fromkeys(str(row["data"]) for row in rows))
    marks = {text: f"<sup>{n}</sup>" if len(data) > 1 else "" for n, text in enumerate(data, 1)}
    head = "".join(
        f"<th>{escape(str(row['measure']))}{marks[str(row['data'])]}</th>" for row in rows
    )
    body = "".join(
        f"<tr><td>{escape(str(name))}</td>"
        + "".join(f"<td>{number(row['values'][name])}</td>" for row in rows)
        + "</tr>"
        for name in names
    )
    notes = "".join(f'<p class="sv-note">{marks[text]} {escape(text)}</p>' for text in data)
    return framed("", f"<th></th>{head}", body) + notes


def framed(caption: str, head: str, body: str) -> str:
    note = f'<p class="sv-note">{escape(str(caption))}</p>' if caption else ""
    return (
        f'{note}<div class="sv-scroll"><table class="sv-table"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def heading(text: str) -> str:
    return f'<h4 class="sv-heading">{escape(text)}</h4>'


def unfold(title: str, content: str) -> str:
    return f'<details class="sv-more"><summary>{escape(title)}</summary>{content}</details>'


def coarse(values: Iterable[Any]) -> bool:
    """Whether one decimal is enough: some of what stands together is 10 or more."""
    return any(isinstance(value, float) and abs(value) >= 10 for value in values)


def number(value: Any, one_decimal: bool = False) -> str:
    """Three digits are what these measures can be told to.

    >>> number(0.8481), number(17.54), number(1204), number(None), number(-3.041, True)
    ('0.848', '17.5', '1,204', '–', '-3.0')
    """
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return escape(str(value))
    if float(value).is_integer() and abs(value) >= 2:
        return f"{value:,.0f}"
    return f"{value:.3f}" if abs(value) < 10 and not one_decimal else f"{value:,.1f}"
